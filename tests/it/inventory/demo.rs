//! Invented company: the first minute of a newcomer, and its end.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tagging::Vocabulary;
use virtual_tagging::domain::inventory;
use virtual_tagging::providers::Demo;

use crate::support::service::Service;
use crate::support::wait::wait_until;

const FIGURES: &str = "{ resources(first: 1) { totalCount } approvals(first: 1) { totalCount }
    decisions: virtualTags(filter: {status: APPROVED}, first: 1) { totalCount }
    denials: virtualTags(filter: {status: DENIED}, first: 1) { totalCount }
    calibration { tagKey overall { decided approved } } coverageHistory { tagKey resources native } }";

const SUGGESTIONS: &str = "{ ruleSuggestions(first: 10) { nodes { description
    resources(first: 200) { nodes { resourceId } } tags { tagKey tagValue open agreeing } } } }";

const SETTINGS: [(&str, &str); 3] = [
    ("DISCOVERY_SOURCES", "demo"),
    ("ENABLE_WORKERS", "true"),
    ("ENABLE_SCHEDULER", "true"),
];

fn count(figures: &Value, list: &str) -> i64 {
    figures[list]["totalCount"].as_i64().unwrap()
}

/// Each of the first page settles hundreds of tags, and is what somebody who knows the company would say.
async fn first_suggestions_are_right_and_large(service: &Service) {
    let vocabulary = Vocabulary::default();
    let company = Demo::default().resources().into_iter();
    let truths: HashMap<_, _> = company
        .map(|each| (each.report.resource_id, each.truth))
        .collect();
    let page = service.data(SUGGESTIONS, json!({})).await;
    let suggestions = page["ruleSuggestions"]["nodes"].as_array().unwrap();
    assert_eq!(suggestions.len(), 10, "{page}");
    for suggestion in suggestions {
        let members = suggestion["resources"]["nodes"].as_array().unwrap();
        let mut settled = 0;
        for tag in suggestion["tags"].as_array().unwrap() {
            settled += tag["open"].as_i64().unwrap() + tag["agreeing"].as_i64().unwrap();
            let key = tag["tagKey"].as_str().unwrap();
            for member in members {
                let truth = &truths[member["resourceId"].as_str().unwrap()][key];
                let right = vocabulary.canonical(key, truth).value;
                assert_eq!(tag["tagValue"], right, "{member}: {suggestion}");
            }
        }
        assert!(settled >= 200, "{settled}: {suggestion}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_comes_to_suggestions_a_queue_and_decisions_and_the_demo_goes_again() {
    let service = Service::start_with(&SETTINGS).await;
    let company = Demo::default().resources().len() as i64;
    let figures = wait_until(Duration::from_mins(5), "decisions and coverage", async || {
        let figures = service.data(FIGURES, json!({})).await;
        let calibration = figures["calibration"].as_array().unwrap();
        let decided = calibration
            .iter()
            .filter(|key| key["overall"]["decided"].as_i64() >= Some(10));
        if decided.count() == 6 && figures["coverageHistory"].as_array().unwrap().len() == 6 {
            Ok(figures)
        } else {
            Err(figures)
        }
    })
    .await;
    assert_eq!(count(&figures, "resources"), company);
    assert!(count(&figures, "approvals") > 5_000, "{figures}");
    assert!(count(&figures, "decisions") >= 100, "{figures}");
    assert!(count(&figures, "denials") > 0, "{figures}");
    first_suggestions_are_right_and_large(&service).await;

    // A discovery that is under way asks the source already.
    let run = "mutation { runDiscovery { run { id } userErrors { message } } }";
    let asked = service.data(run, json!({})).await["runDiscovery"]["run"]["id"].take();
    let status = "query($id: ID!) { jobRun(id: $id) { status } }";
    wait_until(Duration::from_mins(1), "a discovery under way", async || {
        service.data(status, json!({ "id": asked })).await["jobRun"]["status"] != "QUEUED"
    })
    .await;
    let db = &service.app.database().pools.all;
    assert_eq!(
        inventory::remove_invented(db, Demo::NAME).await.unwrap() as i64,
        company
    );
    let run = service.data(run, json!({})).await["runDiscovery"]["run"]["id"].take();
    assert_eq!(service.ended_run(&run).await["status"], "SUCCEEDED");
    let left = service
        .data(
            "{ resources(filter: {retired: false}, first: 1) { totalCount } }",
            json!({}),
        )
        .await;
    assert_eq!(
        count(&left, "resources"),
        0,
        "what was removed is not discovered again"
    );
}
