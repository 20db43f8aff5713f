//! Rules that hold for a time: the passing of their beginnings and ends.

use super::affected;
use crate::auth::Actor;
use crate::clock::Clock;
use crate::db::{Begin, sql};
use crate::domain::evaluation::AutoTagJob;
use crate::entities::rule;
use crate::error::Result;
use crate::runs::{self, Run};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Rules whose column `in_effect` is no longer true to the time `$1`.
const DUE: &str = "(effective_from IS NOT NULL OR effective_to IS NOT NULL)
    AND in_effect <> (coalesce(effective_from <= $1, true) AND coalesce($1 < effective_to, true))";

/// Switches the rules whose beginning or end has passed: makes due what they match, and asks for the run that evaluates
/// it. `None` when there is nothing to switch, which is a look at a small index.
pub async fn switch_due(db: &DatabaseConnection, clock: &dyn Clock) -> Result<Option<Run>> {
    let now = clock.now();
    let look = format!("SELECT 1 FROM rules WHERE {DUE} LIMIT 1");
    if db
        .query_one_raw(sql::statement(&look, [now.into()]))
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let txn = db.begin().await?;
    affected::begin(&txn).await?;
    let switch = format!("UPDATE rules SET in_effect = NOT in_effect WHERE {DUE} RETURNING *");
    let switched: Vec<rule::Model> = sql::rows(&txn, &switch, [now.into()]).await?;
    if switched.is_empty() {
        return Ok(None);
    }
    let switched = switched.iter().filter(|rule| rule.enabled);
    affected::make_due(&txn, switched.map(|rule| rule.condition.as_str())).await?;
    let run = runs::request_within(&txn, &Actor::system("scheduler"), &AutoTagJob {}).await?;
    txn.commit().await?;
    Ok(Some(run.run))
}
