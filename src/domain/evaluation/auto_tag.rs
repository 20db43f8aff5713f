//! Auto-tagging: working off the resources that were not yet evaluated under the present revision.
//!
//! Reconciling, not commanding: it can be run twice and by many workers at once, and after a rule changed it
//! back-fills by itself. Each chunk is one transaction: claimed with `SKIP LOCKED`, evaluated, written with its
//! trail, and marked with the revision.

use super::backlog::{BackfillProgress, Backlog, is_due};
use super::chunk_result::ChunkResult;
use super::chunk_work::{ChunkWork, evaluate};
use super::compute::compute;
use super::engine::{EngineSettings, LoadedEngine, load_rules};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::domain::approvals::by_rule;
use crate::domain::approvals::past_denial::{self, REMEMBERED};
use crate::domain::audit::{self, Cause};
use crate::domain::{coverage, revision, suggestions};
use crate::entities::{AccountScope, JobName, resource, virtual_tag};
use crate::error::{Error, Result};
use crate::runs::{self, ControlFlow, Job, Progress, RunHandle};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Resources evaluated in one transaction at most. Large enough that statements are few, small enough that a crash costs
/// little and locks are short.
pub const CHUNK: u64 = 250;

/// Resources in the first chunk of a run. The number doubles while a chunk takes less than [`SHORT`], and is halved when one takes longer than
/// [`LONG`]: with ten thousand rules, or on a busy machine, a run is to hear of its cancellation all the same, and
/// PostgreSQL is not to take its transaction for abandoned.
const FIRST_CHUNK: u64 = 50;
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(2);

/// For each so many resources that are due, one worker is at work.
const WORTH_JOINING: i64 = 4 * CHUNK as i64;

/// The job that evaluates the resources that are due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoTagJob {}

#[async_trait::async_trait]
impl Job for AutoTagJob {
    const NAME: JobName = JobName::AutoTag;
    const PRIORITY: i16 = 0;
    const TIME_LIMIT: Duration = Duration::from_hours(4);
    const ROLE: Role = Role::Approver;
    const IS_PREEMPTIBLE: bool = true;
    const CRON: Option<&'static str> = Some("* * * * *");

    type Context = (DatabaseConnection, EngineSettings);

    /// Results of an evaluation may be new to the miner.
    fn follow_up(&self) -> Option<JobName> {
        Some(JobName::MineSuggestions)
    }

    async fn is_due(txn: &Transaction) -> Result<bool> {
        is_due(txn).await
    }

    async fn run(self, (db, settings): &Self::Context, run: &RunHandle) -> Result<()> {
        evaluate_due(db, settings, run).await
    }
}

/// Works off what is due, chunk by chunk, until nothing is, or the run is cancelled. What others hold at the
/// end is left to them: should they fail, it stays due. While there are some chunks for each that is at
/// work, idle workers are asked to join; [`BackfillProgress`] says what the run's progress is.
///
/// Does nothing when the revision was raised for other settings than these: then a replica of another version is
/// being rolled out or back, and what is due is due under its settings.
async fn evaluate_due(db: &DatabaseConnection, settings: &EngineSettings, run: &RunHandle) -> Result<()> {
    let cause = Cause {
        actor: Actor::system("auto_tag").subject,
        reason: None,
        run_id: Some(run.run_id),
    };
    let own = settings.fingerprint();
    let mut backlog = Backlog::new();
    let (mut share, mut evaluated) = (BackfillProgress::of(run), 0);
    let (mut loaded, mut size) = (None::<LoadedEngine>, FIRST_CHUNK);
    loop {
        // Other settings always come with another generation, so one row says whether `loaded` may be used.
        let state = revision::current(db).await?;
        if state.fingerprint != own {
            tracing::info!("another version is being rolled out: auto-tagging is left to it");
            return Ok(());
        }
        let due = backlog.look(db, state.revision).await?;
        if let Some(due) = due {
            let max_parallelism = (due + WORTH_JOINING - 1) / WORTH_JOINING;
            runs::spawn_helper(db, run, max_parallelism).await?;
        }
        let nothing = due == Some(0);
        if !nothing
            && loaded
                .as_ref()
                .is_none_or(|engine| engine.generation != state.generation)
        {
            loaded = Some(load_rules(db, settings, &state).await?);
        }
        let started = Instant::now();
        let txn = db.begin().await?;
        let result = match &loaded {
            Some(engine) if !nothing => chunk(&txn, engine, size, &cause).await?,
            _ => ChunkResult::default(),
        };
        let progress = if result.is_outdated {
            Progress::default()
        } else {
            share.add(result.evaluated as i64, due, result.counts())
        };
        let is_over = result.evaluated == 0 && !result.is_outdated;
        if is_over && (evaluated > 0 || run.done_before > 0) {
            suggestions::note_changes(&txn).await?;
        }
        let flow = run.checkpoint(&txn, progress).await?;
        txn.commit().await?;
        evaluated += result.evaluated as i64;
        if is_over || flow == ControlFlow::Cancelled {
            sql::analyze_after(db, evaluated, "virtual_tags").await;
            coverage::count(db, settings).await?;
            return Ok(());
        }
        size = match started.elapsed() {
            elapsed if elapsed < SHORT => CHUNK.clamp(1, size * 2),
            elapsed if elapsed > LONG => size.div_ceil(2),
            _ => size,
        };
    }
}

