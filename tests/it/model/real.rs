//! The service: the same steps through the verbs that resolvers and jobs call, and what the database then says.

use super::crash_point::{CrashPoint, wait_until_quiet};
use super::state::{Change, Model, upper};
use super::steps::{Act, Verdict, reference};
use crate::support::decisions::{try_decide, undo};
use crate::support::fixture::{Fixture, actor, approver, settings, shipped_vocabulary, vocabulary};
use crate::support::runs::{claim, request, silence};
use sea_orm::FromQueryResult;
use std::collections::{BTreeMap, BTreeSet};
use virtual_tagging::auth::{Actor, Role};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::approvals::{self, Decision, Decisions, NewTag, Selection, TagFilter};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::discovery::{ReportSink, ResourceReport};
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::evaluation::{LoadedEngine, auto_tag, load_engine};
use virtual_tagging::domain::inventory::{self, Reconciler, ResourcePatch};
use virtual_tagging::domain::rules;
use virtual_tagging::error::{Error, Result};
use virtual_tagging::runs::{self, Progress};

pub const ANN: &str = "ann";
pub const WORKER: &str = "system:auto_tag";
pub const SOURCE: &str = "source:test";

/// Response to the caller, as far as the model gives it, too.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The tags that were decided, by slot, key and value.
    Decided(BTreeSet<TagIdentity>),
    Refused,
    /// Nobody was there any more to hear it.
    Unheard,
}

/// A tag's slot, key and value.
pub type TagIdentity = (usize, String, String);

/// All that must be equal on both sides after each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseSnapshot {
    pub tags: BTreeMap<TagIdentity, Vec<String>>,
    /// By slot: what it is called, its native tags, whether it is retired, and the revision of its evaluation.
    pub resources: BTreeMap<usize, (String, String, bool, Option<i64>)>,
    pub revision: i64,
    pub inferences: i64,
    /// Audit rows since the last snapshot.
    pub trail: Vec<Change>,
}

impl DatabaseSnapshot {
    pub fn of_model(model: &Model) -> Self {
        let place = |number: usize| {
            let tag = &model.tags[&number];
            (tag.slot, tag.key.clone(), tag.value.clone())
        };
        let tag = |(&number, tag): (&usize, &super::state::Tag)| {
            let by = tag.taken.and_then(|taken| taken.by);
            let by = by.map(|by| model.tags[&by].value.clone());
            let row = vec![
                upper(tag.status),
                tag.source.clone(),
                format!("{:?}", tag.confidence),
                tag.auto_applied.to_string(),
                format!("{:?}", tag.rule),
                tag.signature.clone(),
                format!("{:?}", tag.decided.as_ref().map(|(by, _)| by)),
                format!("{by:?}"),
                format!("{:?}", denied_by(tag.denials.last())),
            ];
            (place(number), row)
        };
        let resource = |(&slot, resource): (&usize, &super::state::Resource)| {
            let native = serde_json::to_string(&resource.report.native_tags).unwrap();
            let evaluated = (!resource.retired).then_some(resource.evaluated);
            let name = resource.report.name.clone();
            (slot, (name, native, resource.retired, evaluated))
        };
        let mut trail = model.trail.clone();
        trail.sort();
        Self {
            tags: model.tags.iter().map(tag).collect(),
            resources: model.resources.iter().map(resource).collect(),
            revision: model.revision,
            inferences: model.resources.values().map(|resource| resource.inferences).sum(),
            trail,
        }
    }
}

#[derive(FromQueryResult)]
struct TagRow {
    id: i64,
    reference: String,
    tag_key: String,
    tag_value: String,
    approval_status: String,
    source: String,
    confidence: f64,
    auto_applied: bool,
    rule_id: Option<i64>,
    evidence_signature: String,
    decided_by: Option<String>,
    superseded_by: Option<String>,
    denied_by: Option<String>,
}

#[derive(FromQueryResult)]
struct ResourceRow {
    id: i64,
    reference: String,
    name: String,
    native_tags: serde_json::Value,
    retired: bool,
    evaluated: Option<i64>,
}

#[derive(FromQueryResult)]
struct AuditRow {
    id: i64,
    reference: String,
    tag_key: String,
    action: String,
    old_value: Option<String>,
    old_status: Option<String>,
    new_value: Option<String>,
    new_status: Option<String>,
    source: String,
    confidence: f64,
    auto_applied: bool,
    actor: String,
}

