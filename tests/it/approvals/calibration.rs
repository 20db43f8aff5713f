//! Calibration: decisions of persons on proposals, counted by key, source, confidence and the way in which they were taken.

use super::counters::differences;
use crate::support::api::Api;
use crate::support::decisions::{decide, fill, undo};
use crate::support::fixture::{Fixture, approver, limited, resource, shipped_vocabulary};
use serde_json::{Value, json};
use virtual_tagging::db::sql;
use virtual_tagging::domain::approvals::{self, Decision, NewTag};
use virtual_tagging::domain::calibration::{self, DecisionTally, KeyCalibration};
use virtual_tagging::domain::{DecisionMode, TagSource, counters};
use virtual_tagging::entities::virtual_tag::Model as Tag;

const FIGURES: &str = "query($key: String, $source: TagSource, $precision: Float! = 0.97) {
    calibration(tagKey: $key, source: $source, targetPrecision: $precision) { tagKey proposed
        overall { decided approved denied observedRate lowerBound upperBound meanConfidence expectedCalibrationError
            threshold { confidence decisions { decided lowerBound } } }
        single { decided approved } bulk { decided approved } audited { decided approved }
        buckets { from to proposed overall { decided approved meanConfidence } }
        sources { source proposed overall { decided approved } } } }";

async fn of_team(fixture: &Fixture) -> KeyCalibration {
    let ann = approver("ann");
    let report = calibration::report(&fixture.pool, &ann, Some("team"), None).await;
    assert_eq!(differences(fixture).await, []);
    report.unwrap().remove(0)
}

fn counted(tally: DecisionTally) -> (i64, i64) {
    (tally.decided, tally.approved)
}

async fn tag(fixture: &Fixture, id: i64) -> Tag {
    let tags = fixture.tags().await;
    tags.into_iter().find(|tag| tag.id == id).expect("the tag")
}

