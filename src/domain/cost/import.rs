//! Import of bills: parts are staged, each in a transaction of its own, and take the place of the bills' earlier lines in one
//! last transaction. An import that breaks off changes nothing.

use super::bill_reader::BillPart;
use super::matching::{MATCHED, prepare_join};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, begin_on, sql};
use crate::domain::suggestions::{self, MineSuggestionsJob};
use crate::error::{Error, Result};
use crate::runs::{self, Progress, RunHandle};
use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

/// Staged rows from which on the planner is to look at them.
const ANALYZE_FROM: u64 = 1_000;

/// Import under way.
pub struct CostImport {
    db: DatabaseConnection,
    id: i64,
    rows: u64,
    rejected: u64,
}

/// Bill that was imported: a sum a currency.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ImportedBill {
    pub provider: String,
    pub billing_account_id: String,
    pub period_start: NaiveDate,
    pub currency: String,
    /// Exact decimal number, as all amounts.
    pub amount: String,
    /// Part of the amount that belongs to resources of the inventory.
    pub allocated: String,
    /// The rest.
    pub unallocated: String,
    /// Resources of the inventory that have cost.
    pub resources: i64,
}

/// Outcome of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedCost {
    /// Rows that were read, those that were refused included.
    pub rows: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Bills that the rows are of, whose earlier lines they replace.
    pub bills: Vec<ImportedBill>,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: i64,
}

/// Checks that the actor may import bills: [`Role::Approver`] or higher, with access to all accounts.
pub fn authorize(actor: &Actor) -> Result<()> {
    actor.require(Role::Approver)?;
    actor.require_all_accounts()
}

impl CostImport {
    /// Begins an import.
    pub async fn begin(db: &DatabaseConnection) -> Result<Self> {
        let begun: Option<IdRow> =
            sql::row(db, "INSERT INTO cost_imports DEFAULT VALUES RETURNING id", []).await?;
        let begun = begun.ok_or_else(|| Error::internal("the import was not stored"))?;
        Ok(Self {
            db: db.clone(),
            id: begun.id,
            rows: 0,
            rejected: 0,
        })
    }

    /// Stages a part.
    pub async fn stage(&mut self, part: BillPart) -> Result<()> {
        self.rows += part.rows;
        self.rejected += part.rejected;
        let rows = part.into_copy(self.id);
        if rows.is_empty() {
            return Ok(());
        }
        let pool = self.db.get_postgres_connection_pool().clone();
        // In a task of its own: a connection whose COPY is abandoned midway is unusable.
        let staged = tokio::spawn(async move {
            let mut txn = begin_on(&pool).await?;
            let mut copy = txn.copy_in_raw(COPY).await?;
            copy.send(rows.into_bytes()).await?;
            copy.finish().await?;
            Ok::<_, Error>(txn.commit().await?)
        });
        staged.await.map_err(Error::internal)?
    }

    /// Puts the rows in the place of what their bills had before. A run is checked to be held still, in the same transaction.
    ///
    /// [`Error::Validation`] if no row was taken: then nothing is changed.
    pub async fn finish(
        self,
        actor: &Actor,
        file_name: &str,
        run: Option<&RunHandle>,
    ) -> Result<ImportedCost> {
        authorize(actor)?;
        let taken = self.rows - self.rejected;
        if taken == 0 {
            self.abandon().await?;
            return Err(Error::invalid(
                "file",
                "has no row that can be taken; nothing was changed",
            ));
        }
        if taken >= ANALYZE_FROM {
            self.db.execute_unprepared("ANALYZE cost_staged_rows").await?;
        }
        let bills = self.bills().await?;
        let bill_count = bills.len() as i64;
        let txn = self.db.begin().await?;
        prepare_join(&txn).await?;
        self.replace(&txn, &bills, taken).await?;
        let mark =
            "UPDATE cost_bills SET import_id = $1, file_name = $2, imported_by = $3, imported_at = now()
                     WHERE id = ANY($4)";
        let binds = [
            self.id.into(),
            file_name.into(),
            actor.subject.clone().into(),
            bills.clone().into(),
        ];
        sql::execute(&txn, mark, binds).await?;
        suggestions::note_changes(&txn).await?;
        runs::request_within(&txn, &Actor::system("import_cost"), &MineSuggestionsJob {}).await?;
        self.forget(&txn).await?;
        let imported = ImportedCost {
            rows: self.rows,
            rejected: self.rejected,
            bills: sql::rows(&txn, SUMMARY, [bills.into()]).await?,
        };
        if let Some(run) = run {
            let counts = [
                ("rows", self.rows as i64),
                ("rejected", self.rejected as i64),
                ("bills", bill_count),
            ];
            let progress = Progress {
                done_delta: self.rows as i64,
                total: Some(self.rows as i64),
                counts: counts.into(),
            };
            // The bills are replaced even if the run is cancelled only now.
            let _flow = run.checkpoint(&txn, progress).await?;
        }
        txn.commit().await?;
        sql::analyze_after(&self.db, taken as i64, "cost_lines, cost_totals").await;
        Ok(imported)
    }

    /// Deletes what was staged.
    pub async fn abandon(self) -> Result<()> {
        self.forget(&self.db).await
    }

