//! Which tags a decision is about.

use super::decision::Decision;
use super::filter::TagFilter;
use super::limits::{MAX_IMMEDIATE, check_count};
use crate::auth::{AccountScope, Actor};
use crate::db::opaque::opaque;
use crate::db::sql;
use crate::domain::{ApprovalStatus, RunStatus};
use crate::entities::{TagSource, virtual_tag};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, JobSpec};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, PostgresQueryBuilder};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    Select, Value,
};
use virtual_tag::Column;

/// Tags that were proposed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKey {
    pub tag_key: String,
    pub tag_value: String,
    pub source: TagSource,
    pub evidence_signature: String,
}

/// Decided tags that meet all of the conditions that are set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecidedFilter {
    /// What the queue can be filtered by.
    pub tag: TagFilter,
    /// APPROVED or DENIED.
    pub status: Option<ApprovalStatus>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Decided before this moment.
    pub decided_before: Option<DateTime<Utc>>,
    /// Decided at this moment or later.
    pub decided_after: Option<DateTime<Utc>>,
}

impl DecidedFilter {
    fn condition(&self) -> Condition {
        let by = self.decided_by.as_deref();
        self.tag
            .condition()
            .add_option(self.status.map(|status| Column::ApprovalStatus.eq(status)))
            .add_option(by.map(|by| Column::DecidedBy.eq(by)))
            .add_option(self.decided_before.map(|before| Column::DecidedAt.lt(before)))
            .add_option(self.decided_after.map(|after| Column::DecidedAt.gte(after)))
    }
}

/// Which tags to decide. What an approval or a denial selects is pending; what is taken back is decided.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These, named one by one.
    Ids(Vec<i64>),
    /// All that the filter takes at this moment.
    Filter(TagFilter),
    /// All of a group.
    Group(GroupKey),
    /// All decided ones that the filter takes at this moment; to be taken back.
    Decided(DecidedFilter),
    /// All whose present decision a run made; to be taken back.
    Run(i64),
}

/// What was selected.
pub(super) struct ResolvedSelection {
    /// The ids, where they were named, in their order.
    ids: Option<Vec<i64>>,
    /// A query that gives `id`, `resource_id`, `account_id` and `updated_at`.
    pub text: String,
    /// The query's parameters.
    pub values: Vec<Value>,
}

impl Selection {
    /// What was selected, within the actor's accounts. Refuses ids beyond [`super::MAX_IDS`], and a run whose decisions
    /// cannot be taken back.
    pub(super) async fn resolve(
        self,
        db: &DatabaseConnection,
        actor: &Actor,
        decision: Decision,
    ) -> Result<ResolvedSelection> {
        let scope = &actor.scope;
        match (self, decision) {
            (Self::Ids(ids), _) => Ok(of_ids(distinct(ids)?, scope)),
            (Self::Filter(filter), Decision::Undo) => {
                let filter = DecidedFilter {
                    tag: filter,
                    ..DecidedFilter::default()
                };
                Ok(of_tags(decided(scope).filter(within(scope, filter.condition()))))
            }
            (Self::Filter(filter), _) => Ok(of_tags(
                virtual_tag::find_pending(scope).filter(within(scope, filter.condition())),
            )),
            (Self::Group(group), Decision::Undo) => {
                Ok(of_tags(decided(scope).filter(within(scope, group.condition()))))
            }
            (Self::Group(group), _) => Ok(of_tags(
                virtual_tag::find_pending(scope).filter(within(scope, group.condition())),
            )),
            (Self::Decided(filter), Decision::Undo) => {
                Ok(of_tags(decided(scope).filter(within(scope, filter.condition()))))
            }
            (Self::Run(id), Decision::Undo) => of_run(db, id, scope).await,
            (Self::Decided(_), _) => Err(Error::invalid("filter", "what is decided can only be taken back")),
            (Self::Run(_), _) => Err(Error::invalid("run", "what a run decided can only be taken back")),
        }
    }
}

impl ResolvedSelection {
    /// The selected tags when one call may decide them at once; `None` when there are more.
    pub(super) async fn ids_if_small(&self, db: &DatabaseConnection) -> Result<Option<Vec<i64>>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: i64,
        }
        if let Some(ids) = &self.ids {
            return Ok((ids.len() <= MAX_IMMEDIATE).then(|| ids.clone()));
        }
        let few = format!(
            "SELECT id FROM ({} LIMIT {}) selected",
            self.text,
            MAX_IMMEDIATE + 1
        );
        let rows: Vec<Row> = sql::rows(db, &few, self.values.clone()).await?;
        Ok((rows.len() <= MAX_IMMEDIATE).then(|| {
            let mut ids: Vec<i64> = rows.into_iter().map(|row| row.id).collect();
            ids.sort_unstable();
            ids
        }))
    }
}

