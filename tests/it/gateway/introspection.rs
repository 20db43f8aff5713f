//! In production the schema is for admins: nobody else reads it, and no message gives away a name.

use super::WAYS;
use crate::support::service::{SECRET, Service};
use crate::support::socket::Socket;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use virtual_tagging::auth::Role;

async fn production() -> Service {
    Service::start_with(&[("ENVIRONMENT", "production"), ("JWT_SECRET", SECRET)]).await
}

impl Service {
    async fn answer_for(&self, role: Role, query: &str, variables: &Value) -> Value {
        let token = self.token("ann", role, None, Duration::from_mins(5));
        let request = self.client.post(self.url("/graphql")).bearer_auth(token);
        let body = json!({"query": query, "variables": variables});
        request.json(&body).send().await.unwrap().json().await.unwrap()
    }
}

fn words(text: &str) -> HashSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect()
}

/// All names of the schema that no sentence would have.
fn telling_names(sdl: &str) -> HashSet<&str> {
    let code = sdl.lines().filter(|line| !line.trim_start().starts_with('"'));
    let names = code.flat_map(words);
    let is_telling = |name: &&str| name.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    names.filter(is_telling).collect()
}

/// Documents and variables with something in them that there is not, or that does not fit.
fn mistakes() -> Vec<(&'static str, Value)> {
    vec![
        ("{aproval}", json!({})),
        ("{approvals{node}}", json!({})),
        ("{approvals{nodes{tagKeys}}}", json!({})),
        ("{approvals{nodes{resource{acountId}}}}", json!({})),
        ("{approvals{nodes{resource}}}", json!({})),
        ("{approvals}", json!({})),
        ("{approvals{nodes{createdAt{x}}}}", json!({})),
        ("{approvals(firs:1){nodes{id}}}", json!({})),
        ("{approvals(first:\"x\"){nodes{id}}}", json!({})),
        ("{approvals(order:NEWST){nodes{id}}}", json!({})),
        ("{approvals(order:1){nodes{id}}}", json!({})),
        ("{approvals(filter:{tagKei:\"a\"}){nodes{id}}}", json!({})),
        ("{approvals(filter:1){nodes{id}}}", json!({})),
        ("{approvals(filter:{createdAfter:1}){nodes{id}}}", json!({})),
        (
            "query($f:ApprovalFilte){approvals(filter:$f){nodes{id}}}",
            json!({"f": {}}),
        ),
        ("query($f:Int){approvals(filter:$f){nodes{id}}}", json!({"f": 1})),
        (
            "query($o:String){approvals(order:$o){nodes{id}}}",
            json!({"o": "NEWST"}),
        ),
        (
            "query($f:Wrong){approvals(filter:$f){nodes{id}}}",
            json!({"f": {}}),
        ),
        ("{node{id}}", json!({})),
        ("{node(id:\"x\"){... on Rul{id}}}", json!({})),
        ("{node(id:\"x\"){... on Query{viewer{role}}}}", json!({})),
        ("{viewer{... on Rule{id}}}", json!({})),
        ("{viewer{...f}} fragment f on Rules{id}", json!({})),
        ("{viewer{role @skipp(if:true)}}", json!({})),
        ("{viewer{role @skip}}", json!({})),
        ("{viewer{role @skip(iff:true)}}", json!({})),
        ("mutation{approveTag}", json!({})),
        ("mutation{approveTags}", json!({})),
        ("mutation{approveTags(input:{}){x}}", json!({})),
        ("mutation{createRule(input:{}){x}}", json!({})),
        ("mutation{createRule(input:{wrong:1}){x}}", json!({})),
        (
            "mutation($i:RuleInput!){createRule(input:$i){userErrors{code}}}",
            json!({"i": {"wrongName": 1}}),
        ),
        (
            "mutation($i:Wrong!){createRule(input:$i){userErrors{code}}}",
            json!({"i": {"wrongName": 1}}),
        ),
        (
            "mutation($i:RuleInput!){createRule(input:$i){userErrors{code}}}",
            json!({"i": {}}),
        ),
        (
            "mutation($i:RuleInput!){createRule(input:$i){userErrors{code}}}",
            json!({"i": 1}),
        ),
        ("{inferTags(input:{}){predictions{key}}}", json!({})),
        ("{inferTags(input:{resource:{}}){predictions{key}}}", json!({})),
        (
            "{inferTags(input:{resource:{cloud:AW}}){predictions{key}}}",
            json!({}),
        ),
        ("subscription{approvalEvent}", json!({})),
    ]
}

