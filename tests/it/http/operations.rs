//! Operations as the executor takes them: what the specification says of values, errors and selections.

use super::{GRAPHQL_RESPONSE, code};
use crate::support::service::Service;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use virtual_tagging::db::sql;

impl Service {
    async fn answer(&self, query: &str, variables: Value) -> Value {
        let response = self.post(&json!({"query": query, "variables": variables})).await;
        assert_eq!(response.status(), 200, "{query}");
        response.json().await.unwrap()
    }
}

#[tokio::test]
async fn errors_make_their_nullable_place_null() {
    let service = Service::start().await;
    let propagated = service
        .graphql("{viewer{role} approvals(first:-1){totalCount}}")
        .await;
    assert_eq!(propagated["data"], Value::Null);
    assert_eq!(propagated["errors"][0]["path"], json!(["approvals"]));
    let beside = service
        .graphql("{viewer{role} node(id:\"xx\"){id} b:viewer{subject}}")
        .await;
    assert_eq!(beside["data"]["node"], Value::Null);
    assert!(beside["data"].as_object().unwrap().contains_key("node"));
    assert_eq!(beside["data"]["viewer"]["role"], "ADMIN");
    assert_eq!(beside["errors"][0]["path"], json!(["node"]));
    for field in ["rule(id:\"xx\"){id}", "resource{id}", "jobRun(id:\"xx\"){id}"] {
        let answer = service.graphql(&format!("{{n:{field} viewer{{role}}}}")).await;
        assert_eq!(
            answer["data"],
            json!({"n": null, "viewer": {"role": "ADMIN"}}),
            "{field}"
        );
    }
    let nodes = service.graphql("{nodes(ids:[\"xx\"]){id}}").await;
    assert_eq!(nodes["data"], json!({"nodes": [null]}));
    assert_eq!(nodes["errors"][0]["path"], json!(["nodes", 0]));
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_request() {
    let service = Service::start().await;
    let query = "{z:approvals(first:1){totalCount pageInfo{startCursor hasNextPage}} a:viewer{role}
        m:__typename ...f} fragment f on Query{b:vocabulary{name} y:approvalStats{pending}}";
    let text = service
        .post(&json!({ "query": query }))
        .await
        .text()
        .await
        .unwrap();
    let keys = [
        "\"z\"",
        "totalCount",
        "pageInfo",
        "startCursor",
        "hasNextPage",
        "\"a\"",
        "\"m\"",
        "\"b\"",
        "\"y\"",
    ];
    let places: Vec<_> = keys.iter().map(|key| text.find(key).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn variables_without_value_leave_defaults_in_force() {
    let service = Service::start().await;
    let ordered =
        "query($o:ApprovalOrder,$f:ApprovalFilter){approvals(order:$o,filter:$f,first:1){totalCount}}";
    let answer = service.answer(ordered, json!({})).await;
    assert_eq!(answer, json!({"data": {"approvals": {"totalCount": 0}}}));
    let create = "mutation($priority:Int,$name:String!){createRule(input:{ruleName:$name,condition:\"true\",
        tagKey:\"team\",tagValue:\"a\",priority:$priority}){rule{priority}userErrors{message}}}";
    let answer = service.answer(create, json!({"name": "a"})).await;
    assert_eq!(answer["data"]["createRule"]["rule"]["priority"], 100, "{answer}");
    let answer = service.answer(create, json!({"priority": 7})).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    // In a document of many operations, where a fragment has the variable.
    let many = "query A($o:ApprovalOrder){...f} query B($o:ApprovalOrder){...f}
        fragment f on Query{approvals(order:$o,first:1){totalCount}}";
    let response = service.post(&json!({"query": many, "operationName": "B"})).await;
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer, json!({"data": {"approvals": {"totalCount": 0}}}));
    let unused = service.answer("query($a:Int){__typename}", json!({})).await;
    assert_eq!(code(&unused), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn variables_that_do_not_fit_are_named() {
    let service = Service::start().await;
    let query = "query($n:Int,$f:ApprovalFilter){approvals(first:$n,filter:$f){totalCount}}";
    for (variables, name) in [
        (json!({"n": "x"}), "$n "),
        (json!({"f": {"minConfidence": "x"}}), "$f "),
        (json!({"f": {"unknown": 1}}), "$f "),
    ] {
        let answer = service.answer(query, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(name), "{message}");
    }
    let literal = service.graphql("{approvals(first:\"x\"){totalCount}}").await;
    assert_eq!(code(&literal), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn an_empty_selection_is_an_empty_object() {
    let service = Service::start().await;
    for (query, data) in [
        ("{__typename @skip(if:true)}", json!({})),
        ("{viewer{role @include(if:false)}}", json!({"viewer": {}})),
    ] {
        let request = service.client.post(service.url("/graphql"));
        let request = request
            .header(ACCEPT, GRAPHQL_RESPONSE)
            .json(&json!({ "query": query }));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{query}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer, json!({ "data": data }));
    }
}

#[tokio::test]
async fn nul_is_refused_before_it_reaches_the_database() {
    let service = Service::start().await;
    let by_variable = "query($id:String){resource(resourceId:$id){id}}";
    for (query, variables) in [
        (by_variable, json!({"id": "a\0"})),
        (r#"{resource(resourceId:"a\u0000"){id}}"#, json!({})),
        (
            r#"query($id:String="\u0000"){resource(resourceId:$id){id}}"#,
            json!({}),
        ),
    ] {
        let answer = service.answer(query, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
    }
    for parameter in ["accountId", "resourceType"] {
        let refused = service.get(&format!("/csv/export?{parameter}=a%00")).await;
        assert_eq!(refused.status(), 400);
    }
    for cloud in ["AWS", "aws", "Azure"] {
        assert_eq!(
            service.get(&format!("/csv/export?cloud={cloud}")).await.status(),
            200
        );
    }
    assert_eq!(service.get("/csv/export?cloud=moon").await.status(), 400);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let service = Service::start().await;
    let syntax = service.graphql("{\n  viewer {").await;
    let message = syntax["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Syntax Error: expected"), "{message}");
    assert!(
        message.ends_with(" at 2:11") && !message.contains('\n'),
        "{message}"
    );
    let hash = json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}});
    let response = service.post(&hash).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    let request = service.client.post(service.url("/graphql"));
    let request = request.header(CONTENT_TYPE, "application/json");
    let batch = request
        .body(r#" [{"query":"{__typename}"}]"#)
        .send()
        .await
        .unwrap();
    assert_eq!(batch.status(), 400);
    let answer: Value = batch.json().await.unwrap();
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("batching is off")
    );
}

#[tokio::test]
async fn mistakes_are_told_with_the_names_of_input_fields() {
    let service = Service::start().await;
    for (mutation, field) in [
        ("m:pauseSchedule(input:{jobName:IMPORT})", "jobName"),
        (
            r#"m:createResource(input:{resourceId:"a",name:"a",cloud:AWS,accountId:"1",resourceType:"t",nativeTags:{a:1}})"#,
            "nativeTags",
        ),
        (
            r#"m:createResource(input:{resourceId:"a",name:"a",cloud:AWS,accountId:"",resourceType:"t"})"#,
            "accountId",
        ),
        (
            r#"m:createRule(input:{ruleName:"r",condition:"true",tagKey:"k",tagValue:""})"#,
            "tagValue",
        ),
        ("m:approveTags(input:{filter:{}})", "filter"),
        ("m:denyTags(input:{filter:{tagKey:null}})", "filter"),
    ] {
        let answer = service
            .graphql(&format!("mutation{{{mutation}{{userErrors{{field}}}}}}"))
            .await;
        let expected = json!({"data": {"m": {"userErrors": [{ "field": field }]}}});
        assert_eq!(answer, expected, "{mutation}");
    }
    let wrong = r#"{inferTags(input:{resource:{resourceId:"a",name:"a",cloud:AWS,accountId:"1",resourceType:"t",
        nativeTags:"x"}}){predictions{key}}}"#;
    assert_eq!(code(&service.graphql(wrong).await), "BAD_USER_INPUT");
}

#[tokio::test]
async fn schedules_are_nodes() {
    let service = Service::start().await;
    let insert =
        "INSERT INTO schedules (job_name, cron, active_from) VALUES ('auto_tag', '* * * * *', 'epoch')";
    sql::execute(&service.app.database().pools.all, insert, [])
        .await
        .unwrap();
    let answer = service
        .graphql("{schedules{id jobName} vocabulary{id name}}")
        .await;
    let schedules = answer["data"]["schedules"].as_array().unwrap();
    for schedule in schedules {
        let query = "query($id:ID!){node(id:$id){... on Schedule{id jobName}}}";
        let found = service.answer(query, json!({"id": schedule["id"]})).await;
        assert_eq!(&found["data"]["node"], schedule);
    }
    assert!(!schedules.is_empty());
    let key = &answer["data"]["vocabulary"][0]["id"];
    let refused = service
        .answer("query($id:ID!){node(id:$id){id}}", json!({ "id": key }))
        .await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
}