impl GroupKey {
    fn condition(&self) -> Condition {
        Condition::all()
            .add(Column::TagKey.eq(self.tag_key.as_str()))
            .add(Column::TagValue.eq(self.tag_value.as_str()))
            .add(Column::Source.eq(self.source))
            .add(Column::EvidenceSignature.eq(self.evidence_signature.as_str()))
    }
}

/// The condition, hidden from the planner where only some accounts are in scope; see [`opaque`].
fn within(scope: &AccountScope, condition: Condition) -> Condition {
    match scope {
        AccountScope::All => condition,
        AccountScope::Only(_) => opaque(condition),
    }
}

/// The statuses stand in the text, so that a prepared statement may use what indexes know of them.
fn decided(scope: &AccountScope) -> Select<virtual_tag::Entity> {
    virtual_tag::find(scope).filter(Expr::cust(
        "virtual_tags.approval_status IN ('APPROVED', 'DENIED')",
    ))
}

fn of_tags(tags: Select<virtual_tag::Entity>) -> ResolvedSelection {
    let query = tags
        .select_only()
        .columns([
            Column::Id,
            Column::ResourceId,
            Column::AccountId,
            Column::UpdatedAt,
        ])
        .into_query();
    let (text, values) = query.build(PostgresQueryBuilder);
    ResolvedSelection {
        ids: None,
        text,
        values: values.0,
    }
}

/// What does not exist for the actor has an id and nothing else.
fn of_ids(ids: Vec<i64>, scope: &AccountScope) -> ResolvedSelection {
    let text = "SELECT i.id, t.resource_id, t.account_id, t.updated_at
         FROM unnest($1::bigint[]) i(id) LEFT JOIN virtual_tags t
           ON t.id = i.id AND ($2::text[] IS NULL OR t.account_id = ANY($2))";
    ResolvedSelection {
        values: vec![ids.clone().into(), scope.as_bind().into()],
        text: text.to_owned(),
        ids: Some(ids),
    }
}

/// A tag's decision is the run's when both were made at the same moment, that of their transaction.
async fn of_run(db: &DatabaseConnection, id: i64, scope: &AccountScope) -> Result<ResolvedSelection> {
    let refused = |code, message: &str| Error::Validation(vec![Problem::field(code, "run", message)]);
    let unknown = || refused(ProblemCode::NotFound, "there is no such run");
    let run = runs::find(db, id).await?.ok_or_else(unknown)?;
    // What else could be said of the run would tell of other accounts.
    if !decides_within(db, id, scope).await? {
        return Err(unknown());
    }
    match JobSpec::of(&run)? {
        JobSpec::Decide { decision, .. } if decision != Decision::Undo => {}
        JobSpec::Decide { .. } => {
            return Err(refused(
                ProblemCode::Conflict,
                "that run took decisions back; decide again",
            ));
        }
        _ => return Err(refused(ProblemCode::Conflict, "that run decided nothing")),
    }
    if matches!(run.status, RunStatus::Queued | RunStatus::Running) {
        let message = "that run has not ended; cancel it first, or wait";
        return Err(refused(ProblemCode::Conflict, message));
    }
    let text = "SELECT t.id, t.resource_id, t.account_id, t.updated_at FROM decision_items i
           JOIN virtual_tags t ON t.id = i.virtual_tag_id
          WHERE i.run_id = $1 AND i.outcome IN ('APPROVED', 'DENIED') AND t.approval_status = i.outcome
            AND t.decided_at = i.decided_at AND ($2::text[] IS NULL OR t.account_id = ANY($2))";
    Ok(ResolvedSelection {
        ids: None,
        text: text.to_owned(),
        values: vec![id.into(), scope.as_bind().into()],
    })
}

/// Whether any of the tags that a run decides is within the scope; of all accounts there need not be one.
async fn decides_within(db: &DatabaseConnection, run_id: i64, scope: &AccountScope) -> Result<bool> {
    let Some(accounts) = scope.as_bind() else {
        return Ok(true);
    };
    let within = "SELECT 1 FROM decision_items WHERE run_id = $1 AND account_id = ANY($2) LIMIT 1";
    let within = sql::statement(within, [run_id.into(), accounts.into()]);
    Ok(db.query_one_raw(within).await?.is_some())
}

/// Removes repeated ids and refuses too many.
fn distinct(ids: Vec<i64>) -> Result<Vec<i64>> {
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    let ids: Vec<i64> = ids.into_iter().filter(|id| seen.insert(*id)).collect();
    check_count(ids.len())?;
    Ok(ids)
}
