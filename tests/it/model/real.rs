//! The service: the same steps through the verbs that resolvers and jobs call, and what the database then says.

use super::crash_point::{CrashPoint, wait_until_quiet};
use super::snapshot::{DatabaseSnapshot, StoredState, TagIdentity};
use super::state::Model;
use super::steps::{Act, Verdict, reference};
use crate::support::decisions::{try_decide, undo};
use crate::support::fixture::{Fixture, actor, approver, settings, shipped_vocabulary, vocabulary};
use crate::support::runs::{claim, request, silence};
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

pub struct Real<'a> {
    fixture: &'a Fixture,
    case: u64,
    loaded: LoadedEngine,
    tags: BTreeMap<TagIdentity, i64>,
    resources: BTreeMap<usize, i64>,
    last_audit: i64,
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
        let stored = StoredState::read(self.fixture, self.last_audit).await;
        self.last_audit = stored.last_audit;
        self.resources = stored.resources;
        self.tags = stored.tags;
        stored.snapshot
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
