//! Selection of the tags of a decision.

use super::decision::{DecideJob, Decision};
use super::filter::TagFilter;
use super::limits::{MAX_IMMEDIATE, check_count};
use crate::auth::{AccountScope, Actor};
use crate::db::sql;
use crate::domain::account_pages::hidden;
use crate::domain::{ApprovalStatus, RunStatus};
use crate::entities::{DecisionMode, TagSource, virtual_tag};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs::{self, Job};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, PostgresQueryBuilder};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    Select, Value,
};
use virtual_tag::Column;

/// Key of a group: tags that were proposed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupKey {
    pub tag_key: String,
    pub tag_value: String,
    pub source: TagSource,
    pub evidence_signature: String,
}

/// Filter of decided tags that meet all conditions that are set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecidedFilter {
    /// Conditions that the queue can be filtered by, too.
    pub tag: TagFilter,
    /// APPROVED or DENIED.
    pub status: Option<ApprovalStatus>,
    /// Subject of the actor who decided.
    pub decided_by: Option<String>,
    /// Tags decided before this time.
    pub decided_before: Option<DateTime<Utc>>,
    /// Tags decided at this time or later.
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

/// Tags to decide: pending ones to approve or deny, decided ones to undo.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Tags with these ids.
    Ids(Vec<i64>),
    /// Tags that the filter selects at this moment.
    Filter(TagFilter),
    /// Tags of a group.
    Group(GroupKey),
    /// Decided tags that the filter selects at this moment; only to undo.
    Decided(DecidedFilter),
    /// Tags whose present decision this run made; only to undo.
    Run(i64),
}

/// Selection with what a caller has seen of it: what to leave out, and how much there may be.
#[derive(Clone, Debug)]
pub struct BoundedSelection {
    pub selection: Selection,
    /// Ids of tags that are left out.
    pub except: Vec<i64>,
    /// Number of tags beyond which nothing is decided.
    pub at_most: Option<u64>,
    /// True if the caller judged each of the ids on its own; a client may send several such decisions at once.
    pub individually: bool,
}

impl From<Selection> for BoundedSelection {
    fn from(selection: Selection) -> Self {
        Self {
            selection,
            except: Vec::new(),
            at_most: None,
            individually: false,
        }
    }
}

impl BoundedSelection {
    /// Query of the selected tags, as [`Selection::resolve`]. Refuses to leave out more ids than [`super::MAX_IDS`].
    pub(super) async fn resolve(
        self,
        db: &DatabaseConnection,
        actor: &Actor,
        decision: Decision,
    ) -> Result<ResolvedSelection> {
        check_count("except_ids", self.except.len())?;
        if matches!(self.selection, Selection::Ids(_)) && !self.except.is_empty() {
            return Err(Error::invalid(
                "except_ids",
                "go with a filter, a group or a run; leave out these ids",
            ));
        }
        if self.individually && !matches!(&self.selection, Selection::Ids(ids) if ids.len() <= MAX_IMMEDIATE)
        {
            let message = format!("goes with ids only, at most {MAX_IMMEDIATE}");
            return Err(Error::invalid("individually", message));
        }
        let mut selected = self.selection.resolve(db, actor, decision).await?;
        if !self.except.is_empty() {
            selected.values.push(self.except.into());
            selected.text = format!(
                "SELECT * FROM ({}) found WHERE NOT EXISTS (
                     SELECT FROM unnest(${}::bigint[]) left_out(id) WHERE left_out.id = found.id)",
                selected.text,
                selected.values.len()
            );
        }
        selected.at_most = self.at_most;
        selected.individually = self.individually;
        Ok(selected)
    }
}

/// Selection as a query.
pub(super) struct ResolvedSelection {
    /// The ids in their order, if the selection has ids.
    ids: Option<Vec<i64>>,
    /// Query of `id`, `resource_id`, `account_id` and `updated_at`.
    pub text: String,
    /// Parameters of the query.
    pub values: Vec<Value>,
    /// Number of tags beyond which nothing is decided.
    at_most: Option<u64>,
    /// True if each of the ids was judged on its own.
    individually: bool,
}