    /// Ids of the bills of the rows; those that are new are made, without lines.
    async fn bills(&self) -> Result<Vec<i64>> {
        let make = "INSERT INTO cost_bills (provider, billing_account_id, period_start)
             SELECT DISTINCT provider, billing_account_id, period_start FROM cost_staged_rows WHERE import_id = $1
             ON CONFLICT DO NOTHING";
        sql::execute(&self.db, make, [self.id.into()]).await?;
        let ids = "SELECT id FROM cost_bills WHERE (provider, billing_account_id, period_start) IN
             (SELECT provider, billing_account_id, period_start FROM cost_staged_rows WHERE import_id = $1)";
        let ids: Vec<IdRow> = sql::rows(&self.db, ids, [self.id.into()]).await?;
        Ok(ids.into_iter().map(|row| row.id).collect())
    }

    /// Replaces the lines of the bills. New ones come first: until then the transaction has no id of its own, which events
    /// would wait for while the rows are added up.
    async fn replace(&self, txn: &Transaction, bills: &[i64], taken: u64) -> Result<()> {
        #[derive(FromQueryResult)]
        struct RowCount {
            rows: Option<i64>,
        }
        let bills = bills.to_vec();
        sql::execute(txn, &format!("{ADD_UP} {MATCHED} {ADD}"), [self.id.into()]).await?;
        let gone = "DELETE FROM cost_lines WHERE bill_id = ANY($1) AND import_id <> $2";
        sql::execute(txn, gone, [bills.clone().into(), self.id.into()]).await?;
        let gone = "DELETE FROM cost_totals WHERE bill_id = ANY($1)";
        sql::execute(txn, gone, [bills.clone().into()]).await?;
        sql::execute(txn, TOTAL, [bills.clone().into()]).await?;
        let count = "SELECT sum(row_count)::bigint AS rows FROM cost_lines WHERE bill_id = ANY($1)";
        let counted: Option<RowCount> = sql::row(txn, count, [bills.into()]).await?;
        if counted.and_then(|counted| counted.rows) == Some(taken as i64) {
            return Ok(());
        }
        Err(Error::internal(
            "staged rows of a bill are missing; nothing was changed",
        ))
    }

    async fn forget(&self, db: &impl ConnectionTrait) -> Result<()> {
        for table in [
            "cost_staged_rows WHERE import_id = $1",
            "cost_imports WHERE id = $1",
        ] {
            sql::execute(db, &format!("DELETE FROM {table}"), [self.id.into()]).await?;
        }
        Ok(())
    }
}

/// Deletes what imports left that broke off more than a day ago; gives the number of imports.
pub async fn prune_staged(db: &DatabaseConnection) -> Result<u64> {
    let old = "DELETE FROM cost_imports WHERE started_at < now() - interval '1 day'";
    let imports = sql::execute(db, old, []).await?;
    let orphans = "DELETE FROM cost_staged_rows s
         WHERE NOT EXISTS (SELECT FROM cost_imports i WHERE i.id = s.import_id)";
    sql::execute(db, orphans, []).await?;
    Ok(imports)
}

const COPY: &str =
    "COPY cost_staged_rows (import_id, provider, billing_account_id, period_start, month, currency,
    account_id, region, service, billed_id, amount, row_count) FROM STDIN";

/// Staged rows (`$1` is the import) as lines, and what they name.
const ADD_UP: &str = "
    WITH lines AS MATERIALIZED (
        SELECT b.id AS bill_id, s.month, s.currency, s.account_id, s.region, s.service, s.billed_id,
               sum(s.amount) AS amount, sum(s.row_count)::bigint AS row_count
          FROM cost_staged_rows s JOIN cost_bills b USING (provider, billing_account_id, period_start)
         WHERE s.import_id = $1 GROUP BY 1, 2, 3, 4, 5, 6, 7),
    named AS MATERIALIZED (
        SELECT DISTINCT billed_id, account_id, coalesce(region, '') AS region FROM lines WHERE billed_id IS NOT NULL),";

const ADD: &str = "
    INSERT INTO cost_lines (bill_id, import_id, month, currency, account_id, region, service, billed_id, resource_id, amount,
        row_count)
    SELECT l.bill_id, $1, l.month, l.currency, l.account_id, l.region, l.service, l.billed_id, m.id, l.amount, l.row_count
      FROM lines l LEFT JOIN matched m
        ON m.billed_id = l.billed_id AND m.account_id = l.account_id AND m.region = coalesce(l.region, '')";

const TOTAL: &str = "
    INSERT INTO cost_totals (bill_id, account_id, month, currency, amount, is_complete)
    SELECT bill_id, account_id, month, currency, sum(amount), now() >= month + interval '1 month'
      FROM cost_lines WHERE bill_id = ANY($1) GROUP BY 1, 2, 3, 4";

const SUMMARY: &str = "
    SELECT b.provider, b.billing_account_id, b.period_start, l.currency, trim_scale(sum(l.amount))::text AS amount,
           trim_scale(coalesce(sum(l.amount) FILTER (WHERE l.resource_id IS NOT NULL), 0))::text AS allocated,
           trim_scale(coalesce(sum(l.amount) FILTER (WHERE l.resource_id IS NULL), 0))::text AS unallocated,
           count(DISTINCT l.resource_id) AS resources
      FROM cost_lines l JOIN cost_bills b ON b.id = l.bill_id
     WHERE l.bill_id = ANY($1) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
