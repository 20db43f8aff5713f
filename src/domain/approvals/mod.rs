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

mod decide;
pub mod filter;
pub mod groups;
pub mod list;
mod manual;
mod rows;
pub mod stats;
mod undo;

pub use crate::entities::virtual_tag::Model as VirtualTag;
pub use decide::{Decision, GroupKey, Selection, decide};
pub use filter::{TagFilter, TagKind};
pub use manual::{NewTag, create, delete, update};
pub use undo::undo;

use crate::db::sql;
use crate::domain::auth::Actor;
use crate::entities::virtual_tag;
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, sea_query::extension::postgres::PgFunc};
use std::collections::HashMap;

/// How many tags one call may decide.
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
async fn lock_resources(db: &impl ConnectionTrait, tag_ids: &[i64], actor: &Actor) -> Result<()> {
    let lock = "SELECT 1 FROM resources WHERE id IN (SELECT resource_id FROM virtual_tags
                 WHERE id = ANY($1) AND ($2::text[] IS NULL OR account_id = ANY($2)))
                 ORDER BY id FOR NO KEY UPDATE";
    sql::execute(db, lock, [tag_ids.to_vec().into(), actor.scope.as_bind().into()]).await?;
    Ok(())
}

/// Reads the tags again and says for each of `ids` what became of it: `changed` ones were decided by this call,
/// and `why_not` explains the others.
async fn outcomes(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[i64],
    changed: &[VirtualTag],
    why_not: impl Fn(&VirtualTag) -> Problem,
) -> Result<Decisions> {
    let any = PgFunc::any(Expr::val(ids.to_vec()));
    let found = virtual_tag::find(&actor.scope)
        .filter(virtual_tag::Column::Id.into_expr().eq(any))
        .all(db)
        .await?;
    let mut found: HashMap<i64, VirtualTag> = found.into_iter().map(|tag| (tag.id, tag)).collect();
    let item = |&id: &i64| {
        let tag = found.remove(&id);
        let problem = match &tag {
            None => Some(Problem::field(
                ProblemCode::NotFound,
                "ids",
                "there is no such virtual tag",
            )),
            Some(tag) if changed.iter().any(|other| other.id == tag.id) => None,
            Some(tag) => Some(why_not(tag)),
        };
        ItemResult { id, tag, problem }
    };
    Ok(Decisions {
        items: ids.iter().map(item).collect(),
    })
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

/// Removes repeated ids and refuses too many.
fn distinct(ids: Vec<i64>) -> Result<Vec<i64>> {
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    let ids: Vec<i64> = ids.into_iter().filter(|id| seen.insert(*id)).collect();
    if ids.len() > MAX_AT_ONCE {
        let message = format!(
            "{} tags are more than the {MAX_AT_ONCE} that one call may decide",
            ids.len()
        );
        return Err(Error::Rejected(vec![Problem::field(
            ProblemCode::TooMany,
            "ids",
            message,
        )]));
    }
    Ok(ids)
}