#[tokio::test]
async fn decisions_of_persons_count_by_confidence_and_by_the_way_in_which_they_were_taken() {
    let api = Api::new().await;
    let fixture = &api.fixture;
    let mut ids = Vec::new();
    for (n, confidence) in [0.72, 0.74, 0.96, 0.97, 0.98, 0.99].into_iter().enumerate() {
        let resource = fixture.resource(&format!("r{n}")).await;
        ids.push(fixture.tag(resource, "team", "pay", confidence).await);
    }
    let ann = approver("ann");
    decide(fixture, &ann, Decision::Approve, &ids[..1]).await;
    decide(fixture, &ann, Decision::Deny, &ids[1..2]).await;
    decide(fixture, &ann, Decision::Approve, &ids[2..5]).await;
    let figures = |variables: Value| api.data(FIGURES, variables);
    let found = figures(json!({"key": "team"})).await["calibration"].take();
    let team = &found[0];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!((&team["tagKey"], &team["proposed"]), (&json!("team"), &json!(6)));
    assert_eq!(team["single"], json!({"decided": 2, "approved": 1}));
    assert_eq!(team["bulk"], json!({"decided": 3, "approved": 3}));
    let overall = &team["overall"];
    assert_eq!((&overall["decided"], &overall["denied"]), (&json!(5), &json!(1)));
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-3;
    assert!(near(&overall["observedRate"], 0.8), "{overall}");
    assert!(near(&overall["lowerBound"], 0.3755), "{overall}");
    assert!(near(&overall["meanConfidence"], 0.874), "{overall}");
    // Two decisions at 0.73 of which one is right, three at 0.97 that are all right.
    assert!(
        near(
            &overall["expectedCalibrationError"],
            (0.23 * 2.0 + 0.03 * 3.0) / 5.0
        ),
        "{overall}"
    );
    assert_eq!(overall["threshold"], Value::Null);
    let buckets = team["buckets"].as_array().unwrap();
    let shown: Vec<_> = buckets
        .iter()
        .map(|bucket| {
            (
                bucket["from"].as_f64().unwrap(),
                bucket["proposed"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [(0.7, 2), (0.95, 4)]);
    assert_eq!(buckets[1]["overall"]["decided"], 3);

    let reached =
        figures(json!({"key": "team", "precision": 0.4})).await["calibration"][0]["overall"]["threshold"]
            .take();
    assert!(near(&reached["confidence"], 0.95), "{reached}");
    let none = figures(json!({"key": "team", "source": "RULE"})).await;
    assert_eq!(none["calibration"], json!([]));
    let refused = api.answer(FIGURES, json!({"precision": 1.5})).await;
    assert!(refused["errors"].is_array(), "{refused}");
}

#[tokio::test]
async fn a_value_that_lost_to_another_counts_as_wrong_for_as_long_as_the_decision_stands() {
    let fixture = Fixture::new().await;
    let ann = approver("ann");
    let orders = fixture.resource("orders").await;
    let pay = fixture.tag(orders, "team", "pay", 0.8).await;
    let desk = fixture.tag(orders, "team", "desk", 0.95).await;
    decide(&fixture, &ann, Decision::Approve, &[pay]).await;
    let team = of_team(&fixture).await;
    assert_eq!(counted(team.bands.total(|tallies| &tallies.single)), (2, 1));
    assert_eq!(
        tag(&fixture, desk).await.decision_mode,
        Some(DecisionMode::Single)
    );

    // The other value is approved with another tag: the first was right no longer.
    let bills = fixture.resource("bills").await;
    let other = fixture.tag(bills, "team", "desk", 0.95).await;
    undo(&fixture.pool, &ann, vec![pay], None).await.unwrap();
    assert_eq!(
        counted(of_team(&fixture).await.bands.total(|tallies| &tallies.overall)),
        (0, 0)
    );
    assert_eq!(tag(&fixture, desk).await.decision_mode, None);
    decide(&fixture, &ann, Decision::Approve, &[desk, other]).await;
    let team = of_team(&fixture).await;
    assert_eq!(counted(team.bands.total(|tallies| &tallies.bulk)), (3, 2));
    counters::fold(&fixture.pool).await.unwrap();
    assert_eq!(of_team(&fixture).await, team, "folding changes no figure");

    // A person who types another value says that the proposal was wrong.
    let till = NewTag {
        resource_id: bills,
        tag_key: "team".into(),
        tag_value: "till".into(),
        reason: None,
    };
    let till = approvals::create(&fixture.pool, shipped_vocabulary(), &ann, till)
        .await
        .unwrap();
    let team = of_team(&fixture).await;
    assert_eq!(counted(team.bands.total(|tallies| &tallies.overall)), (3, 1));
    approvals::delete(&fixture.pool, &ann, till.id, None)
        .await
        .unwrap();
    let team = of_team(&fixture).await;
    assert_eq!(
        counted(team.bands.total(|tallies| &tallies.bulk)),
        (3, 2),
        "restored as it was"
    );
    assert_eq!(team.sources.len(), 1, "tags made by hand are no proposals");
    assert_eq!(team.sources[0].source, TagSource::Pattern);
}

#[tokio::test]
async fn a_resource_that_moves_takes_no_judgement_along() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders").await;
    let id = fixture.tag(orders, "team", "pay", 0.8).await;
    decide(&fixture, &approver("ann"), Decision::Approve, &[id]).await;
    let mut moved = resource("orders");
    let home = moved.account_id.clone();
    let of = async |account: &str| {
        let report = calibration::report(&fixture.pool, &limited(account), None, None).await;
        let keys = report.unwrap();
        let decided = |key: &KeyCalibration| key.bands.total(|tallies| &tallies.overall).decided;
        keys.iter().map(decided).sum::<i64>()
    };
    assert_eq!((of(&home).await, of("elsewhere").await), (1, 0));
    moved.account_id = "elsewhere".into();
    fixture.report(&[moved]).await;
    assert_eq!((of(&home).await, of("elsewhere").await), (0, 0));
    assert_eq!(differences(&fixture).await, []);
}

#[tokio::test]
async fn the_audit_sample_is_a_twentieth_that_evaluations_do_not_draw_again() {
    let api = Api::new().await;
    let fixture = &api.fixture;
    fill(fixture, 5_000).await;
    let sample = async || {
        let tags = fixture.tags().await;
        let tags = tags.into_iter().filter(|tag| tag.audit_sample);
        tags.map(|tag| tag.id).collect::<Vec<i64>>()
    };
    let drawn = sample().await;
    assert!((400..600).contains(&drawn.len()), "{} of 10,000", drawn.len());
    let again =
        "UPDATE virtual_tags SET confidence = 0.9, evidence_signature = 'another', updated_at = now()";
    sql::execute(&fixture.pool, again, []).await.unwrap();
    assert_eq!(sample().await, drawn);

    let queue = "{ sampled: approvals(first: 2, filter: {auditSample: true}) { totalCount nodes { auditSample decisionMode } }
        all: virtualTags(first: 0, filter: {auditSample: false}) { totalCount } }";
    let queue = api.ask(queue).await;
    let shown = json!({"auditSample": true, "decisionMode": null});
    assert_eq!(queue["sampled"]["nodes"], json!([shown, shown]));

    // What is approved at once leaves the sample open, if it is asked for; the sample is then decided tag by tag.
    let approve = "mutation { approveTags(input: {filter: {auditSample: false, tagKey: \"team\", accountId: \"account-1\",
        maxConfidence: 1, createdAfter: \"2000-01-01T00:00:00Z\"}}) { decided run { progressTotal } userErrors { message } } }";
    let left = "virtual_tags WHERE tag_key = 'team' AND account_id = 'account-1' AND audit_sample";
    let sampled = fixture.count(left).await;
    let answer = api.ask(approve).await["approveTags"].take();
    assert_eq!(answer["run"]["progressTotal"], 2_500 - sampled);
    let first = fixture.number(&format!("SELECT min(id) FROM {left}"), []).await;
    decide(fixture, &approver("ann"), Decision::Deny, &[first]).await;
    let team = of_team(fixture).await;
    assert_eq!(counted(team.bands.total(|tallies| &tallies.audited)), (1, 0));
    assert_eq!(team.bands.proposed(), 5_000);
}