pub struct Real<'a> {
    fixture: &'a Fixture,
    case: u64,
    loaded: LoadedEngine,
    tags: BTreeMap<TagIdentity, i64>,
    resources: BTreeMap<usize, i64>,
    last_audit: i64,
}

fn slot(reference: &str) -> usize {
    reference.rsplit('/').next().unwrap().parse().unwrap()
}

fn cause(actor: &str, run_id: Option<i64>) -> Cause {
    Cause {
        actor: actor.into(),
        reason: None,
        run_id,
    }
}

fn ada() -> Actor {
    actor("ada", Role::Admin)
}

impl<'a> Real<'a> {
    pub async fn new(fixture: &'a Fixture, case: u64) -> Self {
        let last = "SELECT coalesce(max(id), 0) FROM tag_audit";
        let loaded = load_engine(&fixture.pool, &settings()).await.unwrap();
        Self {
            fixture,
            case,
            loaded,
            tags: BTreeMap::new(),
            resources: BTreeMap::new(),
            last_audit: fixture.number(last, []).await,
        }
    }

    pub async fn revision(&self) -> i64 {
        self.fixture.number("SELECT revision FROM engine_state", []).await
    }

    /// The id that the next rule gets.
    pub async fn next_rule(&self) -> i64 {
        let next = "SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM rules_id_seq";
        self.fixture.number(next, []).await
    }

    /// Reads what the database holds now, and remembers ids for the next step.
    pub async fn snapshot(&mut self) -> DatabaseSnapshot {
        let pool = &self.fixture.pool;
        let tags =
            "SELECT t.id, r.resource_id AS reference, t.tag_key, t.tag_value, t.approval_status, t.source,
                t.confidence, t.auto_applied, t.rule_id, t.evidence_signature, t.decided_by,
                w.tag_value AS superseded_by, t.past_denial ->> 'denied_by' AS denied_by
           FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
           LEFT JOIN virtual_tags w ON w.id = t.superseded_by";
        let tags: Vec<TagRow> = sql::rows(pool, tags, []).await.unwrap();
        let resources = "SELECT r.id, r.resource_id AS reference, r.name, r.native_tags, r.retired_at IS NOT NULL AS retired,
                e.revision AS evaluated
           FROM resources r LEFT JOIN evaluations e ON e.resource_id = r.id";
        let resources: Vec<ResourceRow> = sql::rows(pool, resources, []).await.unwrap();
        let trail = "SELECT id, resource_ref AS reference, tag_key, action, old_value, old_status, new_value,
                new_status, source, confidence, auto_applied, actor FROM tag_audit WHERE id > $1 ORDER BY id";
        let trail: Vec<AuditRow> = sql::rows(pool, trail, [self.last_audit.into()]).await.unwrap();
        self.last_audit = trail.last().map_or(self.last_audit, |row| row.id);
        let inferences = self.fixture.count("ml_inferences").await;
        let ids = resources.iter().map(|row| (slot(&row.reference), row.id));
        self.resources = ids.collect();
        self.tags.clear();
        let mut snapshot = DatabaseSnapshot {
            revision: self.revision().await,
            inferences,
            trail: trail.into_iter().map(change).collect(),
            ..DatabaseSnapshot::default()
        };
        snapshot.trail.sort();
        for row in resources {
            let state = (row.name, row.native_tags.to_string(), row.retired, row.evaluated);
            snapshot.resources.insert(slot(&row.reference), state);
        }
        for row in tags {
            let place = (slot(&row.reference), row.tag_key.clone(), row.tag_value.clone());
            self.tags.insert(place.clone(), row.id);
            snapshot.tags.insert(place, view(row));
        }
        snapshot
    }

    fn tag(&self, model: &Model, number: usize) -> i64 {
        let tag = &model.tags[&number];
        self.tags[&(tag.slot, tag.key.clone(), tag.value.clone())]
    }

    fn outcome(&self, decisions: Result<Decisions>) -> Outcome {
        let made = decisions
            .unwrap()
            .items
            .into_iter()
            .filter(|item| item.problem.is_none());
        let place = |id: i64| self.tags.iter().find(|(_, tag)| **tag == id).unwrap().0.clone();
        Outcome::Decided(made.map(|item| place(item.id)).collect())
    }

