//! Tokens of scripts: made, used, listed and taken back.

use crate::support::api_tokens::{CREATE, ask, in_an_hour};
use crate::support::fixture::{Fixture, limited};
use crate::support::service::Service;
use crate::support::socket::Socket;
use crate::support::statements::Statements;
use crate::support::wait::wait_until;
use chrono::{TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::json;
use std::time::{Duration, Instant};
use tracing_subscriber::layer::SubscriberExt;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::clock::SystemClock;
use virtual_tagging::db::sql;
use virtual_tagging::domain::tokens::{self, TokenDraft, TokenSecret, TokenVerifier};
use virtual_tagging::error::{Error, Problem};

#[tokio::test]
async fn a_token_is_shown_once_used_seen_and_taken_back_everywhere() {
    let service = Service::start_authenticated().await;
    let replica = Service::start_on(
        service.db.clone(),
        &[("JWT_SECRET", crate::support::service::SECRET)],
    )
    .await;
    let admin = service.token("ada", Role::Admin, None, Duration::from_mins(10));
    let input =
        json!({"name": "nightly", "role": "APPROVER", "accounts": ["222", "111"], "expiresAt": in_an_hour()});
    let (_, answer) = ask(&service, &admin, CREATE, json!({ "input": input })).await;
    let made = &answer["data"]["createApiToken"];
    let secret = made["secret"].as_str().unwrap().to_owned();
    let id = made["apiToken"]["id"].clone();
    let public_id = made["apiToken"]["publicId"].as_str().unwrap();
    let subject = format!("token:{public_id}:nightly");
    assert_eq!(made["apiToken"]["subject"], subject, "{answer}");
    assert_eq!(made["apiToken"]["createdBy"], "ada");

    let viewer = "{ viewer { subject role accounts } }";
    for each in [&service, &replica] {
        let (_, answer) = ask(each, &secret, viewer, json!({})).await;
        let expected = json!({"subject": subject, "role": "APPROVER", "accounts": ["111", "222"]});
        assert_eq!(answer["data"]["viewer"], expected);
    }
    let mut socket = Socket::open(&replica).await;
    let payload = json!({"Authorization": format!("Bearer {secret}")});
    socket
        .send(&json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(socket.next().await, json!({"type": "connection_ack"}));

    let list = "{ apiTokens { totalCount nodes { id name lastUsedAt revokedBy } } }";
    let (_, answer) = ask(&service, &admin, list, json!({})).await;
    let listed = &answer["data"]["apiTokens"]["nodes"][0];
    assert_eq!(listed["id"], id);
    assert!(listed["lastUsedAt"].is_string(), "{answer}");
    let pool = service.db.connect().await;
    let kept: String = sqlx::query_scalar("SELECT to_jsonb(t)::text FROM api_tokens t")
        .fetch_one(pool.get_postgres_connection_pool())
        .await
        .unwrap();
    assert!(!kept.contains(secret.rsplit_once('_').unwrap().1), "{kept}");

    let revoke = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { revokedBy } userErrors { code } } }";
    let (_, answer) = ask(&service, &admin, revoke, json!({ "id": id })).await;
    assert_eq!(
        answer["data"]["revokeApiToken"]["apiToken"]["revokedBy"], "ada",
        "{answer}"
    );
    let revoked = Instant::now();
    assert_eq!(socket.close_code().await, 4403);
    assert!(
        revoked.elapsed() < Duration::from_secs(6),
        "{:?}",
        revoked.elapsed()
    );
    for each in [&service, &replica] {
        let (status, answer) = ask(each, &secret, viewer, json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    }
    // Once more changes nothing.
    let (_, answer) = ask(&service, &admin, revoke, json!({ "id": id })).await;
    assert_eq!(
        answer["data"]["revokeApiToken"]["apiToken"]["revokedBy"], "ada",
        "{answer}"
    );
}

#[tokio::test]
async fn an_export_under_way_ends_with_its_token() {
    let service = Service::start_authenticated().await;
    let admin = service.token("ada", Role::Admin, None, Duration::from_mins(10));
    // More than the sockets between us hold.
    let rows = "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, native_tags, discovered_by)
        SELECT 'arn:' || n, 'n', 'aws', '111', 't', jsonb_build_object('note', repeat('x', 3000)), 'test'
          FROM generate_series(1, 20000) n";
    sql::execute(&service.db.connect().await, rows, []).await.unwrap();
    let input = json!({"name": "nightly", "role": "VIEWER", "expiresAt": in_an_hour()});
    let (_, answer) = ask(&service, &admin, CREATE, json!({ "input": input })).await;
    let made = &answer["data"]["createApiToken"];
    let export = service.client.get(service.url("/csv/export"));
    let secret = made["secret"].as_str().unwrap();
    let export = export.bearer_auth(secret);
    let mut answer = export.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.chunk().await.unwrap().is_some());

    let revoke = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { userErrors { code } } }";
    ask(&service, &admin, revoke, json!({ "id": made["apiToken"]["id"] })).await;
    // Rights are read anew at most every 2 s, for requests and for exports alike.
    wait_until(Duration::from_secs(10), "the token to be refused", async || {
        let (status, _) = ask(&service, secret, "{__typename}", json!({})).await;
        status == StatusCode::UNAUTHORIZED
    })
    .await;
    let rest = async {
        while answer.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(rest.await.is_err(), "the whole export came");
}