/// Evaluates up to `limit` resources that are due and that no other worker holds, in the caller's transaction.
///
/// A resource that fails does not hold up the others: it is left as it is, logged, and due again when something
/// changes. Nothing is evaluated when the engine's generation is not the present one, which stays until the commit.
pub async fn chunk(
    txn: &Transaction,
    loaded: &LoadedEngine,
    limit: u64,
    cause: &Cause,
) -> Result<ChunkResult> {
    if revision::hold_generation(txn).await?.generation != loaded.generation {
        return Ok(ChunkResult {
            is_outdated: true,
            ..ChunkResult::default()
        });
    }
    let resources = claim(txn, loaded.revision, limit).await?;
    if resources.is_empty() {
        return Ok(ChunkResult::default());
    }
    let result = match attempt(txn, loaded, resources.clone(), cause).await? {
        Ok(result) => result,
        Err(_) => one_by_one(txn, loaded, resources, cause).await?,
    };
    Ok(result)
}

async fn one_by_one(
    txn: &Transaction,
    loaded: &LoadedEngine,
    resources: Vec<resource::Model>,
    cause: &Cause,
) -> Result<ChunkResult> {
    let mut sum = ChunkResult::default();
    for resource in resources {
        let (id, resource_id) = (resource.id, resource.resource_id.clone());
        sum += match attempt(txn, loaded, vec![resource], cause).await? {
            Ok(result) => result,
            Err(error) => {
                tracing::error!(id, resource_id, %error, "a resource cannot be evaluated; it keeps its tags");
                let mark =
                    "UPDATE evaluations SET revision = $2, evaluated_at = now() WHERE resource_id = $1";
                sql::execute(txn, mark, [id.into(), loaded.revision.into()]).await?;
                ChunkResult {
                    evaluated: 1,
                    failed: 1,
                    ..ChunkResult::default()
                }
            }
        };
    }
    Ok(sum)
}

/// Evaluates resources behind a savepoint. The inner error is the fault of one of them, and nothing was written;
/// the outer one is of the database or the run, and ends the transaction.
async fn attempt(
    txn: &Transaction,
    loaded: &LoadedEngine,
    resources: Vec<resource::Model>,
    cause: &Cause,
) -> Result<Result<ChunkResult>> {
    let savepoint = txn.begin().await?;
    match work_off(&savepoint, loaded, resources, cause).await {
        Ok(result) => {
            savepoint.commit().await?;
            Ok(Ok(result))
        }
        Err(error) if matches!(error, Error::Internal(_)) || sql::refuses_rows(&error) => {
            savepoint.rollback().await?;
            Ok(Err(error))
        }
        Err(error) => Err(error),
    }
}

async fn work_off(
    txn: &Transaction,
    loaded: &LoadedEngine,
    resources: Vec<resource::Model>,
    cause: &Cause,
) -> Result<ChunkResult> {
    let ids: Vec<i64> = resources.iter().map(|resource| resource.id).collect();
    let mut tags: HashMap<i64, Vec<virtual_tag::Model>> = HashMap::new();
    for tag in tags_of(txn, &ids).await? {
        tags.entry(tag.resource_id).or_default().push(tag);
    }
    let engine = loaded.shared();
    let work = compute(Duration::MAX, move || evaluate(&engine, resources, &tags)).await??;
    let given_up = loaded.engine.take_given_up();
    for (rule, resources) in &given_up {
        tracing::warn!(rule, resources, "a rule takes too long: it does not match there");
    }
    write(txn, loaded, &work, cause).await?;
    Ok(ChunkResult {
        evaluated: ids.len() as u64,
        given_up: given_up.values().sum(),
        ..work.counts()
    })
}

/// Claims resources with their evaluations. Changes of a resource's tags hold its row, and its evaluation is touched under
/// that lock alone. Both are claimed by one
/// statement that skips what others hold: it never waits, so it is part of no deadlock.
async fn claim(txn: &Transaction, revision: i64, limit: u64) -> Result<Vec<resource::Model>> {
    let claim = "SELECT r.* FROM evaluations e JOIN resources r ON r.id = e.resource_id WHERE e.revision < $1
                  ORDER BY e.revision, e.resource_id LIMIT $2 FOR NO KEY UPDATE OF r, e SKIP LOCKED";
    sql::rows(txn, claim, [revision.into(), (limit as i64).into()]).await
}

