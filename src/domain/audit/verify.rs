//! Verifying the trail against its seals.
//!
//! Whoever can write to the database as its superuser can also write new seals. So the hash of each partition's last
//! seal is shown, to be kept elsewhere: a chain that was forged does not have it any more.

use super::partitions::{Partition, PartitionState};
use super::seal::{self, Seal, Upto};
use crate::db::sql;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult};

/// Seals that are read at once.
const PAGE: i32 = 1000;

/// What is wrong with a partition, at the first place where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The rows are not those that were sealed.
    Rows {
        /// The seal.
        seal: i32,
        /// Behind this row (of this transaction) ...
        after: (i64, i64),
        /// ... and up to this one.
        upto: (i64, i64),
        /// How many rows were sealed.
        sealed: i64,
        /// How many there are.
        found: i64,
    },
    /// This seal is not there, though later ones are.
    Seal(i32),
    /// The table is gone, and was never taken out of the trail.
    Table,
    /// No seal has the hash that was kept elsewhere.
    Head,
}

/// What is known of one partition.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its table.
    pub partition: String,
    /// Where its rows are.
    pub state: PartitionState,
    /// Rows that were compared with their seals, and agree.
    pub rows: i64,
    /// Seals that agree.
    pub seals: i32,
    /// Rows behind the last seal, which nothing is known of yet.
    pub unsealed: i64,
    /// The hash of the last seal that agrees.
    pub head: Option<Vec<u8>>,
    /// What is wrong, if anything is.
    pub fault: Option<Fault>,
}

/// Compares the rows of a partition with its seals. `kept` are hashes that were shown earlier for it: each must still
/// be in the chain.
pub async fn verify(db: &DatabaseConnection, partition: &Partition, kept: &[Vec<u8>]) -> Result<Verdict> {
    let mut verdict = Verdict {
        partition: partition.name.clone(),
        state: partition.state,
        rows: 0,
        seals: 0,
        unsealed: 0,
        head: None,
        fault: None,
    };
    match partition.state {
        PartitionState::Missing => verdict.fault = Some(Fault::Table),
        PartitionState::Dropped => {}
        PartitionState::Attached | PartitionState::Detached => {
            follow(db, &mut verdict, kept.to_vec()).await?
        }
    }
    Ok(verdict)
}

async fn follow(db: &DatabaseConnection, verdict: &mut Verdict, mut kept: Vec<Vec<u8>>) -> Result<()> {
    let partition = verdict.partition.clone();
    let mut before = Seal::origin(&partition);
    loop {
        let seals = page(db, &partition, before.seq).await?;
        for seal in &seals {
            if seal.seq != before.seq + 1 {
                verdict.fault = Some(Fault::Seal(before.seq + 1));
                return Ok(());
            }
            let upto = (seal.last_xid, seal.last_id);
            let found = seal::block(db, &partition, &before, Upto::Row(upto.0, upto.1)).await?;
            if (found.row_count, &found.hash) != (seal.row_count, &seal.hash) {
                verdict.fault = Some(Fault::Rows {
                    seal: seal.seq,
                    after: (before.last_xid, before.last_id),
                    upto,
                    sealed: seal.row_count,
                    found: found.row_count,
                });
                return Ok(());
            }
            verdict.rows += seal.row_count;
            verdict.seals = seal.seq;
            verdict.head = Some(seal.hash.clone());
            kept.retain(|hash| *hash != seal.hash);
            before = seal.clone();
        }
        if seals.len() < PAGE as usize {
            break;
        }
    }
    if !kept.is_empty() {
        verdict.fault = Some(Fault::Head);
    }
    verdict.unsealed = behind(db, &partition, &before).await?;
    Ok(())
}

async fn page(db: &DatabaseConnection, partition: &str, after: i32) -> Result<Vec<Seal>> {
    let page = "SELECT seq, last_xid::text::bigint AS last_xid, last_id, row_count, hash FROM tag_audit_seals
         WHERE partition = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    sql::rows(db, page, [partition.into(), after.into(), PAGE.into()]).await
}

async fn behind(db: &DatabaseConnection, partition: &str, seal: &Seal) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct Row {
        count: i64,
    }
    let count = format!("SELECT count(*) FROM {partition} WHERE (xid, id) > ($1::text::xid8, $2)");
    let binds = [seal.last_xid.to_string().into(), seal.last_id.into()];
    let row: Option<Row> = sql::row(db, &count, binds).await?;
    Ok(row.map_or(0, |row| row.count))
}
