//! Seals: a chain of hashes over the rows of each partition, by which [`super::verify`] detects rows that were changed,
//! deleted or inserted afterwards.
//!
//! Rows commit in another order than their ids, so a seal covers ranges in which no row can appear any more: rows in the
//! order `(xid, id)` below the oldest running transaction, as [`crate::domain::events`] reads them. Writers of the trail
//! take no part in it.

use super::partitions::{self, PartitionState};
use crate::auth::Role;
use crate::db::{Begin, Transaction, sql};
use crate::entities::JobName;
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Job, Progress, RunHandle};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Maximum of rows that one seal covers.
const BLOCK: i64 = 10_000;

/// Text of a row that is hashed: every column, in a form that no setting of a session changes.
const ROW: &str = "ROW(id, xid, (extract(epoch FROM \"timestamp\") * 1000000)::bigint, resource_id, resource_ref, cloud,
    account_id, resource_type, virtual_tag_id, action, tag_key, old_value, new_value, old_status, new_status, source,
    encode(float8send(confidence), 'hex'), auto_applied, actor, reason, run_id)::text";

/// Link of the chain of a partition.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Seal {
    /// Number of the seal, from 1.
    pub seq: i32,
    /// Transaction of the last row that it covers.
    pub last_xid: i64,
    /// Id of the last row that it covers.
    pub last_id: i64,
    /// Number of rows that it covers.
    pub row_count: i64,
    /// Hash of these rows and all before them.
    pub hash: Vec<u8>,
}

impl Seal {
    /// Predecessor of the first seal of a partition.
    pub(super) fn origin(partition: &str) -> Self {
        Self {
            seq: 0,
            last_xid: 0,
            last_id: 0,
            row_count: 0,
            hash: Sha256::digest(partition.as_bytes()).to_vec(),
        }
    }
}

/// End of a block of rows.
#[derive(Clone, Copy)]
pub(super) enum Upto {
    /// Before this transaction, and after at most [`BLOCK`] rows.
    Xid(i64),
    /// With this row: its transaction and id.
    Row(i64, i64),
}

/// Computes the seal over the rows behind `before`; it covers none if there are none.
pub(super) async fn block(
    db: &impl ConnectionTrait,
    partition: &str,
    before: &Seal,
    upto: Upto,
) -> Result<Seal> {
    let (condition, xid, last) = match upto {
        Upto::Xid(xid) => ("xid < $4::text::xid8 AND $5::bigint IS NOT NULL", xid, 0),
        Upto::Row(xid, id) => ("(xid, id) <= ($4::text::xid8, $5)", xid, id),
    };
    let limit = match upto {
        Upto::Xid(_) => format!("LIMIT {BLOCK}"),
        Upto::Row(..) => String::new(),
    };
    let digest = format!(
        "WITH block AS MATERIALIZED (
             SELECT xid, id, sha256(convert_to({ROW}, 'UTF8')) AS hash FROM {partition}
              WHERE (xid, id) > ($1::text::xid8, $2) AND {condition} ORDER BY xid, id {limit}),
         last AS (SELECT xid, id FROM block ORDER BY xid DESC, id DESC LIMIT 1)
         SELECT $6::integer AS seq, coalesce((SELECT xid::text::bigint FROM last), 0) AS last_xid,
                coalesce((SELECT id FROM last), 0) AS last_id, count(*) AS row_count,
                sha256($3 || coalesce(string_agg(hash, ''::bytea ORDER BY xid, id), '')) AS hash FROM block"
    );
    let binds: [Value; 6] = [
        before.last_xid.to_string().into(),
        before.last_id.into(),
        before.hash.clone().into(),
        xid.to_string().into(),
        last.into(),
        (before.seq + 1).into(),
    ];
    let sealed = sql::row(db, &digest, binds).await?;
    sealed.ok_or_else(|| Error::internal("a count that gives no row"))
}

