//! Walking lists page by page.

use crate::support::api::Api;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every list with each of its orders, and what tells its rows apart.
const LISTS: [(&str, &str); 14] = [
    ("resources", "id"),
    ("resources(order: NEWEST)", "id"),
    ("resources(order: OLDEST)", "id"),
    ("virtualTags", "id"),
    ("virtualTags(order: NEWEST)", "id"),
    ("approvals", "id"),
    ("approvals(order: CONFIDENCE_ASC)", "id"),
    ("approvals(order: AGE)", "id"),
    ("approvals(order: NEWEST)", "id"),
    ("approvalGroups", "tagKey tagValue source evidenceSignature"),
    ("rules", "id"),
    ("tagAudit", "id"),
    ("tagAudit(order: OLDEST)", "id"),
    ("mlInferences", "id"),
];

async fn page(api: &Api, list: &str, row: &str, arguments: &str) -> Value {
    let (name, order) = list
        .split_once('(')
        .map_or((list, ""), |(name, order)| (name, order.trim_end_matches(')')));
    let query = format!(
        "{{ list: {name}({arguments} {order}) {{ totalCount nodes {{ {row} }} edges {{ cursor }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    api.ask(&query).await["list"].take()
}

/// All rows of a list, walked in one direction with pages of one size.
async fn walk(api: &Api, list: &str, row: &str, size: usize, backward: bool) -> Vec<Value> {
    let (sized, bound, more, next) = if backward {
        ("last", "before", "hasPreviousPage", "startCursor")
    } else {
        ("first", "after", "hasNextPage", "endCursor")
    };
    let mut rows: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page = page(api, list, row, &format!("{sized}: {size} {cursor}")).await;
        let Value::Array(mut nodes) = page["nodes"].take() else {
            panic!("nodes of {list}")
        };
        assert_eq!(page["edges"].as_array().unwrap().len(), nodes.len());
        if backward {
            nodes.reverse();
        }
        rows.extend(nodes);
        if page["pageInfo"][more] == json!(false) {
            assert_eq!(page["totalCount"], json!(rows.len()), "{list}");
            return rows;
        }
        cursor = format!("{bound}: {}", page["pageInfo"][next]);
    }
}

#[tokio::test]
async fn a_walk_visits_each_row_once_in_both_directions() {
    let api = Api::with_rows(23).await;
    for (list, row) in LISTS {
        let whole = walk(&api, list, row, 500, false).await;
        assert!(whole.len() >= 20, "{list} has {}", whole.len());
        let distinct: BTreeSet<_> = whole.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), whole.len(), "{list}");
        for size in [1, 7, 23] {
            assert_eq!(
                walk(&api, list, row, size, false).await,
                whole,
                "{list} by {size}"
            );
            let mut backward = walk(&api, list, row, size, true).await;
            backward.reverse();
            assert_eq!(backward, whole, "{list} backward by {size}");
        }
    }
}

#[tokio::test]
async fn the_queue_goes_from_sure_to_unsure() {
    let api = Api::with_rows(23).await;
    let data = api
        .ask("{ approvals(first: 500) { nodes { confidence } } }")
        .await;
    let confidences: Vec<f64> = data["approvals"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["confidence"].as_f64().unwrap())
        .collect();
    assert_eq!(confidences.len(), 69);
    assert!(confidences.is_sorted_by(|a, b| a >= b));
    assert!(confidences[0] > confidences[68]);
}

#[tokio::test]
async fn a_page_between_two_cursors_has_neighbours_on_both_sides() {
    let api = Api::with_rows(5).await;
    let all = page(&api, "resources", "resourceId", "first: 5").await;
    let (second, fifth) = (&all["edges"][1]["cursor"], &all["edges"][4]["cursor"]);
    let part = page(
        &api,
        "resources",
        "resourceId",
        &format!("first: 1 after: {second} before: {fifth}"),
    )
    .await;
    assert_eq!(part["nodes"], json!([all["nodes"][2]]));
    assert_eq!(part["pageInfo"]["hasNextPage"], json!(true));
    assert_eq!(part["pageInfo"]["hasPreviousPage"], json!(true));
}
