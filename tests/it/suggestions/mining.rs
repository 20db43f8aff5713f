//! Mining by the workers of a process: after evaluations, acceptances and dismissals, without a schedule.

use super::accept;
use crate::cost::bills::{Row, focus, import};
use crate::support::fixture::{Fixture, approver, resource};
use crate::support::runs::request;
use crate::support::wait::wait_until;
use crate::support::workers::{JobWorkers, Scripted};
use std::time::Duration;
use virtual_tagging::db::keyset::Window;
use virtual_tagging::domain::ApprovalStatus::Approved;
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::suggestions::list::{self, SuggestionFilter};
use virtual_tagging::domain::suggestions::{self, Suggestion};

/// Waits until no run is left, and nothing is due.
async fn until_idle(fixture: &Fixture) {
    let busy = "(SELECT id FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING') UNION ALL
         SELECT e.resource_id FROM evaluations e, engine_state s WHERE e.revision < s.revision) busy";
    wait_until(Duration::from_mins(1), "the end of all runs", async || {
        fixture.count(busy).await == 0
    })
    .await;
}

async fn open(fixture: &Fixture, tag_key: &str) -> Vec<Suggestion> {
    let filter = SuggestionFilter {
        tag_key: Some(tag_key.into()),
        ..SuggestionFilter::default()
    };
    let page = list::list(&fixture.pool, &approver("bob"), &filter, &Window::first(100)).await;
    page.unwrap().rows
}

/// Two families of names, in accounts of their own: of each, some state the team and the others lack it.
async fn families(fixture: &Fixture) {
    let mut reports = Vec::new();
    for number in 0..60 {
        for (family, team, account) in [("orders", "desk", "1111"), ("bills", "till", "2222")] {
            let mut report = resource(&format!("{family}-queue-{number}"));
            report.account_id = account.into();
            if number % 3 == 0 {
                report.native_tags.insert("Team".into(), team.into());
            }
            reports.push(report);
        }
    }
    fixture.report(&reports).await;
}