impl Selection {
    /// Query of the selected tags, within the actor's accounts. Refuses more ids than [`super::MAX_IDS`], and a run whose
    /// decisions cannot be undone.
    async fn resolve(
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
                Ok(of_tags(decided(scope).filter(hidden(scope, filter.condition()))))
            }
            (Self::Filter(filter), _) => Ok(of_tags(
                virtual_tag::find_pending(scope).filter(hidden(scope, filter.condition())),
            )),
            (Self::Group(group), Decision::Undo) => {
                Ok(of_tags(decided(scope).filter(hidden(scope, group.condition()))))
            }
            (Self::Group(group), _) => Ok(of_tags(
                virtual_tag::find_pending(scope).filter(hidden(scope, group.condition())),
            )),
            (Self::Decided(filter), Decision::Undo) => {
                Ok(of_tags(decided(scope).filter(hidden(scope, filter.condition()))))
            }
            (Self::Run(id), Decision::Undo) => of_run(db, id, scope).await,
            (Self::Decided(_), _) => Err(Error::invalid("filter", "what is decided can only be taken back")),
            (Self::Run(_), _) => Err(Error::invalid("run", "what a run decided can only be taken back")),
        }
    }
}

impl ResolvedSelection {
    /// Single if the selection is one tag, named by its id, or each tag was judged on its own.
    pub(super) fn mode(&self) -> DecisionMode {
        match self.ids.as_deref() {
            Some([_]) => DecisionMode::Single,
            Some(_) if self.individually => DecisionMode::Single,
            _ => DecisionMode::Bulk,
        }
    }

    /// Refuses a selection of more tags than the caller expects.
    pub(super) fn check_size(&self, count: u64) -> Result<()> {
        match self.at_most {
            Some(most) if count > most => {
                let message = format!("more than the expected {most} tags are selected; look at them again");
                let problem = Problem::field(ProblemCode::TooMany, "expect_at_most", message);
                Err(Error::Validation(vec![problem]))
            }
            _ => Ok(()),
        }
    }

    /// Ids of the selected tags, up to [`MAX_IMMEDIATE`]; `None` if there are more.
    pub(super) async fn ids_if_small(&self, db: &DatabaseConnection) -> Result<Option<Vec<i64>>> {
        #[derive(FromQueryResult)]
        struct SelectedIdRow {
            id: i64,
        }
        if let Some(ids) = &self.ids {
            self.check_size(ids.len() as u64)?;
            return Ok((ids.len() <= MAX_IMMEDIATE).then(|| ids.clone()));
        }
        let first = format!(
            "SELECT id FROM ({} LIMIT {}) selected",
            self.text,
            MAX_IMMEDIATE + 1
        );
        let rows: Vec<SelectedIdRow> = sql::rows(db, &first, self.values.clone()).await?;
        self.check_size(rows.len() as u64)?;
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

/// Decided tags. The statuses are in the text of the statement, because a prepared statement can use partial indexes only
/// then.
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
        at_most: None,
        individually: false,
    }
}

/// Query of the ids. A tag that does not exist for the actor has its id and nothing else.
fn of_ids(ids: Vec<i64>, scope: &AccountScope) -> ResolvedSelection {
    let text = "SELECT i.id, t.resource_id, t.account_id, t.updated_at
         FROM unnest($1::bigint[]) i(id) LEFT JOIN virtual_tags t
           ON t.id = i.id AND ($2::text[] IS NULL OR t.account_id = ANY($2))";
    ResolvedSelection {
        values: vec![ids.clone().into(), scope.as_bind().into()],
        text: text.to_owned(),
        ids: Some(ids),
        at_most: None,
        individually: false,
    }
}

/// Query of the tags that a run decided. A decision is the run's if both have the time of the same transaction.
async fn of_run(db: &DatabaseConnection, id: i64, scope: &AccountScope) -> Result<ResolvedSelection> {
    let refused = |code, message: &str| Error::Validation(vec![Problem::field(code, "run", message)]);
    let unknown = || refused(ProblemCode::NotFound, "there is no such run");
    let run = runs::find(db, id).await?.ok_or_else(unknown)?;
    // Any other error would reveal decisions of other accounts.
    if !decides_within(db, id, scope).await? {
        return Err(unknown());
    }
    match DecideJob::of(&run)?.map(|job| job.decision) {
        Some(Decision::Approve | Decision::Deny) => {}
        Some(Decision::Undo) => {
            return Err(refused(
                ProblemCode::Conflict,
                "that run took decisions back; decide again",
            ));
        }
        None => return Err(refused(ProblemCode::Conflict, "that run decided nothing")),
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
        at_most: None,
        individually: false,
    })
}

/// True if any tag that the run decides is within the scope, and always for the scope of all accounts.
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
    check_count("ids", ids.len())?;
    Ok(ids)
}
