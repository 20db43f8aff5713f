//! Decisions by the domain's verbs, and tags to decide.

use super::fixture::Fixture;
use sea_orm::DatabaseConnection;
use virtual_tagging::auth::Actor;
use virtual_tagging::db::sql;
use virtual_tagging::domain::approvals::{self, Decision, DecisionOutcome, Decisions, Selection};
use virtual_tagging::error::{Error, ProblemCode, Result};

pub async fn decide(fixture: &Fixture, actor: &Actor, decision: Decision, ids: &[i64]) -> Decisions {
    let selection = Selection::Ids(ids.to_vec());
    try_decide(&fixture.pool, actor, decision, selection, None)
        .await
        .unwrap()
}

/// Decides by the entry that clients reach, and gives what was decided in the response.
pub async fn try_decide(
    db: &DatabaseConnection,
    actor: &Actor,
    decision: Decision,
    selection: Selection,
    reason: Option<String>,
) -> Result<Decisions> {
    match approvals::decide(db, actor, decision, selection, reason).await? {
        DecisionOutcome::Immediate(decisions) => Ok(decisions),
        DecisionOutcome::Deferred(run) => panic!("run {} is to decide", run.id),
    }
}

pub async fn undo(
    db: &DatabaseConnection,
    actor: &Actor,
    ids: Vec<i64>,
    reason: Option<String>,
) -> Result<Decisions> {
    try_decide(db, actor, Decision::Undo, Selection::Ids(ids), reason).await
}

/// A refusal is an answer; any other error is a fault.
pub fn answered<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(answer) => Some(answer),
        Err(Error::Validation(_)) => None,
        Err(error) => panic!("{error:?}"),
    }
}

pub fn refusal(error: Error) -> ProblemCode {
    match error {
        Error::Validation(problems) => problems[0].code,
        other => panic!("{other}"),
    }
}

pub async fn fill(fixture: &Fixture, resources: i64) {
    for statement in [
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
         SELECT 'arn:' || n, 'r' || n, 'aws', 'account-' || n % 2, 't', 'test' FROM generate_series(1, $1) n",
        "INSERT INTO evaluations (resource_id, revision)
         SELECT id, 1 FROM resources WHERE id <= $1 ON CONFLICT (resource_id) DO UPDATE SET revision = 1",
        "WITH made AS (
             INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
                 approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
             SELECT id, key, 'value', 'PATTERN', 0.8, false, 'PENDING', '{}', 's', cloud, account_id, resource_type
               FROM resources, unnest(ARRAY['team', 'owner']) key WHERE id <= $1 ORDER BY id, key RETURNING *)
         INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action,
             tag_key, new_value, new_status, source, confidence, auto_applied, actor)
         SELECT resource_id, '', cloud, account_id, resource_type, id, 'PROPOSED', tag_key, tag_value,
             approval_status, source, confidence, auto_applied, 'system:test' FROM made",
    ] {
        sql::execute(&fixture.pool, statement, [resources.into()]).await.unwrap();
    }
}