#[tokio::test]
async fn wrong_names_are_refused_without_telling_right_ones() {
    let service = production().await;
    let sdl = virtual_tagging::graphql::schema::sdl();
    let names = telling_names(&sdl);
    assert!(names.contains("ApprovalOrder") && names.contains("tagKey") && names.contains("NEWEST"));
    let mut hidden = 0;
    for (query, variables) in mistakes() {
        let answer = service.answer_for(Role::Approver, query, &variables).await;
        let errors = answer["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {answer}"));
        let sent = format!("{query} {variables}");
        let sent = words(&sent);
        for error in errors {
            let message = error["message"].as_str().unwrap();
            let told: Vec<_> = words(message)
                .into_iter()
                .filter(|word| names.contains(word) && !sent.contains(word))
                .collect();
            assert!(
                told.is_empty() && !message.contains("Did you mean"),
                "{query}: {message}: {told:?}"
            );
            hidden += usize::from(message.contains('…'));
        }
        let open = service.answer_for(Role::Admin, query, &variables).await;
        assert!(
            !open["errors"][0]["message"].as_str().unwrap().contains('…'),
            "{open}"
        );
    }
    assert!(hidden > 20, "{hidden}");
    let open = service.answer_for(Role::Admin, "{approval}", &json!({})).await;
    assert!(
        open["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Did you mean"),
        "{open}"
    );
}

#[tokio::test]
async fn the_schema_is_read_by_admins_and_in_development() {
    let service = production().await;
    let hidden = [
        "{__schema{queryType{name}}}",
        "{__type(name:\"Query\"){name}}",
        "{...f} fragment f on Query{a:__schema{queryType{name}}}",
        "{viewer{role} ... on Query @include(if:true){__type(name:\"Rule\"){fields{name}}}}",
    ];
    for query in hidden {
        for role in [Role::Viewer, Role::Approver] {
            let answer = service.answer_for(role, query, &json!({})).await;
            assert_eq!(super::outcome(&answer).0, "INTROSPECTION_DISABLED", "{query}");
        }
        let answer = service.answer_for(Role::Admin, query, &json!({})).await;
        assert_eq!(super::outcome(&answer).0, "OK", "{query}: {answer}");
    }
    let typename = service
        .answer_for(Role::Viewer, "{__typename viewer{__typename}}", &json!({}))
        .await;
    assert_eq!(super::outcome(&typename).0, "OK");
    let mut socket = Socket::open(&service).await;
    let token = service.token("ann", Role::Viewer, None, Duration::from_mins(5));
    let payload = json!({"Authorization": format!("Bearer {token}")});
    socket
        .send(&json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe("1", hidden[0]).await;
    assert_eq!(socket.outcome().await.0, "INTROSPECTION_DISABLED");
    let development = Service::start_authenticated().await;
    let answer = development.answer_for(Role::Viewer, hidden[0], &json!({})).await;
    assert_eq!(super::outcome(&answer).0, "OK");
}

/// The library lets it pass, and would execute with whatever the variable holds.
#[tokio::test]
async fn a_variable_fits_the_place_where_it_stands() {
    let service = Service::start().await;
    let wrong = "query($n:String){resources(first:$n){totalCount}}";
    for way in WAYS {
        for variables in [json!({}), json!({"n": "3"})] {
            let (code, message) = service.ask(way, wrong, &variables).await;
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{way:?}: {message}");
            assert!(
                message.contains("type \"String\" used in position expecting type \"Int\""),
                "{message}"
            );
        }
        let right = "query($n:Int){resources(first:$n){totalCount}}";
        assert_eq!(service.ask(way, right, &json!({"n": 3})).await.0, "OK");
    }
}
