//! Denied values: they return on evidence that is materially new, say so, and are denied again when that is gone. A correction
//! takes the place of a denied value.

use super::models::{estate, member, train};
use crate::support::api::Api;
use crate::support::decisions::{decide, fill, refusal, undo};
use crate::support::fixture::{Fixture, actor, approver, rule, settings, shipped_vocabulary};
use crate::support::runs::claim;
use serde_json::{Value, json};
use virtual_tagging::auth::Role;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::approvals::{
    self, DecideJob, Decision, DecisionOutcome, GroupKey, PastDenial, Selection,
};
use virtual_tagging::domain::models::{self, ModelStatus};
use virtual_tagging::domain::{AuditAction, TagSource, revision, rules};
use virtual_tagging::entities::virtual_tag::Model as Tag;
use virtual_tagging::error::ProblemCode;
use virtual_tagging::runs::Job;

/// Trains a model and puts it into use, whatever the comparison says, and evaluates all resources with it.
async fn retrain(fixture: &Fixture) {
    let model = train(fixture, &settings()).await;
    if model.status != ModelStatus::Active {
        let (admin, version) = (actor("ada", Role::Admin), model.version.to_string());
        models::rollback(&fixture.pool, &admin, &version, None)
            .await
            .unwrap();
    }
    fixture.auto_tag().await;
}

async fn evaluate_again(fixture: &Fixture) {
    revision::raise(&fixture.pool).await.unwrap();
    fixture.auto_tag().await;
}

async fn tag(fixture: &Fixture, id: i64) -> Tag {
    let mut tags = fixture.tags().await.into_iter();
    tags.find(|tag| tag.id == id).expect("the tag")
}

/// A team that neighbours propose.
async fn proposed_team(fixture: &Fixture) -> Tag {
    let mut tags = fixture.tags().await.into_iter();
    tags.find(|tag| tag.tag_key == "team" && tag.tag_value == "finance")
        .expect("a proposal")
}

#[tokio::test]
async fn a_model_of_the_same_labels_or_a_few_more_brings_no_denied_value_back() {
    let fixture = estate().await;
    retrain(&fixture).await;
    let team = proposed_team(&fixture).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[team.id]).await;
    for more in 0..3 {
        retrain(&fixture).await;
        assert_eq!(fixture.status(team.id).await, Denied, "after {more} more labels");
        // Another label for the family of the denied resource, and one elsewhere, change what each kind of vote is worth.
        let others = [
            member("ledger", 200 + more, Some("finance")),
            member("parcel", 200 + more, Some("finance")),
        ];
        fixture.report(&others).await;
    }
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn materially_more_neighbours_bring_a_denied_value_back_until_they_are_gone() {
    let fixture = estate().await;
    retrain(&fixture).await;
    let team = proposed_team(&fixture).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[team.id]).await;
    let denied = tag(&fixture, team.id).await;

    let more = |team: Option<&str>| -> Vec<_> {
        let numbers = 300..500;
        numbers.map(|number| member("ledger", number, team)).collect()
    };
    fixture.report(&more(Some("finance"))).await;
    retrain(&fixture).await;
    let again = tag(&fixture, team.id).await;
    assert_eq!(again.approval_status, Pending);
    let denial = PastDenial::of(&again).expect("it says so");
    assert_eq!(
        (denial.denied_by.as_str(), Some(denial.denied_at)),
        ("ann", denied.decided_at)
    );
    assert!(!denial.changes.is_empty());
    for change in &denial.changes {
        let before = change.agreeing_before.unwrap_or_default();
        assert!(change.signal.agreeing >= before + 3, "{change:?}");
    }
    assert!(
        denial
            .changes
            .iter()
            .any(|change| change.agreeing_before > Some(30))
    );
    evaluate_again(&fixture).await;
    assert_eq!(
        tag(&fixture, team.id).await,
        again,
        "evaluating again changes nothing"
    );

    fixture.report(&more(None)).await;
    retrain(&fixture).await;
    let restored = tag(&fixture, team.id).await;
    assert_eq!(
        Tag {
            updated_at: denied.updated_at,
            created_at: denied.created_at,
            ..restored
        },
        denied
    );
    fixture.assert_trail_leads_to_tags().await;
}

const DENIAL: &str = "{ virtualTags { nodes { approvalStatus decidedBy changedSinceDenial { deniedBy reason
    evidence { reason } changes { kind votersBefore agreeingBefore signal { source kind } } } } } }";

