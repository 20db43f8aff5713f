//! Reconciler: the sink of a report, from its first batch to its end.

use super::reconcile::{self, Reconciled};
use super::rejections;
use crate::config::RetirementLimit;
use crate::db::{Begin, Transaction};
use crate::domain::audit::Cause;
use crate::domain::discovery::identity::resource_key;
use crate::domain::discovery::{
    AccountCounts, BATCH_SIZE, Rejection, ReportScope, ReportSink, ResourceReport, SinkError,
};
use crate::domain::sources::Withheld;
use crate::error::Result;
use crate::runs::{ControlFlow, Progress, RunHandle};
use sea_orm::DatabaseConnection;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Instant;

/// Rejections of one run that are stored; further ones are only counted. A file of the wrong kind is rejected in every
/// line, and the first thousands explain it as well as a million would.
const KEPT_REJECTIONS: u64 = 10_000;

/// Resources of rejected entries that are remembered.
const KEPT_KEYS: usize = 100_000;

/// Sink that takes the reports of one source into the inventory, batch by batch, each in a transaction together with the
/// progress of the run. Idempotent, so a report is repeated after a crash.
pub struct Reconciler<'a> {
    db: &'a DatabaseConnection,
    source: String,
    run: Option<&'a RunHandle>,
    /// Start of the report, before its source was read.
    began: Instant,
    /// Ids of reported resources, to find the missing ones. 8 bytes per resource.
    seen: Vec<i64>,
    totals: Reconciled,
    rejected: u64,
    /// Keys of the resources of rejected entries, which are there, whatever is wrong with them.
    refused_keys: BTreeSet<String>,
    /// Rejected entries whose resource is not known.
    unnamed: u64,
    /// Rejections since the last transaction.
    refused: Vec<Rejection>,
    refused_entries: i64,
    stopped: bool,
    scope: ReportScope,
    accounts: AccountCounts,
    /// Number of resources that are retired unasked; any if there is none.
    limit: Option<RetirementLimit>,
    /// Resources whose retirement a person confirmed.
    confirmed: HashSet<i64>,
    withheld: Option<Withheld>,
}

impl<'a> Reconciler<'a> {
    /// Reconciler of `source`, on behalf of `run` if there is one. To be created before the source is read.
    pub fn new(db: &'a DatabaseConnection, source: impl Into<String>, run: Option<&'a RunHandle>) -> Self {
        Self {
            db,
            source: source.into(),
            run,
            began: Instant::now(),
            seen: Vec::new(),
            totals: Reconciled::default(),
            rejected: 0,
            refused_keys: BTreeSet::new(),
            unnamed: 0,
            refused: Vec::new(),
            refused_entries: 0,
            stopped: false,
            scope: ReportScope::default(),
            accounts: AccountCounts::default(),
            limit: None,
            confirmed: HashSet::new(),
            withheld: None,
        }
    }

    /// The same reconciler, which retires no more than `limit` says, besides `confirmed` resources.
    #[must_use]
    pub fn limited(self, limit: RetirementLimit, confirmed: Vec<i64>) -> Self {
        Self {
            limit: Some(limit),
            confirmed: confirmed.into_iter().collect(),
            ..self
        }
    }

    /// Resources that were not retired because they are too many; `None` if the report has not come to that.
    pub fn take_withheld(&mut self) -> Option<Withheld> {
        self.withheld.take()
    }

    /// Numbers of reported resources by account, and the reason for which they are not all.
    pub fn accounts(&self) -> (BTreeMap<String, u64>, Option<String>) {
        self.accounts.get()
    }

    /// Scope of the report, which is known when it has ended.
    pub fn scope_of_report(&self) -> &ReportScope {
        &self.scope
    }

    /// Counts of resources so far.
    pub fn totals(&self) -> Reconciled {
        self.totals
    }

    /// Number of rejected entries so far.
    pub fn rejected_entries(&self) -> u64 {
        self.rejected
    }

    /// True if the run was cancelled; further batches are refused.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Retires the resources within the scope of a snapshot that it did not report, in transactions of limited size, and
    /// returns their number.
    /// Resources of rejected entries are not missing. Where it is not known of which resource a rejected entry is, it may be
    /// one that seems to be missing, and none is retired: the run counts those as `not_retired`. Skips resources that changed
    /// since the report began, see [`reconcile::retire`].
    pub async fn retire_missing(&mut self) -> Result<u64> {
        self.finish().await?;
        if self.stopped {
            return Ok(0);
        }
        let accounts = match &self.scope {
            ReportScope::Everything => None,
            ReportScope::Accounts(accounts) => Some(accounts.clone()),
            ReportScope::TaggedOnly(_) | ReportScope::Partial(_) => return Ok(0),
        };
        let cause = Cause {
            actor: format!("source:{}", self.source),
            reason: Some("the resource was no longer reported".into()),
            run_id: self.run.map(|run| run.run_id),
        };
        let mut seen = std::mem::take(&mut self.seen);
        let refused = std::mem::take(&mut self.refused_keys);
        seen.extend(reconcile::ids_of(self.db, refused.into_iter().collect()).await?);
        let missing = reconcile::missing(self.db, &self.source, seen, accounts.clone()).await?;
        if self.unnamed > 0 {
            tracing::warn!(
                source = self.source,
                missing = missing.len(),
                rejected = self.unnamed,
                "no resource is retired: rejected entries may be those that are missing"
            );
            self.tell("not_retired", missing.len()).await?;
            return Ok(0);
        }
        let missing = self.withhold(missing, accounts).await?;
        let mut retired = 0;
        for chunk in missing.chunks(BATCH_SIZE) {
            retired += self.retire(chunk, &cause).await?;
            if self.stopped {
                break;
            }
        }
        Ok(retired)
    }

