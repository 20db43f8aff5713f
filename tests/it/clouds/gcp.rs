//! Google Cloud.

use super::{SURVIVED, client, failure, report};
use crate::support::clouds::faults::Fault;
use crate::support::clouds::gcp::{FakeGcp, asset};
use crate::support::clouds::serve::FakeServer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloud_api::BearerSigner;
use cloud_api::gcp::GcpTokens;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use virtual_tagging::domain::discovery::ReportScope;
use virtual_tagging::providers::{GcpAccess, GcpScope};

const RSA_KEY: &[u8] = include_bytes!("../auth/rsa.pk8");

/// Key file of a service account at the fake.
fn key_file(fake: &FakeServer<FakeGcp>) -> Value {
    let key = STANDARD.encode(RSA_KEY);
    json!({
        "type": "service_account",
        "client_email": "reader@my-project.iam.gserviceaccount.com",
        "private_key_id": "key-1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"),
        "token_uri": fake.url.join("token").unwrap().to_string(),
    })
}

fn source(fake: &FakeServer<FakeGcp>, scope: &str, tokens: GcpTokens) -> GcpScope {
    let access = GcpAccess {
        client: client(),
        signer: Arc::new(BearerSigner::new(tokens)),
        asset_endpoint: fake.url.clone(),
        quota_project: Some("billing-project".into()),
    };
    GcpScope::new(scope, access)
}

fn tokens(fake: &FakeServer<FakeGcp>) -> GcpTokens {
    GcpTokens::of_key_file(client(), &key_file(fake).to_string()).unwrap()
}

fn assets(count: usize) -> Vec<Value> {
    let name = |n: usize| {
        asset(
            ["shop", "lab"][n % 2],
            &format!("vm-{n}"),
            json!({ "env": "prod" }),
        )
    };
    (0..count).map(name).collect()
}

#[tokio::test]
async fn all_pages_of_a_scope_are_read_whatever_happens_on_the_way() {
    let fake = FakeGcp::start(assets(25)).await;
    fake.state.page_size.store(4, Ordering::SeqCst);
    fake.state.faults.add(SURVIVED);
    let taken = report(&source(&fake, "organizations/1", tokens(&fake)))
        .await
        .unwrap();
    assert_eq!((taken.resources.len(), taken.ids().len()), (25, 25));
    assert_eq!(taken.scope, Some(ReportScope::Everything));
    assert!(taken.rejected.is_empty());
    let first = taken
        .resources
        .iter()
        .find(|resource| resource.name == "vm-0")
        .unwrap();
    assert_eq!(first.account_id, "shop");
    assert_eq!(first.resource_type, "compute.googleapis.com/Instance");
    assert_eq!(first.region.as_deref(), Some("europe-west1-b"));
    assert_eq!(first.native_tags["env"], "prod");
    // Seven pages, an empty one, and four attempts that failed before an answer, one of them for its token.
    assert_eq!(fake.state.searches.load(Ordering::SeqCst), 13);
    let way = "service account reader@my-project.iam.gserviceaccount.com";
    assert_eq!(*fake.state.grants.lock().unwrap(), [way, way]);
    let quota = fake.state.quota_projects.lock().unwrap();
    assert!(quota.iter().all(|project| project == "billing-project") && !quota.is_empty());
}

#[tokio::test]
async fn a_project_is_a_scope_of_its_own() {
    let fake = FakeGcp::start(assets(10)).await;
    let shop = source(&fake, "projects/shop", tokens(&fake));
    let taken = report(&shop).await.unwrap();
    assert_eq!(taken.resources.len(), 5);
    assert_eq!(fake.state.searches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_search_that_breaks_off_is_no_report() {
    let fake = FakeGcp::start(assets(10)).await;
    fake.state.page_size.store(4, Ordering::SeqCst);
    let scope = source(&fake, "folders/7", tokens(&fake));
    fake.state.faults.add([None, Some(Fault::RepeatedToken)]);
    let error = failure(&scope).await;
    assert!(
        error.starts_with("gcp:folders/7: ") && error.contains("token that was there before"),
        "{error}"
    );
    fake.state.faults.add([None, Some(Fault::Forbidden)]);
    let error = failure(&scope).await;
    assert!(error.contains("you lack the permission"), "{error}");
    fake.state.faults.add([Some(Fault::Throttled(0)); 9]);
    let error = failure(&scope).await;
    assert!(error.contains("slow down"), "{error}");
    let nothing = FakeGcp::start(Vec::new()).await;
    let error = failure(&source(&nothing, "projects/shop", tokens(&nothing))).await;
    assert!(error.contains("finds no resource"), "{error}");
}

#[tokio::test]
async fn tokens_come_from_a_key_a_person_or_the_machine() {
    let fake = FakeGcp::start(assets(1)).await;
    let person = json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh-me",
        "token_uri": fake.url.join("token").unwrap().to_string(), "quota_project_id": "own-project",
    });
    let person = GcpTokens::of_key_file(client(), &person.to_string()).unwrap();
    assert_eq!(person.quota_project(), Some("own-project"));
    report(&source(&fake, "projects/shop", person)).await.unwrap();
    let machine = GcpTokens::of_machine(client(), &fake.url).unwrap();
    report(&source(&fake, "projects/shop", machine)).await.unwrap();
    assert_eq!(
        *fake.state.grants.lock().unwrap(),
        ["refresh token refresh-me", "machine"]
    );
}

#[test]
fn a_wrong_key_file_is_refused_without_a_word_of_it() {
    for (text, expected) in [
        ("top-secret", "not the JSON"),
        (
            r#"{"type": "external_account", "secret": "top-secret"}"#,
            "another type",
        ),
        (
            r#"{"type": "service_account", "client_email": "a", "private_key_id": "b", "private_key": "top-secret"}"#,
            "no PEM",
        ),
    ] {
        let error = GcpTokens::of_key_file(client(), text).err().unwrap().to_string();
        assert!(
            error.contains(expected) && !error.contains("top-secret"),
            "{error}"
        );
    }
}