async fn tags_of(txn: &Transaction, ids: &[i64]) -> Result<Vec<virtual_tag::Model>> {
    let any = PgFunc::any(Expr::val(ids.to_vec()));
    let tags =
        virtual_tag::find(&AccountScope::All).filter(virtual_tag::Column::ResourceId.into_expr().eq(any));
    Ok(tags.all(txn).await?)
}

async fn write(txn: &Transaction, loaded: &LoadedEngine, work: &ChunkWork, cause: &Cause) -> Result<()> {
    if !work.unsupported.is_empty() {
        let unsupported = sql::recordset(&work.unsupported)?;
        by_rule::withdraw(txn, unsupported, work.restored.clone(), cause).await?;
    }
    if !work.withdrawals.is_empty() {
        let withdrawals = vec![sql::recordset(&work.withdrawals)?];
        audit::with_trail::<virtual_tag::Model>(txn, WITHDRAW, withdrawals, cause).await?;
    }
    if !work.denials.is_empty() {
        past_denial::restore(txn, sql::recordset(&work.denials)?, cause).await?;
    }
    if !work.changes.is_empty() {
        let changes = vec![sql::recordset(&work.changes)?];
        audit::with_trail::<virtual_tag::Model>(txn, &propose(), changes, cause).await?;
    }
    if !work.approvals.is_empty() {
        by_rule::approve(txn, sql::recordset(&work.approvals)?, cause.run_id, cause).await?;
    }
    let inferences =
        "WITH input AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1) AS i(resource_id bigint,
                predictions jsonb, stated jsonb, disputed text[], invalid text[])),
         marked AS (UPDATE evaluations e SET revision = $3, evaluated_at = now(), stated = i.stated,
                disputed = i.disputed, invalid = i.invalid
              FROM input i WHERE e.resource_id = i.resource_id)
         INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
         SELECT resource_id, $2, $3, predictions FROM input";
    let binds = [
        sql::recordset(&work.inferences)?,
        loaded.model_version.clone().into(),
        loaded.revision.into(),
    ];
    sql::execute(txn, inferences, binds).await?;
    Ok(())
}

const WITHDRAW: &str = "changed AS (
    UPDATE virtual_tags t SET approval_status = 'SUPERSEDED', updated_at = now()
      FROM jsonb_to_recordset($1) AS i(id bigint)
     WHERE t.id = i.id AND t.approval_status = 'PENDING'
    RETURNING t.*, 'WITHDRAWN'::text AS action, t.tag_value AS old_value, 'PENDING'::text AS old_status)";

/// The resources are locked, so each tag is as it was when the change was planned.
fn propose() -> String {
    format!("
    input AS (SELECT * FROM jsonb_to_recordset($1) AS i(resource_id bigint, tag_key text, tag_value text,
        source text, confidence float8, auto_applied boolean, rule_id bigint, evidence jsonb,
        evidence_signature text, action text, old_status text, changes_since_denial jsonb)),
    written AS (
        INSERT INTO virtual_tags AS t (resource_id, tag_key, tag_value, source, confidence, auto_applied,
            approval_status, rule_id, evidence, evidence_signature, cloud, account_id, resource_type, past_denial)
        SELECT i.resource_id, i.tag_key, i.tag_value, i.source, i.confidence, i.auto_applied, 'PENDING',
            i.rule_id, i.evidence, i.evidence_signature, r.cloud, r.account_id, r.resource_type,
            i.changes_since_denial
          FROM input i JOIN resources r ON r.id = i.resource_id ORDER BY i.resource_id, i.tag_key
        ON CONFLICT (resource_id, tag_key, tag_value) DO UPDATE SET
            source = excluded.source, confidence = excluded.confidence, auto_applied = excluded.auto_applied,
            approval_status = 'PENDING', rule_id = excluded.rule_id, evidence = excluded.evidence,
            evidence_signature = excluded.evidence_signature, updated_at = now(), superseded_by = NULL,
            superseded_from = NULL, decided_by = NULL, decided_at = NULL, decision_reason = NULL,
            approved_by_rule = false, decision_mode = NULL, past_denial = {REMEMBERED},
            created_at = CASE WHEN t.approval_status = 'PENDING' THEN t.created_at ELSE now() END
        RETURNING *),
    changed AS (SELECT w.*, i.action, CASE WHEN i.old_status IS NOT NULL THEN w.tag_value END AS old_value,
            i.old_status
        FROM written w JOIN input i USING (resource_id, tag_key, tag_value))")
}