    /// Resources to retire: those whose retirement was confirmed, and the others if they are not too many.
    async fn withhold(&mut self, missing: Vec<i64>, accounts: Option<Vec<String>>) -> Result<Vec<i64>> {
        let Some(limit) = self.limit else {
            return Ok(missing);
        };
        let (mut retired, unasked): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|id| self.confirmed.contains(id));
        let mut withheld = Withheld::default();
        if unasked.len() as u64 > u64::from(limit.few) {
            let present = reconcile::count(self.db, &self.source, accounts).await?;
            withheld.known = present.saturating_sub(self.totals.inserted);
            if limit.allows(unasked.len() as u64, withheld.known) {
                retired.extend(unasked);
            } else {
                withheld.ids = unasked;
            }
        } else {
            retired.extend(unasked);
        }
        if !withheld.ids.is_empty() {
            tracing::warn!(
                source = self.source,
                missing = withheld.ids.len(),
                known = withheld.known,
                "no resource is retired before a person confirms it: the report lacks too many"
            );
            self.tell("withheld", withheld.ids.len()).await?;
        }
        self.withheld = Some(withheld);
        retired.sort_unstable();
        Ok(retired)
    }

    /// Counts resources that are missing and not retired.
    async fn tell(&mut self, count: &'static str, missing: usize) -> Result<()> {
        if let Some(run) = self.run
            && missing > 0
        {
            let progress = Progress {
                counts: [(count, missing as i64)].into(),
                ..Progress::default()
            };
            self.stopped = run.checkpoint(self.db, progress).await? == ControlFlow::Cancelled;
        }
        Ok(())
    }

    /// Retires resources in one transaction with the progress of the run.
    async fn retire(&mut self, missing: &[i64], cause: &Cause) -> Result<u64> {
        let txn = self.db.begin().await?;
        // Read after the transaction has fixed its now(): so the report seems older than it is, never younger.
        let report_age = self.began.elapsed();
        let retired = reconcile::retire(&txn, &self.source, missing, report_age, cause).await?;
        if let Some(run) = self.run {
            let progress = Progress {
                counts: [("retired", retired as i64)].into(),
                ..Progress::default()
            };
            self.stopped = run.checkpoint(&txn, progress).await? == ControlFlow::Cancelled;
        }
        txn.commit().await?;
        Ok(retired)
    }

    /// Ends the report: stores the last rejections.
    pub async fn finish(&mut self) -> Result<()> {
        if self.refused.is_empty() {
            Ok(())
        } else {
            self.take(&[]).await
        }
    }

    /// Takes resources, and the rejections since the last transaction, in one transaction with the progress of the run.
    async fn take(&mut self, batch: &[ResourceReport]) -> Result<()> {
        let txn = self.db.begin().await?;
        let (done, ids) = reconcile::batch(&txn, &self.source, batch).await?;
        self.checkpoint(&txn, batch.len(), done).await?;
        txn.commit().await?;
        self.totals += done;
        self.seen.extend(ids);
        for report in batch {
            self.accounts.add(&report.account_id);
        }
        self.refused.clear();
        self.refused_entries = 0;
        Ok(())
    }

    async fn checkpoint(&mut self, txn: &Transaction, count: usize, done: Reconciled) -> Result<()> {
        let Some(run) = self.run else { return Ok(()) };
        rejections::keep(txn, run.run_id, &self.refused).await?;
        let counts = [
            ("inserted", done.inserted as i64),
            ("updated", done.updated as i64),
            ("unchanged", done.unchanged as i64),
            ("rejected", self.refused_entries),
        ];
        let done_delta = count as i64 + self.refused_entries;
        let progress = Progress {
            done_delta,
            total: None,
            counts: counts.into(),
        };
        self.stopped = run.checkpoint(txn, progress).await? == ControlFlow::Cancelled;
        Ok(())
    }
}

#[async_trait::async_trait]
impl ReportSink for Reconciler<'_> {
    async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError> {
        if self.stopped {
            return Err("the run was cancelled".into());
        }
        Ok(self.take(&batch).await?)
    }

    async fn scope(&mut self, scope: ReportScope) -> Result<(), SinkError> {
        self.scope = scope;
        Ok(())
    }

    /// Takes the faults of one rejected entry.
    async fn rejected(&mut self, entry: Vec<Rejection>) -> Result<(), SinkError> {
        self.rejected += 1;
        self.refused_entries += 1;
        match entry.iter().find_map(|fault| fault.resource_id.as_deref()) {
            Some(id) if self.refused_keys.len() < KEPT_KEYS => {
                self.refused_keys.insert(resource_key(id.trim()).into_owned());
            }
            _ => self.unnamed += 1,
        }
        if self.rejected <= KEPT_REJECTIONS {
            self.refused.extend(entry);
        }
        if self.refused_entries >= BATCH_SIZE as i64 {
            self.take(&[]).await?;
        }
        Ok(())
    }
}
