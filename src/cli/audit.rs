//! `audit`: verifies the audit trail, and takes old months out of it.

use super::flags::DatabaseFlags;
use super::output::say;
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::config::Config;
use crate::domain::audit::partitions::{self, PartitionState};
use crate::domain::audit::verify::{PartitionVerification, SealFault, verify};
use crate::domain::audit::{Month, seal};
use crate::error::Error;
use anyhow::Context;
use chrono::Utc;
use clap::Subcommand;
use sea_orm::DatabaseConnection;
use serde_json::json;
use std::process::ExitCode;

/// Actions on the audit trail.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Compare the trail with its seals; exit code 1 when something was changed, taken away or put in
    Verify {
        /// Only this month, like 2026-01
        #[arg(long, value_name = "MONTH")]
        month: Option<Month>,
        /// A hash that was shown earlier and kept elsewhere, which must still be in the chain: 2026-01=HASH
        #[arg(long, value_name = "MONTH=HASH", value_parser = expectation)]
        expect: Vec<(Month, Vec<u8>)>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Take whole months out of the trail; each stays as a table of its own, nothing is deleted
    Detach {
        /// The first month that stays, like 2026-01
        #[arg(long, value_name = "MONTH")]
        before: Month,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Put a month back that was taken out
    Attach {
        /// The month, like 2026-01
        month: Month,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

impl Audit {
    pub fn database(&self) -> &DatabaseFlags {
        match self {
            Self::Verify { database, .. } | Self::Detach { database, .. } | Self::Attach { database, .. } => {
                database
            }
        }
    }
}

/// Runs the command on a database that is opened and closed around it.
pub async fn run(what: Audit, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    with_database(&config, &interrupt, async |database| {
        run_on(what, &database.pools.all).await
    })
    .await
}

async fn run_on(what: Audit, db: &DatabaseConnection) -> anyhow::Result<ExitCode> {
    match what {
        Audit::Verify {
            month, expect, json, ..
        } => verify_all(db, month, &expect, json).await,
        Audit::Detach { before, .. } => {
            // A partition that leaves is sealed to its end.
            seal::seal(db, None).await?;
            let months = partitions::detach(db, before, Utc::now())
                .await
                .map_err(describe_error)?;
            if months.is_empty() {
                say(&format!("nothing before {before} is in the trail"));
            }
            for month in months {
                let table = month.partition();
                say(&format!(
                    "{month} is out of the trail, in the table {table}. Dump it: pg_dump -t {table}; \
                     delete it: DROP TABLE {table}; put it back: virtual-tagging audit attach {month}"
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        Audit::Attach { month, .. } => {
            partitions::attach(db, month).await.map_err(describe_error)?;
            say(&format!("{month} is in the trail again"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn describe_error(error: Error) -> anyhow::Error {
    anyhow::Error::new(error)
}

async fn verify_all(
    db: &DatabaseConnection,
    month: Option<Month>,
    expect: &[(Month, Vec<u8>)],
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut partitions = partitions::all(db).await?;
    if let Some(month) = month {
        partitions.retain(|partition| partition.name == month.partition());
        anyhow::ensure!(!partitions.is_empty(), "there is no {}", month.partition());
    }
    let mut faults = 0;
    for (month, _) in expect {
        let known = partitions
            .iter()
            .any(|partition| partition.name == month.partition());
        anyhow::ensure!(known, "there is no {} to have the hash", month.partition());
    }
    for partition in &partitions {
        let kept: Vec<_> = expect
            .iter()
            .filter(|(month, _)| month.partition() == partition.name)
            .map(|(_, hash)| hash.clone())
            .collect();
        let verdict = verify(db, partition, &kept)
            .await
            .with_context(|| partition.name.clone())?;
        faults += usize::from(verdict.fault.is_some());
        say(&if json {
            as_json(&verdict)
        } else {
            as_text(&verdict)
        });
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn state_name(state: PartitionState) -> &'static str {
    match state {
        PartitionState::Attached => "attached",
        PartitionState::Detached => "detached",
        PartitionState::Dropped => "dropped",
        PartitionState::Missing => "missing",
    }
}

fn explain(fault: &SealFault) -> String {
    match fault {
        SealFault::Rows {
            seal,
            after,
            upto,
            sealed,
            found,
        } => {
            let what = match found - sealed {
                0 => "a row was changed or replaced".to_owned(),
                more if more > 0 => format!("{more} rows more than were sealed"),
                fewer => format!("{} rows are gone", -fewer),
            };
            format!(
                "seal {seal} does not fit: {what}, between (xid, id) = {after:?} and {upto:?} ({sealed} rows sealed)"
            )
        }
        SealFault::Seal(seq) => format!("seal {seq} is gone"),
        SealFault::Table => "the table is gone, and was not detached".into(),
        SealFault::Head => "the chain does not have the hash that was expected".into(),
    }
}

fn as_text(verdict: &PartitionVerification) -> String {
    let head = verdict.head.as_deref().map_or_else(|| "-".into(), hex::encode);
    let state = verdict.fault.as_ref().map_or_else(
        || "intact".to_owned(),
        |fault| format!("NOT INTACT: {}", explain(fault)),
    );
    format!(
        "{}  {}  rows {}  seals {}  not sealed {}  head {head}  {state}",
        verdict.partition,
        state_name(verdict.state),
        verdict.rows,
        verdict.seals,
        verdict.unsealed
    )
}

fn as_json(verdict: &PartitionVerification) -> String {
    json!({
        "partition": verdict.partition,
        "place": state_name(verdict.state),
        "rows": verdict.rows,
        "seals": verdict.seals,
        "unsealed": verdict.unsealed,
        "head": verdict.head.as_deref().map(hex::encode),
        "intact": verdict.fault.is_none(),
        "fault": verdict.fault.as_ref().map(explain),
    })
    .to_string()
}

/// `2026-01=<64 hexadecimal digits>`.
fn expectation(text: &str) -> Result<(Month, Vec<u8>), String> {
    let (month, hash) = text.split_once('=').ok_or("must be MONTH=HASH")?;
    match hex::decode(hash) {
        Ok(bytes) if bytes.len() == 32 => Ok((month.parse()?, bytes)),
        _ => Err("the hash must be 64 hexadecimal digits".into()),
    }
}