    /// Does it. `model` is as it was before the step.
    pub async fn execute_act(&mut self, model: &Model, act: &Act) -> Outcome {
        if let Act::Cut(act, polls) = act {
            let heard = CrashPoint::after(*polls, self.perform_whole(model, act)).await;
            wait_until_quiet(self.fixture).await;
            // A worker's rules are its own, and die with it.
            self.load(true).await;
            return heard.unwrap_or(Outcome::Unheard);
        }
        self.perform_whole(model, act).await
    }

    async fn perform_whole(&mut self, model: &Model, act: &Act) -> Outcome {
        let (pool, ann) = (&self.fixture.pool, approver(ANN));
        match act {
            Act::Report(reports) => self.report(reports, false).await,
            Act::Snapshot { reports, .. } => self.report(reports, true).await,
            Act::EditNative(slot, report) => {
                let edit = ResourcePatch {
                    native_tags: Some(report.native_tags.clone()),
                    ..ResourcePatch::default()
                };
                done(inventory::update(pool, &ada(), self.resources[slot], edit).await)
            }
            Act::DeleteResource(slot) => {
                done(inventory::delete(pool, &actor(ANN, Role::Admin), self.resources[slot], None).await)
            }
            Act::Evaluate { reload } => self.evaluate(*reload).await,
            Act::Decide(verdict, numbers) => {
                let ids = numbers.iter().map(|&number| self.tag(model, number)).collect();
                self.decide(*verdict, Selection::Ids(ids)).await
            }
            Act::DecideKey(verdict, key) => {
                let filter = TagFilter {
                    tag_key: Some((*key).into()),
                    ..TagFilter::default()
                };
                self.decide(*verdict, Selection::Filter(filter)).await
            }
            Act::CreateTag(slot, key, value) => {
                let new = NewTag {
                    resource_id: self.resources[slot],
                    tag_key: (*key).into(),
                    tag_value: (*value).into(),
                    reason: None,
                };
                done(approvals::create(pool, shipped_vocabulary(), &ann, new).await)
            }
            Act::UpdateTag(number, value) => done(
                approvals::update(
                    pool,
                    shipped_vocabulary(),
                    &ann,
                    self.tag(model, *number),
                    value,
                    None,
                )
                .await,
            ),
            Act::DeleteTag(number) => {
                done(approvals::delete(pool, &ann, self.tag(model, *number), None).await)
            }
            Act::PutRule(None, draft) => {
                done(rules::create(pool, &ada(), &vocabulary(), draft.clone()).await)
            }
            Act::PutRule(Some(id), draft) => {
                let change = |now: &mut rules::RuleDraft| now.clone_from(draft);
                done(rules::update(pool, &ada(), &vocabulary(), *id, None, change).await)
            }
            Act::DeleteRule(id) => done(rules::delete(pool, &ada(), *id).await),
            Act::Abandon => self.abandon().await,
            Act::Takeover => self.take_over().await,
            Act::Nothing => Outcome::Done,
            Act::Cut(..) => unreachable!("steps are cut once"),
        }
    }

    async fn report(&self, reports: &[(usize, ResourceReport)], whole: bool) -> Outcome {
        let mut reconciler = Reconciler::new(&self.fixture.pool, "test", None);
        let reports: Vec<ResourceReport> = reports.iter().map(|(_, report)| report.clone()).collect();
        if !reports.is_empty() {
            reconciler.resources(reports).await.unwrap();
        }
        if whole {
            reconciler.retire_missing().await.unwrap();
        }
        Outcome::Done
    }

    async fn decide(&self, verdict: Verdict, selection: Selection) -> Outcome {
        let (pool, ann) = (&self.fixture.pool, approver(ANN));
        let decision = match (verdict, selection) {
            (Verdict::Undo, Selection::Ids(ids)) => {
                return self.outcome(undo(pool, &ann, ids, None).await);
            }
            (Verdict::Deny, selection) => (Decision::Deny, selection),
            (_, selection) => (Decision::Approve, selection),
        };
        self.outcome(try_decide(pool, &ann, decision.0, decision.1, None).await)
    }

    /// Also waits until what was refused is rolled back: a worker passes over what somebody still holds.
    async fn load(&mut self, reload: bool) {
        wait_until_quiet(self.fixture).await;
        if reload {
            let loaded = load_engine(&self.fixture.pool, &settings()).await;
            self.loaded = loaded.unwrap();
        }
    }

