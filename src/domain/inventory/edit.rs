//! Edits of resources by people.

use super::{Resource, list, reconcile};
use crate::auth::{AccountScope, Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::check_reason;
use crate::domain::audit::{self, Cause};
use crate::domain::discovery::{ResourceReport, UnstatedFields, identity};
use crate::entities::{resource, virtual_tag};
use crate::error::{Error, Problem, ProblemCode, Result};
use sea_orm::{ColumnTrait, DatabaseConnection, PaginatorTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;

/// Changes of a resource; `None` leaves a column as it is. The columns that identify a resource cannot be changed.
#[derive(Clone, Debug, Default)]
pub struct ResourcePatch {
    pub name: Option<String>,
    pub region: Option<String>,
    pub native_tags: Option<BTreeMap<String, String>>,
}

/// Creates a resource. Refuses one that exists, and one that [`ResourceReport::validate`] refuses. A caller limited to
/// accounts creates only resources whose id names one of them: the refusal of any other id that exists would reveal the
/// resources of others.
pub async fn create(db: &DatabaseConnection, actor: &Actor, report: ResourceReport) -> Result<Resource> {
    actor.require(Role::Admin)?;
    check(&report)?;
    if !actor.scope.allows(&report.account_id) {
        return Err(Error::invalid("accountId", "this account is not one of yours"));
    }
    if actor.scope != AccountScope::All
        && !identity::names_account(report.cloud, &report.account_id, &report.resource_id)
    {
        let message = "must name the account, for you are limited to some: arn:PARTITION:SERVICE:REGION:ACCOUNT:..., \
            //SERVICE/projects/ACCOUNT/... or /subscriptions/ACCOUNT/...";
        return Err(Error::invalid("resourceId", message));
    }
    sql::retried(|| insert(db, actor, &report)).await
}

async fn insert(db: &DatabaseConnection, actor: &Actor, report: &ResourceReport) -> Result<Resource> {
    let exists = || {
        let message = "there is a resource with this id already";
        Error::Validation(vec![Problem::field(ProblemCode::Conflict, "resourceId", message)])
    };
    let txn = db.begin().await?;
    // Of any account: to report the resource would change it.
    let same = resource::find(&AccountScope::All).filter(list::has_key(&report.resource_id));
    if same.count(&txn).await? > 0 {
        return Err(exists());
    }
    let (done, ids) = reconcile::batch(&txn, "api", std::slice::from_ref(report)).await?;
    if done.inserted == 0 {
        return Err(exists());
    }
    let made = resource::find(&actor.scope)
        .filter(resource::Column::Id.is_in(ids))
        .one(&txn)
        .await?;
    txn.commit().await?;
    made.ok_or_else(|| Error::internal("an inserted resource cannot be read"))
}

/// Changes a resource, which makes it due for evaluation. The next report of a provider overwrites the changes.
pub async fn update(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    patch: ResourcePatch,
) -> Result<Resource> {
    actor.require(Role::Admin)?;
    sql::retried(|| apply(db, actor, id, patch.clone())).await
}

async fn apply(db: &DatabaseConnection, actor: &Actor, id: i64, patch: ResourcePatch) -> Result<Resource> {
    let txn = db.begin().await?;
    let old = locked(&txn, actor, id).await?;
    let keeps_tags = patch.native_tags.is_none();
    let mut report = ResourceReport {
        unstated: UnstatedFields::default(),
        resource_id: old.resource_id,
        name: patch.name.unwrap_or(old.name),
        cloud: old.cloud,
        account_id: old.account_id,
        resource_type: old.resource_type,
        region: patch.region.or(old.region),
        native_tags: patch.native_tags.unwrap_or_default(),
        created_at: Some(old.created_at),
    };
    check(&report)?;
    if keeps_tags {
        // Not validated: the tags may be older than the limit of their size.
        report.native_tags = serde_json::from_value(old.native_tags).map_err(Error::internal)?;
    }
    reconcile::batch(&txn, &old.discovered_by, std::slice::from_ref(&report)).await?;
    let new = locked(&txn, actor, id).await?;
    txn.commit().await?;
    Ok(new)
}

/// Deletes a resource with its tags, each with its audit row. Returns the resource as it was.
pub async fn delete(
    db: &DatabaseConnection,
    actor: &Actor,
    id: i64,
    reason: Option<String>,
) -> Result<Resource> {
    actor.require(Role::Admin)?;
    check_reason(reason.as_deref())?;
    let cause = Cause {
        actor: actor.subject.clone(),
        reason,
        run_id: None,
    };
    sql::retried(|| remove(db, actor, id, &cause)).await
}

async fn remove(db: &DatabaseConnection, actor: &Actor, id: i64, cause: &Cause) -> Result<Resource> {
    let txn = db.begin().await?;
    let old = locked(&txn, actor, id).await?;
    let tags = "changed AS (DELETE FROM virtual_tags WHERE resource_id = $1
            RETURNING *, 'DELETED'::text AS action, tag_value AS old_value, approval_status AS old_status)";
    audit::with_trail::<virtual_tag::Model>(&txn, tags, vec![id.into()], cause).await?;
    sql::execute(&txn, "DELETE FROM resources WHERE id = $1", [id.into()]).await?;
    txn.commit().await?;
    Ok(old)
}

async fn locked(txn: &Transaction, actor: &Actor, id: i64) -> Result<Resource> {
    let found = resource::find(&actor.scope).filter(resource::Column::Id.eq(id));
    let found = found
        .lock(sea_orm::sea_query::LockType::NoKeyUpdate)
        .one(txn)
        .await?;
    found.ok_or_else(|| Error::not_found("id", "such resource"))
}

/// Validates a report, with the rejections of [`ResourceReport::validate`] as errors of the caller.
pub(crate) fn check(report: &ResourceReport) -> Result<()> {
    report.validate().map_err(|rejections| {
        let problem = |rejection: crate::domain::discovery::Rejection| Problem {
            code: ProblemCode::Invalid,
            field: rejection.column,
            message: rejection.reason,
            position: None,
        };
        Error::Validation(rejections.into_iter().map(problem).collect())
    })
}
