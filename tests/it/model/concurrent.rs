//! Several actors at the same time on the same few resources. What comes of it depends on who was first, so there is no
//! model to compare with; but some things hold whoever was.

use super::real::{ANN, WORKER};
use crate::support::decisions::{answered, try_decide, undo};
use crate::support::fixture::rule;
use crate::support::fixture::{Fixture, actor, approver, resource, settings, shipped_vocabulary, vocabulary};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use tokio::task::JoinSet;
use virtual_tagging::auth::Role;
use virtual_tagging::db::Begin;
use virtual_tagging::domain::approvals::{self, Decision, Decisions, NewTag, Selection};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::discovery::ReportSink;
use virtual_tagging::domain::evaluation::{auto_tag, load_engine};
use virtual_tagging::domain::inventory::{self, Reconciler, ResourcePatch};
use virtual_tagging::domain::rules;

const ACTORS: usize = 4;
const STEPS: usize = 14;
const ROUNDS: u64 = 4;
const NAMES: [&str; 3] = ["orders-prod", "orders-staging", "bills-prod"];
const VALUES: [&str; 4] = ["production", "staging", "payments", "by-hand"];

/// One of those who act at the same time.
struct ActorTask {
    fixture: Arc<Fixture>,
    moments: StdRng,
    /// Decisions that it was told were made.
    decided: usize,
}

impl ActorTask {
    async fn tags(&mut self) -> Vec<i64> {
        let tags = self.fixture.tags().await;
        let mut ids: Vec<i64> = tags.iter().map(|tag| tag.id).collect();
        let most = self.moments.random_range(1..4).min(ids.len());
        // In any order: whoever locks must not rely on it.
        rand::seq::SliceRandom::shuffle(ids.as_mut_slice(), &mut self.moments);
        ids.truncate(most);
        ids
    }

    fn count(&mut self, decisions: Option<Decisions>) {
        self.decided += decisions.map_or(0, |decisions| decisions.decided());
    }

    async fn evaluate(&mut self) {
        let pool = &self.fixture.pool;
        let loaded = load_engine(pool, &settings()).await.unwrap();
        let cause = Cause {
            actor: WORKER.into(),
            reason: None,
            run_id: None,
        };
        let txn = pool.begin().await.unwrap();
        auto_tag::chunk(&txn, &loaded, auto_tag::CHUNK, &cause)
            .await
            .unwrap();
        // A worker may die here.
        if self.moments.random_bool(0.8) {
            txn.commit().await.unwrap();
        }
    }

    async fn report(&mut self) {
        let mut reconciler = Reconciler::new(&self.fixture.pool, "test", None);
        let present = NAMES.iter().filter(|_| self.moments.random_bool(0.7));
        let present: Vec<_> = present.map(|name| resource(name)).collect();
        if !present.is_empty() {
            reconciler.resources(present).await.unwrap();
        }
        if self.moments.random_bool(0.3) {
            reconciler.retire_missing().await.unwrap();
        }
    }

    async fn edit(&mut self) {
        let (pool, ada) = (self.fixture.pool.clone(), actor("ada", Role::Admin));
        let slot =
            self.fixture.number("SELECT min(id) FROM resources", []).await + self.moments.random_range(0..3);
        let value = *VALUES.choose(&mut self.moments).unwrap();
        let edit = ResourcePatch {
            native_tags: Some([("Env".to_owned(), value.to_owned())].into()),
            ..ResourcePatch::default()
        };
        answered(inventory::update(&pool, &ada, slot, edit).await);
        let name = format!("rule {}", self.moments.random_range(0..3));
        let mut draft = rule(&name, "resource.name.startsWith('orders')", "team", value);
        draft.enabled = self.moments.random_bool(0.5);
        answered(rules::create(&pool, &ada, &vocabulary(), draft).await);
    }

    async fn by_hand(&mut self) {
        let (pool, ann) = (self.fixture.pool.clone(), approver(ANN));
        let Some(&tag) = self.tags().await.first() else {
            return;
        };
        let value = *VALUES.choose(&mut self.moments).unwrap();
        match self.moments.random_range(0..3) {
            0 => drop(answered(
                approvals::update(&pool, shipped_vocabulary(), &ann, tag, value, None).await,
            )),
            1 => drop(answered(approvals::delete(&pool, &ann, tag, None).await)),
            _ => {
                let tags = self.fixture.tags().await;
                let Some(tag) = tags.choose(&mut self.moments) else {
                    return;
                };
                let new = NewTag {
                    resource_id: tag.resource_id,
                    tag_key: tag.tag_key.clone(),
                    tag_value: value.into(),
                    reason: None,
                };
                answered(approvals::create(&pool, shipped_vocabulary(), &ann, new).await);
            }
        }
    }

    async fn step(&mut self) {
        let (pool, ann) = (self.fixture.pool.clone(), approver(ANN));
        match self.moments.random_range(0..10) {
            0..2 => self.evaluate().await,
            2..6 => {
                let decision = *[Decision::Approve, Decision::Deny]
                    .choose(&mut self.moments)
                    .unwrap();
                let ids = Selection::Ids(self.tags().await);
                let decided = try_decide(&pool, &ann, decision, ids, None).await;
                self.count(answered(decided));
            }
            6 => {
                let undone = undo(&pool, &ann, self.tags().await, None).await;
                self.count(answered(undone));
            }
            7 => self.report().await,
            8 => self.edit().await,
            _ => self.by_hand().await,
        }
    }
}

async fn round(seed: u64) {
    let fixture = Arc::new(Fixture::new().await);
    let all: Vec<_> = NAMES.iter().map(|name| resource(name)).collect();
    fixture.report(&all).await;
    fixture.auto_tag().await;
    let mut hands = JoinSet::new();
    for number in 0..ACTORS {
        let mut hand = ActorTask {
            fixture: Arc::clone(&fixture),
            moments: StdRng::seed_from_u64(seed * 1_000 + number as u64),
            decided: 0,
        };
        hands.spawn(async move {
            for _ in 0..STEPS {
                hand.step().await;
            }
            hand.decided
        });
    }
    let mut told = 0;
    while let Some(hand) = hands.join_next().await {
        told += hand.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let written = fixture
        .count("tag_audit WHERE action IN ('APPROVED', 'DENIED', 'UNDONE')")
        .await;
    assert_eq!(
        written, told as i64,
        "seed {seed}: each decision that was told is in the trail, and no other"
    );
    let several = "(SELECT FROM virtual_tags WHERE approval_status = 'APPROVED'
         GROUP BY resource_id, tag_key HAVING count(*) > 1) AS several";
    assert_eq!(fixture.count(several).await, 0, "seed {seed}");
    let gaps = "(SELECT old_status, old_value, lag(new_status) OVER by_tag AS status_before,
              lag(new_value) OVER by_tag AS value_before
            FROM tag_audit WINDOW by_tag AS (PARTITION BY virtual_tag_id ORDER BY id)) AS chain
          WHERE (old_status, old_value) IS DISTINCT FROM (status_before, value_before)";
    assert_eq!(
        fixture.count(gaps).await,
        0,
        "seed {seed}: each change begins where the one before ended"
    );
    let astray = "(SELECT id, lag(id) OVER (PARTITION BY virtual_tag_id ORDER BY xid, id) AS before
            FROM tag_audit) AS events WHERE id < before";
    assert_eq!(
        fixture.count(astray).await,
        0,
        "seed {seed}: events of a tag come as they happened"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_first_nothing_is_lost_or_doubled() {
    let first = rand::random::<u32>().into();
    for seed in first..first + ROUNDS {
        round(seed).await;
    }
}
