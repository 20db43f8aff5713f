//! Approvals: a proposed tag is PENDING until a person decides. [`decide`](mod@decide) is the state machine.
//!
//! ```text
//!            approve                    another value approved
//! PENDING ------------> APPROVED ------------------------------> SUPERSEDED
//!    |  ^ <------------    |                                         |
//!    |  |      undo        +<----------------------------------------+
//!    |  +<---------------------- the other approval undone ----------+
//!    |  | undo
//!    +-----> DENIED
//!      deny
//! ```
//!
//! Up to [`MAX_AT_ONCE`] tags are decided in the answer; more of them by a run, see [`bulk`]. Both make their decisions
//! by the same statements.

pub mod bulk;
mod decide;
pub mod filter;
pub mod groups;
pub mod imported;
pub mod items;
pub mod list;
mod manual;
mod query_plan;
mod rows;
mod selection;
pub mod stats;
mod undo;

pub use crate::entities::virtual_tag::Model as VirtualTag;
pub use bulk::{DecisionOutcome, request};
pub use decide::{Decision, decide};
pub use filter::{TagFilter, TagKind};
pub(in crate::domain) use manual::MAX_TAGS;
pub use manual::{NewTag, create, delete, update};
pub(in crate::domain) use manual::{tag_key, tag_value};
pub(crate) use selection::check_count;
pub use selection::{DecidedFilter, GroupKey, MAX_IDS, Selection};
pub use undo::undo;

use crate::auth::AccountScope;
use crate::db::sql;
use crate::domain::audit::ChangedTag;
use crate::entities::virtual_tag;
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, sea_query::extension::postgres::PgFunc};
use std::collections::{HashMap, HashSet};

/// How many tags one call decides at once.
pub const MAX_AT_ONCE: usize = 1000;
/// Characters of a reason.
pub const MAX_REASON: usize = 2000;

/// What became of one tag of a request.
#[derive(Clone, Debug)]
pub struct ItemResult {
    /// The id that was asked for.
    pub id: i64,
    /// The tag as it is now; `None` when it does not exist for the actor.
    pub tag: Option<VirtualTag>,
    /// Why the decision was not made; `None` when it was.
    pub problem: Option<Problem>,
}

/// What became of each tag of a request, in the order of the request.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// One for each tag.
    pub items: Vec<ItemResult>,
}

impl Decisions {
    /// How many were decided by this call.
    pub fn decided(&self) -> usize {
        self.items.iter().filter(|item| item.problem.is_none()).count()
    }
}

/// Locks the resources of the tags. Whoever changes tags of a resource holds its row, so evaluation, decisions
/// and edits of one resource come one after the other; in the order of ids, so that they never wait in a circle.
async fn lock_resources(db: &impl ConnectionTrait, tag_ids: &[i64], scope: &AccountScope) -> Result<()> {
    let lock = "SELECT 1 FROM resources WHERE id IN (SELECT resource_id FROM virtual_tags
                 WHERE id = ANY($1) AND ($2::text[] IS NULL OR account_id = ANY($2)))
                 ORDER BY id FOR NO KEY UPDATE";
    sql::execute(db, lock, [tag_ids.to_vec().into(), scope.as_bind().into()]).await?;
    Ok(())
}

/// Reads the tags again and says for each of `ids` what became of it: `changed` ones were decided by this call.
async fn outcomes(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    decision: Decision,
    ids: &[i64],
    changed: &[ChangedTag],
) -> Result<Decisions> {
    let mut found = by_id(db, scope, ids).await?;
    let changed: HashSet<i64> = changed.iter().map(|tag| tag.id).collect();
    let item = |&id: &i64| {
        let tag = found.remove(&id);
        let problem = match &tag {
            None => Some(not_found()),
            Some(tag) if changed.contains(&tag.id) => None,
            Some(tag) => Some(decision.why_not(tag)),
        };
        ItemResult { id, tag, problem }
    };
    Ok(Decisions {
        items: ids.iter().map(item).collect(),
    })
}

async fn by_id(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: &[i64],
) -> Result<HashMap<i64, VirtualTag>> {
    let any = PgFunc::any(Expr::val(ids.to_vec()));
    let found = virtual_tag::find(scope).filter(virtual_tag::Column::Id.into_expr().eq(any));
    let found = found.all(db).await?;
    Ok(found.into_iter().map(|tag| (tag.id, tag)).collect())
}

fn not_found() -> Problem {
    Problem::field(ProblemCode::NotFound, "ids", "there is no such virtual tag")
}

/// More tags than one call decides at once.
fn too_many(field: &str) -> Problem {
    let message = format!("more than {MAX_AT_ONCE} tags are selected; narrow the selection");
    Problem::field(ProblemCode::TooMany, field, message)
}

/// Refuses a reason that cannot be kept: too long, or with NUL in it.
pub(in crate::domain) fn check_reason(reason: Option<&str>) -> Result<()> {
    match reason {
        Some(reason) if reason.chars().count() > MAX_REASON => Err(Error::invalid(
            "reason",
            format!("must have at most {MAX_REASON} characters"),
        )),
        Some(reason) if reason.contains('\0') => {
            Err(Error::invalid("reason", "must not contain NUL characters"))
        }
        _ => Ok(()),
    }
}
