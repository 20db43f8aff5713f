//! Limits of exports: so many at a time, their bytes, and no longer than the right to them lasts.

use super::outcome;
use crate::support::fixture::Fixture;
use crate::support::service::{SECRET, Service};
use crate::support::wait::wait_until;
use reqwest::{Response, StatusCode};
use std::time::{Duration, Instant};
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;

/// So many resources, of which a line of an export has about 3 KB.
async fn resources(service: &Service, count: i64) {
    let fixture = Fixture::on(service.db.clone()).await;
    let insert =
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, native_tags, discovered_by)
        SELECT 'arn:' || n, 'n', 'aws', '111', 't', jsonb_build_object('note', repeat('x', 3000)), 'test'
          FROM generate_series(1, $1::bigint) n";
    sql::execute(&fixture.pool, insert, [count.into()]).await.unwrap();
}

async fn begin(service: &Service, caller: &str, ttl: Duration) -> Response {
    begin_with(service, &service.token(caller, Role::Viewer, None, ttl)).await
}

async fn begin_with(service: &Service, token: &str) -> Response {
    let request = service.client.get(service.url("/csv/export"));
    request.bearer_auth(token).send().await.unwrap()
}

/// Reads on to the end; gives the bytes, or that it was cut off.
async fn rest(mut answer: Response) -> Result<usize, reqwest::Error> {
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await? {
        bytes += chunk.len();
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_when_its_token_does() {
    let service = Service::start_authenticated().await;
    // More than the sockets between us hold.
    resources(&service, 20_000).await;
    let whole = begin(&service, "ann", Duration::from_mins(5)).await;
    assert!(rest(whole).await.unwrap() > 60_000_000);
    let token = service.token("ann", Role::Viewer, None, Duration::from_secs(2));
    let mut cut = begin_with(&service, &token).await;
    assert_eq!(cut.status(), StatusCode::OK);
    assert!(cut.chunk().await.unwrap().is_some());
    wait_until(Duration::from_secs(10), "the token to end", async || {
        let request = service.client.get(service.url("/csv/template"));
        let answer = request.bearer_auth(&token).send().await.unwrap();
        answer.status() == StatusCode::UNAUTHORIZED
    })
    .await;
    assert!(rest(cut).await.is_err(), "the whole export came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_has_so_many_exports_at_a_time() {
    let service = Service::start_authenticated().await;
    resources(&service, 20_000).await;
    let hour = Duration::from_hours(1);
    let mut under_way = Vec::new();
    for _ in 0..4 {
        let answer = begin(&service, "ann", hour).await;
        assert_eq!(answer.status(), StatusCode::OK);
        under_way.push(answer);
    }
    let refused = begin(&service, "ann", hour).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    let (code, message) = outcome(&refused.json().await.unwrap());
    assert_eq!(code, "RATE_LIMITED");
    assert!(message.contains("4 exports"), "{message}");
    // None of them is read, and others are not held up: neither by the pool nor by who makes pages.
    for caller in ["bob", "cleo"] {
        assert!(rest(begin(&service, caller, hour).await).await.unwrap() > 60_000_000);
    }
    drop(under_way.pop());
    wait_until(Duration::from_secs(20), "room for another export", async || {
        begin(&service, "ann", hour).await.status() == StatusCode::OK
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_takes_its_bytes_from_the_rate_and_waits_for_more() {
    let quota = [("GRAPHQL_MAX_COST", "1000"), ("RATE_LIMIT_COST", "6000")];
    let service = Service::start_with(&[("JWT_SECRET", SECRET), quota[0], quota[1]]).await;
    // 6 MB, for which there are 5,000 units, and a hundred more each second.
    resources(&service, 2_000).await;
    let began = Instant::now();
    assert!(
        rest(begin(&service, "ann", Duration::from_hours(1)).await)
            .await
            .unwrap()
            > 6_000_000
    );
    assert!(began.elapsed() > Duration::from_secs(5), "{:?}", began.elapsed());
    let spent = begin(&service, "ann", Duration::from_hours(1)).await;
    assert_eq!(spent.status(), StatusCode::TOO_MANY_REQUESTS);
    let other = begin(&service, "bob", Duration::from_hours(1)).await;
    assert_eq!(other.status(), StatusCode::OK);
}
