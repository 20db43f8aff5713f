//! Documents, bodies and uploads over HTTP, and the same documents over a websocket.

use super::messages::Wire;
use super::{codes, mutate, try_all_on};
use crate::support::service::Service;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// An answer of the service: its status must be one that a caller can have caused.
async fn judge(response: reqwest::Response) -> Result<(u16, Value), String> {
    let status = response.status().as_u16();
    let body = response.text().await.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(&body).map_err(|_| format!("{status}, and no JSON: {body}"))?;
    codes(&answer["errors"])?;
    if [200, 400, 413, 415].contains(&status) {
        Ok((status, answer))
    } else {
        Err(format!("{status}: {body}"))
    }
}

/// The codes that a refusal has; `None` of what was executed.
fn refusal(answer: &Value) -> Option<Vec<&str>> {
    answer
        .get("data")
        .is_none()
        .then(|| codes(&answer["errors"]).unwrap_or_default())
}

#[test]
fn any_document_is_answered_and_over_a_websocket_alike() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let wire = Mutex::new(runtime.block_on(Wire::ready(&service)));
    let documents = mutate::text(include_str!("corpus/documents.txt"));
    try_all_on(&runtime, 128, &documents, |document| {
        let (service, wire) = (&service, &wire);
        async move {
            let body = json!({ "query": document });
            let (_, answer) = judge(service.post(&body).await).await?;
            let told = answer.to_string();
            // These go over websockets alone, and may never answer; and what is no request has no answer to compare.
            if told.contains("subscriptions go over") {
                return Ok(());
            }
            let frame = wire.lock().await.ask(&body).await?;
            let over_socket = match frame["type"].as_str() {
                Some("error") => Some(codes(&frame["payload"])?),
                _ => refusal(&frame["payload"]),
            };
            if over_socket == refusal(&answer) {
                Ok(())
            } else {
                Err(format!("{document:?}: {told} by POST, {frame} over a websocket"))
            }
        }
    });
    runtime.block_on(async move { drop((wire, service)) });
}

#[test]
fn any_body_is_answered() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    try_all_on(
        &runtime,
        128,
        &mutate::bytes(include_str!("corpus/bodies.txt")),
        |body| {
            let request = service.client.post(service.url("/graphql"));
            let request = request.header("content-type", "application/json").body(body);
            async move {
                judge(request.send().await.map_err(|error| error.to_string())?)
                    .await
                    .map(drop)
            }
        },
    );
    runtime.block_on(async move { drop(service) });
}

#[test]
fn any_upload_is_answered() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    // Some are sent with the type that their boundary fits, some with others.
    let strategy = (
        mutate::bytes(include_str!("corpus/uploads.txt")),
        prop::sample::select(vec!["x", "x", "x", "x", "", "\"x\"", "--x"]),
    );
    try_all_on(&runtime, 128, &strategy, |(body, boundary)| {
        // Lines of the corpus end as lines of HTTP do.
        let body = body
            .split(|&byte| byte == b'\n')
            .collect::<Vec<_>>()
            .join(&b"\r\n"[..]);
        let request = service.client.post(service.url("/graphql"));
        let request = request
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .header("apollo-require-preflight", "true")
            .body(body);
        async move {
            judge(request.send().await.map_err(|error| error.to_string())?)
                .await
                .map(drop)
        }
    });
    runtime.block_on(async move { drop(service) });
}