    async fn evaluate(&mut self, reload: bool) -> Outcome {
        self.load(reload).await;
        let txn = self.fixture.pool.begin().await.unwrap();
        let loaded = &self.loaded;
        let chunk = auto_tag::chunk(&txn, loaded, auto_tag::CHUNK, &cause(WORKER, None))
            .await
            .unwrap();
        assert_eq!(chunk.failed, 0);
        txn.commit().await.unwrap();
        Outcome::Done
    }

    /// All the work of a chunk, and no commit.
    async fn abandon(&mut self) -> Outcome {
        self.load(true).await;
        let txn = self.fixture.pool.begin().await.unwrap();
        let loaded = &self.loaded;
        auto_tag::chunk(&txn, loaded, auto_tag::CHUNK, &cause(WORKER, None))
            .await
            .unwrap();
        drop(txn);
        wait_until_quiet(self.fixture).await;
        Outcome::Done
    }

    /// A worker is taken for dead while it is in a chunk, finds out at its checkpoint, and the next one does the work.
    async fn take_over(&mut self) -> Outcome {
        self.load(true).await;
        let pool = &self.fixture.pool;
        let run = request(pool, AutoTagJob {}).await;
        let claim = |name: &'static str| claim(pool, run.id, name);
        let first = claim("first").await.unwrap();
        let loaded = &self.loaded;
        let cause = cause(WORKER, Some(run.id));
        let txn = pool.begin().await.unwrap();
        auto_tag::chunk(&txn, loaded, auto_tag::CHUNK, &cause)
            .await
            .unwrap();
        silence(pool).await;
        assert_eq!(runs::reclaim_orphans(pool).await.unwrap().requeued, 1);
        let second = claim("second").await.unwrap();
        let late = first.checkpoint(&txn, Progress::default()).await;
        assert!(late.is_err(), "the first worker may still commit");
        drop(txn);
        wait_until_quiet(self.fixture).await;
        let txn = pool.begin().await.unwrap();
        auto_tag::chunk(&txn, loaded, auto_tag::CHUNK, &cause)
            .await
            .unwrap();
        let _flow = second.checkpoint(&txn, Progress::default()).await.unwrap();
        txn.commit().await.unwrap();
        runs::finish_run(pool, &second, Ok(())).await.unwrap();
        Outcome::Done
    }

    /// Each audit row of a tag begins with the state that the row before ended with; and nothing of the case is left.
    pub async fn close(self) {
        let broken = "SELECT count(*) FROM (SELECT a.*,
                lag(new_status) OVER by_tag AS status_before, lag(new_value) OVER by_tag AS value_before
              FROM tag_audit a WHERE resource_ref LIKE $1
            WINDOW by_tag AS (PARTITION BY virtual_tag_id ORDER BY id)) chain
          WHERE (old_status, old_value) IS DISTINCT FROM (status_before, value_before)";
        let prefix = format!("{}%", reference(self.case, 0).trim_end_matches('0'));
        assert_eq!(
            self.fixture.number(broken, [prefix.into()]).await,
            0,
            "the trail has a gap"
        );
        for leftover in ["resources", "rules", "scheduler_jobs"] {
            sql::execute(&self.fixture.pool, &format!("DELETE FROM {leftover}"), [])
                .await
                .unwrap();
        }
    }
}

fn done<T>(result: Result<T>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(Error::Validation(_)) => Outcome::Refused,
        Err(error) => panic!("{error}"),
    }
}

/// Actor of a denial that the tag remembers.
fn denied_by(denial: Option<&super::state::Tag>) -> Option<&String> {
    denial?.decided.as_ref().map(|(by, _)| by)
}

fn view(row: TagRow) -> Vec<String> {
    vec![
        row.approval_status,
        row.source,
        format!("{:?}", row.confidence),
        row.auto_applied.to_string(),
        format!("{:?}", row.rule_id),
        row.evidence_signature,
        format!("{:?}", row.decided_by),
        format!("{:?}", row.superseded_by),
        format!("{:?}", row.denied_by),
    ]
}

fn change(row: AuditRow) -> Change {
    Change {
        slot: slot(&row.reference),
        key: row.tag_key,
        action: row.action,
        old: row.old_value.zip(row.old_status),
        new: row.new_value.zip(row.new_status),
        source: row.source,
        confidence: format!("{:?}", row.confidence),
        auto_applied: row.auto_applied,
        actor: row.actor,
    }
}
