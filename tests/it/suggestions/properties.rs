//! Random acceptances, revocations, decisions and evaluations: what people decided stays, evaluating twice changes
//! nothing, and revoking restores what was.

use super::{accept, evaluate_all_again, named, suggest};
use crate::support::decisions::{answered, try_decide, undo};
use crate::support::fixture::{Fixture, approver, resource};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use virtual_tagging::domain::ApprovalStatus::{self, Approved, Denied, Superseded};
use virtual_tagging::domain::TagSource;
use virtual_tagging::domain::approvals::{Decision, Selection};
use virtual_tagging::domain::suggestions;
use virtual_tagging::entities::virtual_tag::Model as Tag;

/// Each tag that is not superseded: status, source and confidence, by resource, key and value.
type State = BTreeMap<(i64, String, String), (ApprovalStatus, TagSource, String)>;

async fn state(fixture: &Fixture) -> State {
    let tags = fixture
        .tags()
        .await
        .into_iter()
        .filter(|tag| tag.approval_status != Superseded);
    tags.map(|tag| {
        let shown = (tag.approval_status, tag.source, format!("{:.6}", tag.confidence));
        ((tag.resource_id, tag.tag_key, tag.tag_value), shown)
    })
    .collect()
}

fn is_decided_by_a_person(tag: &Tag) -> bool {
    tag.approval_status == Denied || tag.approval_status == Approved && !tag.approved_by_rule
}

async fn decided(fixture: &Fixture) -> Vec<(i64, ApprovalStatus)> {
    let tags = fixture.tags().await;
    let decided = tags.iter().filter(|tag| is_decided_by_a_person(tag));
    decided.map(|tag| (tag.id, tag.approval_status)).collect()
}

#[tokio::test]
async fn any_history_of_decisions_ends_where_it_began_when_all_is_taken_back() {
    for seed in 0..4 {
        history(seed).await;
    }
}

async fn history(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let fixture = Fixture::new().await;
    let names = ["pay-prod", "pay-dev", "pay-api-test", "web-prod", "web-api"];
    fixture.report(&names.map(resource)).await;
    fixture.auto_tag().await;
    let start = state(&fixture).await;
    let mut suggested = Vec::new();
    for (prefix, tags) in [
        ("pay-", &[("environment", "staging"), ("team", "payroll")][..]),
        ("pay-p", &[("environment", "production"), ("team", "desk")][..]),
        ("web-", &[("team", "web"), ("owner", "ann")][..]),
        ("pay-api", &[("environment", "staging")][..]),
    ] {
        suggested.push(suggest(&fixture, &named(prefix), tags).await);
    }
    let ann = approver("ann");
    for step in 0..40 {
        let id = *suggested.choose(&mut random).unwrap();
        let tags: Vec<i64> = fixture.tags().await.iter().map(|tag| tag.id).collect();
        let tag = *tags.choose(&mut random).unwrap();
        let selection = Selection::Ids(vec![tag]);
        match random.random_range(0..7) {
            0 | 1 => drop(answered(accept(&fixture, &ann, id, None).await)),
            2 => drop(answered(suggestions::revoke(&fixture.pool, &ann, id, None).await)),
            3 => drop(answered(
                try_decide(&fixture.pool, &ann, Decision::Approve, selection, None).await,
            )),
            4 => drop(answered(
                try_decide(&fixture.pool, &ann, Decision::Deny, selection, None).await,
            )),
            5 => drop(answered(undo(&fixture.pool, &ann, vec![tag], None).await)),
            _ => evaluate_all_again(&fixture).await,
        }
        let before = decided(&fixture).await;
        fixture.auto_tag().await;
        assert_eq!(
            decided(&fixture).await,
            before,
            "seed {seed}, step {step}: an evaluation decides nothing"
        );
        let once = fixture.tags().await;
        evaluate_all_again(&fixture).await;
        assert_eq!(
            fixture.tags().await,
            once,
            "seed {seed}, step {step}: evaluating again changes nothing"
        );
        fixture.assert_trail_leads_to_tags().await;
    }
    for id in suggested {
        answered(suggestions::revoke(&fixture.pool, &ann, id, None).await);
    }
    fixture.auto_tag().await;
    for round in 0.. {
        let decided: Vec<i64> = decided(&fixture).await.into_iter().map(|(id, _)| id).collect();
        if decided.is_empty() {
            break;
        }
        assert!(round < 100, "seed {seed}: these stay decided: {decided:?}");
        undo(&fixture.pool, &ann, decided, None).await.unwrap();
        evaluate_all_again(&fixture).await;
    }
    assert_eq!(state(&fixture).await, start, "seed {seed}");
}