#[tokio::test]
async fn what_is_no_token_is_refused_as_any_other() {
    let service = Service::start_authenticated().await;
    let (_, other) = ask(&service, "x", "{__typename}", json!({})).await;
    let guessed = TokenSecret::random();
    for text in [
        "vtag_",
        "vtag_0123456789abcdef",
        guessed.reveal(),
        &guessed.reveal()[..80],
    ] {
        let (status, mut answer) = ask(&service, text, "{__typename}", json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{text}");
        answer["errors"][0]["extensions"]["requestId"] =
            other["errors"][0]["extensions"]["requestId"].clone();
        assert_eq!(answer, other);
    }
}

fn admin() -> Actor {
    crate::support::fixture::actor("ada", Role::Admin)
}

fn draft() -> TokenDraft {
    TokenDraft {
        name: "nightly".into(),
        role: Role::Viewer,
        accounts: None,
        expires_at: Utc::now() + TimeDelta::hours(1),
    }
}

fn refused(answer: Result<tokens::IssuedToken, Error>) -> Vec<String> {
    match answer {
        Err(Error::Validation(problems)) => problems
            .into_iter()
            .filter_map(|Problem { field, .. }| field)
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_reaches_no_further_than_who_makes_it() {
    let fixture = Fixture::new().await;
    let (db, clock) = (&fixture.pool, &SystemClock);
    let of_one = tokens::create(db, clock, &limited("111"), draft()).await.unwrap();
    assert_eq!(of_one.row.accounts, Some(vec!["111".to_owned()]));
    let of_all = tokens::create(db, clock, &admin(), draft()).await.unwrap();
    assert_eq!(of_all.row.accounts, None);
    let foreign = TokenDraft {
        accounts: Some(vec!["111".into(), "222".into()]),
        ..draft()
    };
    assert_eq!(
        refused(tokens::create(db, clock, &limited("111"), foreign).await),
        ["accounts"]
    );

    let wrong = TokenDraft {
        name: " ".into(),
        accounts: Some(Vec::new()),
        expires_at: Utc::now() + TimeDelta::days(367),
        ..draft()
    };
    assert_eq!(
        refused(tokens::create(db, clock, &admin(), wrong).await),
        ["name", "expiresAt", "accounts"]
    );
    for name in ["a\u{200b}", "\u{202e}system:", "\u{3000}a", "a\nb"] {
        let hidden = TokenDraft {
            name: name.into(),
            ..draft()
        };
        let refused = refused(tokens::create(db, clock, &admin(), hidden).await);
        assert_eq!(refused, ["name"], "{name:?}");
    }
    let past = TokenDraft {
        expires_at: Utc::now() - TimeDelta::seconds(1),
        ..draft()
    };
    assert_eq!(
        refused(tokens::create(db, clock, &admin(), past).await),
        ["expiresAt"]
    );

    for other in [Role::Viewer, Role::Approver] {
        let made = tokens::create(db, clock, &crate::support::fixture::actor("bob", other), draft()).await;
        assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
    }
    let script = Actor {
        role: Role::Admin,
        ..of_all.row.actor().unwrap()
    };
    assert!(matches!(
        tokens::create(db, clock, &script, draft()).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        tokens::revoke(db, &script, of_one.row.id).await,
        Err(Error::Forbidden(_))
    ));

    // One who is limited neither sees nor takes back what reaches further.
    let window = virtual_tagging::db::keyset::Window::first(10);
    let seen = tokens::list::list(db, &limited("111"), &window).await.unwrap();
    assert_eq!(
        seen.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [of_one.row.id]
    );
    assert!(tokens::revoke(db, &limited("111"), of_all.row.id).await.is_err());
    assert!(tokens::revoke(db, &limited("222"), of_one.row.id).await.is_err());
    tokens::revoke(db, &limited("111"), of_one.row.id).await.unwrap();
}

#[tokio::test]
async fn a_token_ends_by_itself_and_costs_few_statements() {
    let fixture = Fixture::new().await;
    let issued = tokens::create(&fixture.pool, &SystemClock, &limited("111"), draft())
        .await
        .unwrap();
    let verifier = TokenVerifier::new(fixture.pool.clone());
    let now = Utc::now();

    let statements = Statements::default();
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    let started = Instant::now();
    for _ in 0..10_000 {
        let bearer = verifier.verify(&issued.secret, now).await.unwrap().unwrap();
        assert_eq!(bearer.actor.scope, AccountScope::Only(vec!["111".into()]));
    }
    // One reading for each time that it counts for, and one that notes the use.
    let readings = started.elapsed().as_secs() as usize / 2 + 1;
    assert!(
        (2..=readings + 1).contains(&statements.count()),
        "{} in {:?}",
        statements.count(),
        started.elapsed()
    );
    drop(counting);

    let later = issued.row.expires_at;
    assert_eq!(verifier.verify(&issued.secret, later).await.unwrap(), None);
    assert!(
        !verifier
            .is_still_valid(&issued.row.public_id, later)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn what_a_token_says_stays() {
    let fixture = Fixture::new().await;
    let issued = tokens::create(&fixture.pool, &SystemClock, &admin(), draft())
        .await
        .unwrap();
    tokens::revoke(&fixture.pool, &admin(), issued.row.id)
        .await
        .unwrap();
    for change in [
        "DELETE FROM api_tokens",
        "TRUNCATE api_tokens",
        "UPDATE api_tokens SET role = 'admin'",
        "UPDATE api_tokens SET created_by = 'eve'",
        "UPDATE api_tokens SET revoked_at = NULL, revoked_by = NULL",
        "UPDATE api_tokens SET revoked_by = 'eve'",
    ] {
        assert!(sql::execute(&fixture.pool, change, []).await.is_err(), "{change}");
    }
    sql::execute(&fixture.pool, "UPDATE api_tokens SET last_used_at = now()", [])
        .await
        .unwrap();
}