#[tokio::test]
async fn suggestions_follow_evaluations_and_decisions_without_a_schedule() {
    let fixture = Fixture::new().await;
    virtual_tagging::jobs::setup(&fixture.pool).await.unwrap();
    families(&fixture).await;
    let workers = JobWorkers::start(&fixture.pool, Scripted::Fails).await;
    request(&fixture.pool, AutoTagJob {}).await;
    until_idle(&fixture).await;

    let suggested = open(&fixture, "team").await;
    assert!(!suggested.is_empty());
    let first = &suggested[0];
    let offer = first
        .offers()
        .unwrap()
        .into_iter()
        .find(|offer| offer.key == "team")
        .unwrap();
    assert!(["desk", "till"].contains(&offer.value.as_str()), "{offer:?}");
    assert!(
        offer.agreeing >= 20 && offer.contradicting == 0 && offer.open >= 40,
        "{offer:?}"
    );
    assert_eq!(first.accounts.len(), 1);
    assert!(!first.samples.is_empty());

    let bob = approver("bob");
    let tags = [("team", offer.value.as_str())];
    accept(&fixture, &bob, first.id, Some(&tags)).await.unwrap();
    until_idle(&fixture).await;
    let approved = fixture.tags().await;
    let approved = approved.iter().filter(|tag| tag.approval_status == Approved);
    let approved: Vec<_> = approved.collect();
    assert_eq!(approved.len(), 40, "those that lacked the tag");
    assert!(approved.iter().all(|tag| tag.tag_value == offer.value));
    let left = open(&fixture, "team").await;
    assert!(left.iter().all(|each| each.id != first.id));
    assert!(!left.is_empty(), "the other family");
    let other = left[0].offers().unwrap();
    let other = other.iter().find(|offer| offer.key == "team").unwrap();
    assert_ne!(other.value, offer.value);

    let dismissed = left[0].clone();
    suggestions::dismiss(&fixture.pool, &bob, dismissed.id, None)
        .await
        .unwrap();
    until_idle(&fixture).await;
    for _ in 0..2 {
        let left = open(&fixture, "team").await;
        assert!(
            left.iter().all(|each| each.pattern_key != dismissed.pattern_key),
            "it stays away"
        );
        super::make_all_due(&fixture).await;
        request(&fixture.pool, AutoTagJob {}).await;
        until_idle(&fixture).await;
    }

    suggestions::revoke(&fixture.pool, &bob, first.id, None)
        .await
        .unwrap();
    until_idle(&fixture).await;
    let suggested = open(&fixture, "team").await;
    assert!(
        suggested.iter().any(|each| each.accounts == first.accounts
            && each
                .offers()
                .unwrap()
                .iter()
                .any(|again| again.value == offer.value)),
        "it may be suggested again"
    );
    workers.stop().await;
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_kill_between_acceptance_and_back_fill_loses_nothing() {
    let fixture = Fixture::new().await;
    virtual_tagging::jobs::setup(&fixture.pool).await.unwrap();
    families(&fixture).await;
    fixture.auto_tag().await;
    let id = super::suggest(&fixture, &super::named("orders-"), &[("owner", "ann")]).await;
    accept(&fixture, &approver("bob"), id, None).await.unwrap();
    // Nobody is there who would work: what follows from the acceptance is stored with it.
    let queued = "scheduler_jobs WHERE job_name = 'auto_tag' AND status = 'QUEUED'";
    assert_eq!(fixture.count(queued).await, 1);
    let first = JobWorkers::start(&fixture.pool, Scripted::Fails).await;
    wait_until(Duration::from_secs(20), "a first approval", async || {
        fixture.count("virtual_tags WHERE approved_by_rule").await > 0
    })
    .await;
    first.kill();
    let second = JobWorkers::start(&fixture.pool, Scripted::Fails).await;
    wait_until(Duration::from_mins(1), "all approvals", async || {
        fixture.count("virtual_tags WHERE approved_by_rule").await == 60
    })
    .await;
    second.stop().await;
    assert_eq!(
        fixture.count("tag_audit WHERE action = 'APPROVED'").await,
        60,
        "one row each"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn suggestions_know_the_cost_of_their_resources_once_a_bill_tells_it() {
    let fixture = Fixture::new().await;
    virtual_tagging::jobs::setup(&fixture.pool).await.unwrap();
    families(&fixture).await;
    let workers = JobWorkers::start(&fixture.pool, Scripted::Fails).await;
    request(&fixture.pool, AutoTagJob {}).await;
    until_idle(&fixture).await;
    let before = open(&fixture, "team").await;
    assert!(!before.is_empty() && before.iter().all(|suggestion| suggestion.cost.is_none()));

    let billed: Vec<String> = (0..60)
        .map(|number| resource(&format!("bills-queue-{number}")).resource_id)
        .collect();
    let rows: Vec<Row<'_>> = billed
        .iter()
        .map(|resource| Row {
            cost: "2",
            account: "2222",
            resource,
            ..Row::default()
        })
        .collect();
    // Accounts of AWS would have twelve digits.
    let bill = focus(&rows).replace("\"AWS\"", "\"Other\"");
    let done = import(&fixture, bill).await;
    assert!(
        done.stdout.contains("of which 120 of 60 resources"),
        "{}",
        done.stdout
    );
    until_idle(&fixture).await;
    let suggested = open(&fixture, "team").await;
    for (account, cost) in [("1111", None), ("2222", Some(2.0))] {
        let found = suggested
            .iter()
            .find(|suggestion| suggestion.accounts == [account]);
        let found = found.expect("a suggestion for the account");
        assert_eq!(
            found.cost,
            cost.map(|cost| cost * found.resource_count as f64),
            "{found:?}"
        );
    }
    workers.stop().await;
}
