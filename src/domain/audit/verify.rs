//! Verification of the trail against its seals.
//!
//! A superuser of the database can write new seals, too. So the hash of each partition's last seal is shown, to be kept
//! elsewhere: a forged chain no longer contains it.

use super::partitions::{Partition, PartitionState};
use super::seal::{self, Seal, Upto};
use crate::db::sql;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult};

/// Seals that are read at once.
const PAGE: i32 = 1000;

/// First fault of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealFault {
    /// The rows are not those that were sealed.
    Rows {
        /// Number of the seal.
        seal: i32,
        /// Row (transaction and id) behind which the sealed rows begin.
        after: (i64, i64),
        /// Last of the sealed rows.
        upto: (i64, i64),
        /// Number of rows that were sealed.
        sealed: i64,
        /// Number of rows that exist.
        found: i64,
    },
    /// This seal is missing, though later ones exist.
    Seal(i32),
    /// The table does not exist, and was never detached.
    Table,
    /// No seal has the hash that was kept elsewhere.
    Head,
}

/// Result of the verification of a partition.
#[derive(Clone, Debug)]
pub struct PartitionVerification {
    /// Name of the table.
    pub partition: String,
    pub state: PartitionState,
    /// Rows that agree with their seals.
    pub rows: i64,
    /// Seals that agree with their rows.
    pub seals: i32,
    /// Rows behind the last seal, which cannot be verified yet.
    pub unsealed: i64,
    /// Hash of the last seal that agrees.
    pub head: Option<Vec<u8>>,
    /// First fault, if any.
    pub fault: Option<SealFault>,
}

/// Compares the rows of a partition with its seals. `kept` are hashes that were shown earlier for it: each must still
/// be in the chain.
pub async fn verify(
    db: &DatabaseConnection,
    partition: &Partition,
    kept: &[Vec<u8>],
) -> Result<PartitionVerification> {
    let mut verification = PartitionVerification {
        partition: partition.name.clone(),
        state: partition.state,
        rows: 0,
        seals: 0,
        unsealed: 0,
        head: None,
        fault: None,
    };
    match partition.state {
        PartitionState::Missing => verification.fault = Some(SealFault::Table),
        PartitionState::Dropped => {}
        PartitionState::Attached | PartitionState::Detached => {
            verify_chain(db, &mut verification, kept.to_vec()).await?;
        }
    }
    Ok(verification)
}

async fn verify_chain(
    db: &DatabaseConnection,
    verification: &mut PartitionVerification,
    mut kept: Vec<Vec<u8>>,
) -> Result<()> {
    let partition = verification.partition.clone();
    let mut before = Seal::origin(&partition);
    loop {
        let seals = page(db, &partition, before.seq).await?;
        for seal in &seals {
            if seal.seq != before.seq + 1 {
                verification.fault = Some(SealFault::Seal(before.seq + 1));
                return Ok(());
            }
            let upto = (seal.last_xid, seal.last_id);
            let found = seal::block(db, &partition, &before, Upto::Row(upto.0, upto.1)).await?;
            if (found.row_count, &found.hash) != (seal.row_count, &seal.hash) {
                verification.fault = Some(SealFault::Rows {
                    seal: seal.seq,
                    after: (before.last_xid, before.last_id),
                    upto,
                    sealed: seal.row_count,
                    found: found.row_count,
                });
                return Ok(());
            }
            verification.rows += seal.row_count;
            verification.seals = seal.seq;
            verification.head = Some(seal.hash.clone());
            kept.retain(|hash| *hash != seal.hash);
            before = seal.clone();
        }
        if seals.len() < PAGE as usize {
            break;
        }
    }
    if !kept.is_empty() {
        verification.fault = Some(SealFault::Head);
    }
    verification.unsealed = count_unsealed(db, &partition, &before).await?;
    Ok(())
}

async fn page(db: &DatabaseConnection, partition: &str, after: i32) -> Result<Vec<Seal>> {
    let page = "SELECT seq, last_xid::text::bigint AS last_xid, last_id, row_count, hash FROM tag_audit_seals
         WHERE partition = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    sql::rows(db, page, [partition.into(), after.into(), PAGE.into()]).await
}

async fn count_unsealed(db: &DatabaseConnection, partition: &str, seal: &Seal) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct UnsealedCountRow {
        count: i64,
    }
    let count = format!("SELECT count(*) FROM {partition} WHERE (xid, id) > ($1::text::xid8, $2)");
    let binds = [seal.last_xid.to_string().into(), seal.last_id.into()];
    let row: Option<UnsealedCountRow> = sql::row(db, &count, binds).await?;
    Ok(row.map_or(0, |row| row.count))
}
