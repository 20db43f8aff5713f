//! Invented company: the first minute of a newcomer, and its end.

use std::time::Duration;

use serde_json::{Value, json};
use virtual_tagging::domain::inventory;
use virtual_tagging::providers::Demo;

use crate::support::service::Service;
use crate::support::wait::wait_until;

const FIGURES: &str = "{ resources(first: 1) { totalCount } approvals(first: 1) { totalCount }
    ruleSuggestions(first: 10) { nodes { description resourceCount tags { tagKey } } }
    decisions: virtualTags(filter: {status: APPROVED}, first: 1) { totalCount }
    denials: virtualTags(filter: {status: DENIED}, first: 1) { totalCount }
    calibration { overall { decided approved } } }";

const SETTINGS: [(&str, &str); 3] = [
    ("DISCOVERY_SOURCES", "demo"),
    ("ENABLE_WORKERS", "true"),
    ("ENABLE_SCHEDULER", "true"),
];

fn count(figures: &Value, list: &str) -> i64 {
    figures[list]["totalCount"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_comes_to_suggestions_a_queue_and_decisions_and_the_demo_goes_again() {
    let service = Service::start_with(&SETTINGS).await;
    let company = Demo::default().resources().len() as i64;
    let figures = wait_until(Duration::from_mins(4), "suggestions and decisions", async || {
        let figures = service.data(FIGURES, json!({})).await;
        let suggestions = figures["ruleSuggestions"]["nodes"].as_array().unwrap().len();
        if suggestions == 10 && count(&figures, "decisions") > 0 && count(&figures, "denials") > 0 {
            Ok(figures)
        } else {
            Err(figures)
        }
    })
    .await;
    assert_eq!(count(&figures, "resources"), company);
    assert!(count(&figures, "approvals") > 500, "{figures}");
    let suggestions = figures["ruleSuggestions"]["nodes"].as_array().unwrap();
    let large = suggestions.iter().filter(|suggestion| {
        let keys = suggestion["tags"].as_array().unwrap().len() as i64;
        suggestion["resourceCount"].as_i64().unwrap() * keys >= 200
    });
    assert!(large.count() >= 3, "{suggestions:#?}");
    assert!(
        figures["calibration"][0]["overall"]["decided"].as_i64().unwrap() >= 20,
        "{figures}"
    );

    let db = &service.app.database().pools.all;
    assert_eq!(
        inventory::remove_invented(db, Demo::NAME).await.unwrap() as i64,
        company
    );
    let run = "mutation { runDiscovery { run { id } userErrors { message } } }";
    let run = service.data(run, json!({})).await["runDiscovery"]["run"]["id"].take();
    assert_eq!(service.ended_run(&run).await["status"], "SUCCEEDED");
    let left = service
        .data("{ resources(first: 1) { totalCount } }", json!({}))
        .await;
    assert_eq!(
        count(&left, "resources"),
        0,
        "what was removed is not discovered again"
    );
}
