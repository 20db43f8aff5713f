//! The job that trains a model on the estate: native tags and decisions of all resources, read page by page.

use super::compare::{self, Verdict};
use super::learn::{self, Learned, Learner};
use super::load;
use super::store::{self, NewModel, TrainingWindow};
use crate::auth::Role;
use crate::db::{Begin, Transaction, sql};
use crate::domain::evaluation::EngineSettings;
use crate::domain::revision;
use crate::entities::{AccountScope, ApprovalStatus, JobName, resource, virtual_tag};
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Job, Progress, RunHandle};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tagging::{EstateModel, EstateRow};

/// Resources read at once.
const PAGE: u64 = 2_000;

/// Seed of the training: the same estate gives the same model.
const SEED: u64 = 1;

/// A new model is due when so many percent of the resources, or of the labels, changed since the last one was trained, or so
/// many of them in a small estate.
const CHANGED_PERCENT: i64 = 5;
const CHANGED_LEAST: i64 = 20;

/// The job that trains a model, compares it with the one in use, and puts it into use if it is better.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainModelJob {}

#[async_trait::async_trait]
impl Job for TrainModelJob {
    const NAME: JobName = JobName::TrainModel;
    const PRIORITY: i16 = 30;
    const TIME_LIMIT: Duration = Duration::from_hours(1);
    /// Those who may ask for an evaluation: a model proposes and decides nothing, and takes the place of the one in use only
    /// when it is better.
    const ROLE: Role = Role::Approver;
    const CRON: Option<&'static str> = Some("*/10 * * * *");

    type Context = (DatabaseConnection, EngineSettings);

    fn exclusive_key(&self) -> Option<String> {
        Some(self.singleton_key())
    }

    /// A model that is put into use makes all resources due.
    fn follow_up(&self) -> Option<JobName> {
        Some(JobName::AutoTag)
    }

    async fn is_due(txn: &Transaction) -> Result<bool> {
        is_due(txn).await
    }

    async fn run(self, (db, settings): &Self::Context, run: &RunHandle) -> Result<()> {
        run.start_over(db).await?;
        let window = window(db).await?;
        let vocabulary = settings.vocabulary();
        let learner = Learner::start(Arc::clone(&vocabulary), SEED);
        if read_estate(db, settings, &learner, run).await? == ControlFlow::Cancelled {
            return Ok(());
        }
        let learned = tokio::select! {
            learned = learner.finish() => learned?,
            () = run.cancellation().cancelled() => {
                run.should_stop();
                return Ok(());
            }
        };
        conclude(db, settings, learned, window, run).await
    }
}

/// Hands all resources to the learner. Counts are of resources.
async fn read_estate(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    learner: &Learner,
    run: &RunHandle,
) -> Result<ControlFlow> {
    #[derive(FromQueryResult)]
    struct TotalRow {
        total: i64,
    }
    let total = "SELECT coalesce(sum(count), 0)::bigint AS total FROM resource_totals_now";
    let total = sql::row::<TotalRow>(db, total, []).await?.map(|row| row.total);
    let mut after = 0;
    loop {
        let page = page(db, settings, after).await?;
        let Some((last, rows)) = page else {
            return Ok(ControlFlow::Continue);
        };
        after = last;
        let progress = Progress {
            done_delta: rows.len() as i64,
            total,
            counts: [("resources", rows.len() as i64)].into(),
        };
        learner.add(rows).await?;
        if run.checkpoint(db, progress).await? == ControlFlow::Cancelled {
            return Ok(ControlFlow::Cancelled);
        }
    }
}

/// Rows of the resources after a key, and the last one's key; `None` at the end.
async fn page(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    after: i64,
) -> Result<Option<(i64, Vec<EstateRow>)>> {
    let resources = resource::find(&AccountScope::All)
        .filter(resource::Column::RetiredAt.is_null())
        .filter(resource::Column::Id.gt(after))
        .order_by_asc(resource::Column::Id)
        .limit(PAGE)
        .all(db)
        .await?;
    let Some(last) = resources.last().map(|resource| resource.id) else {
        return Ok(None);
    };
    let ids: Vec<i64> = resources.iter().map(|resource| resource.id).collect();
    let any = PgFunc::any(Expr::val(ids));
    let decided = virtual_tag::find(&AccountScope::All)
        .filter(virtual_tag::Column::ResourceId.into_expr().eq(any))
        .filter(virtual_tag::Column::ApprovalStatus.is_in([ApprovalStatus::Approved, ApprovalStatus::Denied]))
        .order_by_asc(virtual_tag::Column::Id);
    let mut tags: HashMap<i64, Vec<virtual_tag::Model>> = HashMap::new();
    for tag in decided.all(db).await? {
        tags.entry(tag.resource_id).or_default().push(tag);
    }
    let rows = resources.into_iter().map(|resource| {
        let tags = tags.remove(&resource.id).unwrap_or_default();
        learn::row(resource, &tags, &settings.vocabulary())
    });
    Ok(Some((last, rows.collect::<Result<_>>()?)))
}