/// True if there are rows that can be sealed and are not.
pub async fn is_due(db: &impl ConnectionTrait) -> Result<bool> {
    let behind = "SELECT 1 FROM tag_audit
         WHERE (xid, id) > (SELECT coalesce(max(last.xid), '0'::text)::xid8, coalesce(max(last.id), 0)
                              FROM (SELECT last_xid::text AS xid, last_id AS id FROM tag_audit_seals
                                     ORDER BY last_xid DESC, last_id DESC LIMIT 1) last)
           AND xid < pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1";
    Ok(db.query_one_raw(sql::statement(behind, [])).await?.is_some())
}

/// The job that seals what was written to the audit trail since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealJob {}

#[async_trait::async_trait]
impl Job for SealJob {
    const NAME: JobName = JobName::Seal;
    const PRIORITY: i16 = 50;
    const TIME_LIMIT: Duration = Duration::from_hours(1);
    const ROLE: Role = Role::Admin;
    const CRON: Option<&'static str> = Some("* * * * *");

    type Context = DatabaseConnection;

    fn exclusive_key(&self) -> Option<String> {
        Some(self.singleton_key())
    }

    async fn is_due(txn: &Transaction) -> Result<bool> {
        is_due(txn).await
    }

    async fn run(self, db: &DatabaseConnection, run: &RunHandle) -> Result<()> {
        seal(db, Some(run)).await.map(drop)
    }
}

/// Seals all rows that can be sealed, block by block, and returns their number.
pub async fn seal(db: &DatabaseConnection, run: Option<&RunHandle>) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct OldestXidRow {
        xid: i64,
    }
    // One bound for all partitions: then rows behind the last seal of any partition are not sealed in any.
    let bound = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid";
    let bound: Option<OldestXidRow> = sql::row(db, bound, []).await?;
    let bound = bound.map_or(0, |row| row.xid);
    let mut sum = 0;
    for partition in partitions::all(db).await? {
        if partition.state != PartitionState::Attached {
            continue;
        }
        loop {
            let txn = db.begin().await?;
            let rows = seal_block(&txn, &partition.name, bound).await?;
            let progress = Progress {
                done_delta: rows,
                total: None,
                counts: [("rows_sealed", rows)].into(),
            };
            let flow = match run {
                Some(run) if rows > 0 => run.checkpoint(&txn, progress).await?,
                _ => ControlFlow::Continue,
            };
            txn.commit().await?;
            sum += rows;
            if flow == ControlFlow::Cancelled {
                return Ok(sum);
            }
            if rows < BLOCK {
                break;
            }
        }
    }
    Ok(sum)
}

async fn seal_block(txn: &Transaction, partition: &str, bound: i64) -> Result<i64> {
    // Two processes at the same time would seal the same rows; the second waits and finds the seal of the first.
    let alone = "SELECT pg_advisory_xact_lock(hashtext('tag_audit_seals'))";
    sql::execute(txn, alone, []).await?;
    let before = last(txn, partition).await?;
    let sealed = block(txn, partition, &before, Upto::Xid(bound)).await?;
    if sealed.row_count > 0 {
        sql::execute(
            txn,
            "INSERT INTO tag_audit_seals (partition, seq, last_xid, last_id, row_count, hash)
             VALUES ($1, $2, $3::text::xid8, $4, $5, $6)",
            [
                partition.into(),
                sealed.seq.into(),
                sealed.last_xid.to_string().into(),
                sealed.last_id.into(),
                sealed.row_count.into(),
                sealed.hash.into(),
            ],
        )
        .await?;
    }
    Ok(sealed.row_count)
}

/// Last seal of a partition, or the predecessor of its first one.
async fn last(db: &impl ConnectionTrait, partition: &str) -> Result<Seal> {
    let last = "SELECT seq, last_xid::text::bigint AS last_xid, last_id, row_count, hash FROM tag_audit_seals
         WHERE partition = $1 ORDER BY seq DESC LIMIT 1";
    let last = sql::row(db, last, [partition.into()]).await?;
    Ok(last.unwrap_or_else(|| Seal::origin(partition)))
}