#[tokio::test]
async fn a_rule_brings_a_denied_value_back_and_the_tag_tells_who_denied_it_and_what_is_new() {
    let api = Api::new().await;
    let fixture = &api.fixture;
    fixture.resource("orders-prod").await;
    fixture.auto_tag().await;
    let shown = async || api.ask(DENIAL).await["virtualTags"]["nodes"][0].clone();
    assert_eq!(shown().await["changedSinceDenial"], Value::Null);
    let id = fixture.tag_with_key("environment").await.unwrap().id;
    let (ann, bob) = (approver("ann"), approver("bob"));
    decide(fixture, &ann, Decision::Deny, &[id]).await;
    assert_eq!(shown().await["changedSinceDenial"], Value::Null);

    let draft = || rule("all", "resource.cloud == 'aws'", "environment", "production");
    let made = fixture.create_rule(draft()).await.rule.id;
    fixture.auto_tag().await;
    let returned = json!({"approvalStatus": "PENDING", "decidedBy": null, "changedSinceDenial": {
        "deniedBy": "ann", "reason": null, "evidence": {"reason": "the name contains the word `prod`"},
        "changes": [{"kind": "NEW", "votersBefore": null, "agreeingBefore": null,
            "signal": {"source": "RULE", "kind": "RULE"}}]}});
    assert_eq!(shown().await, returned);
    fixture
        .update_rule(made, |draft| draft.rule_name = "everything".into())
        .await;
    fixture.auto_tag().await;
    assert_eq!(shown().await, returned);
    fixture.update_rule(made, |draft| draft.enabled = false).await;
    fixture.auto_tag().await;
    let restored = tag(fixture, id).await;
    assert_eq!(
        (restored.approval_status, restored.decided_by.as_deref()),
        (Denied, Some("ann"))
    );
    assert_eq!(
        (restored.source, restored.past_denial),
        (TagSource::Pattern, None)
    );
    assert_eq!(
        fixture.trail().await.last().unwrap().action,
        AuditAction::Restored
    );

    fixture.update_rule(made, |draft| draft.enabled = true).await;
    fixture.auto_tag().await;
    assert_eq!(fixture.status(id).await, Pending);
    decide(fixture, &bob, Decision::Deny, &[id]).await;
    rules::delete(&fixture.pool, &actor("ada", Role::Admin), made)
        .await
        .unwrap();
    let copy = fixture.create_rule(draft()).await.rule.id;
    fixture.auto_tag().await;
    assert_eq!(
        fixture.status(id).await,
        Denied,
        "a rule that says the same is no news"
    );
    fixture
        .update_rule(copy, |draft| {
            draft.condition = "resource.name.startsWith('orders')".into();
        })
        .await;
    fixture.auto_tag().await;
    let denial = PastDenial::of(&tag(fixture, id).await).expect("both denials");
    assert_eq!(
        (
            denial.denied_by.as_str(),
            denial.earlier.unwrap().denied_by.as_str()
        ),
        ("bob", "ann")
    );
    fixture
        .update_rule(copy, |draft| draft.condition = "resource.cloud == 'aws'".into())
        .await;
    fixture.auto_tag().await;
    let restored = tag(fixture, id).await;
    assert_eq!(
        (restored.approval_status, restored.decided_by.as_deref()),
        (Denied, Some("bob"))
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_correction_denies_the_value_approves_the_right_one_and_teaches_both() {
    let fixture = estate().await;
    retrain(&fixture).await;
    let team = proposed_team(&fixture).await;
    let correct = async |ids: Vec<i64>, value: &str| {
        let (pool, vocabulary) = (&fixture.pool, shipped_vocabulary());
        approvals::correct(
            pool,
            vocabulary,
            &approver("ann"),
            Selection::Ids(ids),
            value,
            None,
        )
        .await
    };
    let owner = fixture.tag(team.resource_id, "owner", "bob", 0.8).await;
    for (ids, value, wrong) in [
        (vec![team.id, owner], "platform", "two keys"),
        (vec![team.id], "Finance", "the denied value"),
        (vec![team.id], " ", "blank"),
    ] {
        let refused = correct(ids, value).await.unwrap_err();
        assert_eq!(refusal(refused), ProblemCode::Invalid, "{wrong}");
    }
    let done = correct(vec![team.id], "Platform").await.unwrap();
    assert!(matches!(done, DecisionOutcome::Immediate(decisions) if decisions.decided() == 1));
    for _ in 0..2 {
        let tags = fixture.tags().await.into_iter();
        let mut teams: Vec<_> = tags
            .filter(|tag| tag.resource_id == team.resource_id && tag.tag_key == "team")
            .map(|tag| (tag.tag_value, tag.approval_status, tag.source, tag.decided_by))
            .collect();
        teams.sort_by(|a, b| a.0.cmp(&b.0));
        let ann = || Some("ann".to_owned());
        assert_eq!(
            teams,
            [
                ("finance".to_owned(), Denied, team.source, ann()),
                ("platform".to_owned(), Approved, TagSource::Manual, ann()),
            ]
        );
        retrain(&fixture).await;
    }
    let labels = "models WHERE (decided_labels, denied_labels) = (1, 1)";
    assert_eq!(fixture.count(labels).await, 2);
    correct(vec![team.id], "other").await.unwrap();
    assert_eq!(
        fixture.count("virtual_tags WHERE tag_value = 'other'").await,
        0,
        "it was decided before"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn undoing_a_denial_takes_its_corrected_value_back_with_it() {
    let fixture = Fixture::new().await;
    let id = fixture.resource("orders").await;
    let ann = approver("ann");
    let held = fixture.tag(id, "team", "core", 0.8).await;
    decide(&fixture, &ann, Decision::Approve, &[held]).await;
    let wrong = fixture.tag(id, "team", "finance", 0.95).await;
    let before = fixture.tags().await;
    let correct = approvals::correct(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        Selection::Ids(vec![wrong]),
        "platform",
        None,
    );
    correct.await.unwrap();
    let right = "virtual_tags WHERE tag_value = 'platform' AND approval_status = 'APPROVED'";
    assert_eq!(fixture.count(right).await, 1);
    for repeated in [false, true] {
        undo(&fixture.pool, &ann, vec![wrong], None).await.unwrap();
        let after = fixture.tags().await;
        let statuses = |tags: &[Tag]| -> Vec<_> {
            let old = tags.iter().filter(|tag| tag.tag_value != "platform");
            old.map(|tag| (tag.id, tag.approval_status)).collect()
        };
        assert_eq!(statuses(&after), statuses(&before), "repeated: {repeated}");
        let corrected = after.iter().find(|tag| tag.tag_value == "platform").unwrap();
        assert_eq!(corrected.approval_status, Superseded);
    }
    // An approval that is undone later restores what it superseded: no value that was withdrawn before.
    decide(&fixture, &ann, Decision::Approve, &[wrong]).await;
    undo(&fixture.pool, &ann, vec![wrong], None).await.unwrap();
    assert_eq!(fixture.count(right).await, 0);
    assert_eq!(fixture.status(held).await, Approved);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn many_corrections_are_made_by_a_run_and_through_the_api_by_one_field() {
    let api = Api::new().await;
    let fixture = &api.fixture;
    fill(fixture, 1_200).await;
    let group = GroupKey {
        tag_key: "team".into(),
        tag_value: "value".into(),
        source: TagSource::Pattern,
        evidence_signature: "s".into(),
    };
    let (pool, ann) = (&fixture.pool, approver("ann"));
    let one = fixture.tags().await[0].clone();
    approvals::create(
        pool,
        shipped_vocabulary(),
        &ann,
        approvals::NewTag {
            resource_id: one.resource_id,
            tag_key: "team".into(),
            tag_value: "desk".into(),
            reason: None,
        },
    )
    .await
    .unwrap();
    let queued = approvals::correct(
        pool,
        shipped_vocabulary(),
        &ann,
        Selection::Group(group),
        "Desk",
        None,
    );
    let DecisionOutcome::Deferred(run) = queued.await.unwrap() else {
        panic!("a run is to decide");
    };
    let handle = claim(pool, run.id, "w").await.unwrap();
    let job = DecideJob::of(&run).unwrap().unwrap();
    job.run(pool, &handle).await.unwrap();
    assert_eq!(
        fixture
            .count("virtual_tags WHERE tag_key = 'team' AND approval_status = 'DENIED'")
            .await,
        1_199
    );
    let right =
        "virtual_tags WHERE tag_value = 'desk' AND approval_status = 'APPROVED' AND decided_by = 'ann'";
    assert_eq!(fixture.count(right).await, 1_200);
    assert_eq!(fixture.count("tag_audit WHERE action = 'CREATED'").await, 1_200);
    fixture.assert_trail_leads_to_tags().await;

    let deny =
        "mutation($input: DenyTagsInput!) { denyTags(input: $input) { decided userErrors { code field } } }";
    let owners = json!({"filter": {"tagKey": "owner", "accountId": "account-1"}, "correctedValue": "value"});
    let refused = api.data(deny, json!({ "input": owners })).await;
    assert_eq!(
        refused["denyTags"]["userErrors"],
        json!([{"code": "INVALID", "field": "correctedValue"}])
    );
    let owners = json!({"filter": {"tagKey": "owner", "accountId": "account-1"}, "correctedValue": "Ann"});
    let done = api.data(deny, json!({ "input": owners })).await;
    assert_eq!(done["denyTags"]["decided"], 600);
    assert_eq!(
        fixture
            .count("virtual_tags WHERE tag_value = 'ann' AND approval_status = 'APPROVED'")
            .await,
        600
    );
    fixture.assert_trail_leads_to_tags().await;
}