/// Stores the model, compares it with the one in use, and puts it into use or turns it down.
async fn conclude(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    learned: Learned,
    window: TrainingWindow,
    run: &RunHandle,
) -> Result<()> {
    let version_in_use = store::active(db).await?;
    let in_use = match version_in_use {
        Some(version) => {
            let bytes = store::bytes(db, version).await?;
            Some(load::read(bytes, settings.vocabulary()).await?)
        }
        None => None,
    };
    let judged = tokio::task::spawn_blocking(move || judge(learned, in_use));
    let (learned, bytes, verdict, comparison) = judged.await.map_err(Error::internal)?;
    let txn = db.begin().await?;
    let model = NewModel {
        window,
        resources: learned.resources,
        labels: learned.labels,
        seed: SEED as i64,
        vocabulary: settings.vocabulary().fingerprint().to_owned(),
        metrics: serde_json::to_value(learned.model.metrics()).map_err(Error::internal)?,
        bytes,
    };
    let version = store::insert(&txn, model).await?;
    if let Some(comparison) = comparison {
        store::note_comparison(&txn, version, comparison).await?;
    }
    let outcome = match verdict {
        Verdict::Activate(reason) => {
            revision::raise(&txn).await?;
            if store::active(&txn).await? == version_in_use {
                store::activate(&txn, version, &reason).await?;
                "activated"
            } else {
                let reason = "the model that it was compared with is no longer in use";
                store::reject(&txn, version, reason).await?;
                "rejected"
            }
        }
        Verdict::Reject(reason) => {
            tracing::info!(version, reason, "a trained model is not put into use");
            store::reject(&txn, version, &reason).await?;
            "rejected"
        }
    };
    let progress = Progress {
        done_delta: 0,
        total: None,
        counts: [(outcome, 1)].into(),
    };
    // The model is kept even if the run is cancelled only now.
    let _flow = run.checkpoint(&txn, progress).await?;
    txn.commit().await?;
    Ok(())
}

type Judged = (Learned, Vec<u8>, Verdict, Option<serde_json::Value>);

/// The verdict on a model. The first one is put into use, and so is one whose predecessor cannot be read any more.
fn judge(learned: Learned, in_use: Option<std::result::Result<EstateModel, tagging::ModelError>>) -> Judged {
    let bytes = learned.model.to_bytes();
    let (verdict, comparison) = match in_use {
        None => (Verdict::Activate("the first model".into()), None),
        Some(Err(error)) => (
            Verdict::Activate(format!("the model before cannot be read: {error}")),
            None,
        ),
        Some(Ok(in_use)) => {
            let new = learned.held_out.try_model(&learned.model);
            let old = learned.held_out.try_model(&in_use);
            let comparison = serde_json::json!({ "candidate": new, "inUse": old });
            (compare::decide(&new, &old), Some(comparison))
        }
    };
    (learned, bytes, verdict, comparison)
}

/// The window of a training that begins now.
async fn window(db: &impl ConnectionTrait) -> Result<TrainingWindow> {
    let window =
        "SELECT (SELECT first_seen_at FROM resources ORDER BY id LIMIT 1) AS starts_at, now() AS ends_at,
             pg_snapshot_xmin(pg_current_snapshot())::text AS ends_before";
    sql::row(db, window, [])
        .await?
        .ok_or_else(|| Error::internal("there is no present"))
}

/// True when there are resources and no model, when the one in use has a format that this program cannot read, or when a share of resources or labels changed since the last one was
/// trained. Changes are counted up to that share, by the indexes on their transactions and times.
async fn is_due(txn: &Transaction) -> Result<bool> {
    let due = "WITH last AS (
             SELECT window_xid, window_end, greatest(resource_count * $1 / 100, $2) AS resources,
                    greatest((native_labels + decided_labels + rule_labels + denied_labels) * $1 / 100, $2) AS labels
               FROM models ORDER BY version DESC LIMIT 1),
         changed AS (
             SELECT FROM resources
              WHERE changed_xid >= (SELECT window_xid FROM last) AND changed_at >= (SELECT window_end FROM last)
              LIMIT (SELECT resources FROM last)),
         decided AS (
             SELECT FROM tag_audit
              WHERE action IN ('APPROVED', 'DENIED', 'UNDONE', 'CREATED', 'UPDATED', 'DELETED')
                AND \"timestamp\" >= (SELECT window_end FROM last)
              LIMIT (SELECT labels FROM last))
         SELECT 1 WHERE CASE WHEN EXISTS (SELECT FROM last)
             THEN (SELECT count(*) FROM changed) >= (SELECT resources FROM last)
                  OR (SELECT count(*) FROM decided) >= (SELECT labels FROM last)
                  OR EXISTS (SELECT FROM models m JOIN model_parts p ON p.version = m.version AND p.part = 0
                              WHERE m.status = 'ACTIVE' AND substr(p.bytes, 1, length($3::bytea)) <> $3::bytea)
             ELSE EXISTS (SELECT FROM evaluations) END";
    let header = EstateModel::header().to_vec();
    let binds = [CHANGED_PERCENT.into(), CHANGED_LEAST.into(), header.into()];
    Ok(txn.query_one_raw(sql::statement(due, binds)).await?.is_some())
}
