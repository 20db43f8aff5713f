//! Azure.

use super::{CONTEXT, SURVIVED, client, failure, report};
use crate::support::clouds::azure::{FakeAzure, disk};
use crate::support::clouds::faults::Fault;
use crate::support::clouds::serve::FakeServer;
use cloud_api::BearerSigner;
use cloud_api::azure::{AzureGrant, AzureTokens};
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use virtual_tagging::domain::discovery::{Provider, ReportScope};
use virtual_tagging::providers::{AzureAccess, AzureSubscription, AzureTenant};

const SHOP: &str = "11111111-2222-3333-4444-555555555555";
const LAB: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

fn secret() -> AzureGrant {
    AzureGrant::ClientSecret {
        tenant: "tenant".into(),
        client_id: "client".into(),
        secret: "secret".into(),
    }
}

fn access(fake: &FakeServer<FakeAzure>, grant: AzureGrant) -> AzureAccess {
    let tokens = AzureTokens::new(client(), fake.url.clone(), fake.url.clone(), grant);
    AzureAccess {
        client: client(),
        signer: Arc::new(BearerSigner::new(tokens)),
        management_endpoint: fake.url.clone(),
        identity: "client".into(),
    }
}

fn disks(subscription: &str, count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| disk(subscription, &format!("Disk-{n}"), json!({ "Env": "prod" })))
        .collect()
}

async fn subscriptions(tenant: &AzureTenant) -> Vec<Arc<dyn Provider>> {
    tenant
        .sub_providers(&CONTEXT)
        .await
        .unwrap()
        .expect("subscriptions")
}

#[tokio::test]
async fn each_subscription_of_a_tenant_is_read_to_its_end() {
    let fake = FakeAzure::start([(SHOP, disks(SHOP, 25)), (LAB, disks(LAB, 3))]).await;
    fake.state.page_size.store(4, Ordering::SeqCst);
    let tenant = AzureTenant::new("tenant", access(&fake, secret()));
    let providers = subscriptions(&tenant).await;
    let names: Vec<_> = providers.iter().map(|provider| provider.name()).collect();
    assert_eq!(
        names,
        [
            format!("azure:subscription/{SHOP}"),
            format!("azure:subscription/{LAB}")
        ]
    );
    assert_eq!(providers[0].account_id(), Some(SHOP));
    fake.state.faults.add(SURVIVED);
    let taken = report(providers[0].as_ref()).await.unwrap();
    assert_eq!((taken.resources.len(), taken.ids().len()), (25, 25));
    assert_eq!(taken.scope, Some(ReportScope::Everything));
    let first = taken
        .resources
        .iter()
        .find(|resource| resource.name == "Disk-0")
        .unwrap();
    assert_eq!(first.account_id, SHOP);
    assert_eq!(first.resource_id, first.resource_id.to_lowercase());
    assert_eq!(first.native_tags["Env"], "prod");
    assert_eq!(report(providers[1].as_ref()).await.unwrap().resources.len(), 3);
    // One list, eight pages, and four attempts that failed before an answer; one page of the other.
    assert_eq!(fake.state.queries.load(Ordering::SeqCst), 1 + 13 + 1);
    assert_eq!(*fake.state.grants.lock().unwrap(), ["tenant client secret"; 2]);
}

#[tokio::test]
async fn fewer_records_than_promised_are_no_snapshot() {
    let fake = FakeAzure::start([(SHOP, disks(SHOP, 5))]).await;
    let tenant = AzureTenant::new("tenant", access(&fake, secret()));
    let providers = subscriptions(&tenant).await;
    fake.state.missing.store(2, Ordering::SeqCst);
    let taken = report(providers[0].as_ref()).await.unwrap();
    let reason = "Resource Graph gave 5 of 7 records".to_owned();
    assert_eq!(taken.scope, Some(ReportScope::Partial(vec![reason])));
    let error = tenant.sub_providers(&CONTEXT).await.err().unwrap().to_string();
    assert!(error.contains("lists 1 of 3 subscriptions"), "{error}");
}

#[tokio::test]
async fn a_subscription_that_is_not_seen_is_not_empty() {
    let fake = FakeAzure::start([(SHOP, disks(SHOP, 5))]).await;
    let lab = AzureSubscription::new(LAB, access(&fake, secret()));
    let error = failure(&lab).await;
    assert!(error.contains("does not see the subscription"), "{error}");
    let shop = AzureSubscription::new(&SHOP.to_uppercase(), access(&fake, secret()));
    assert_eq!(report(&shop).await.unwrap().resources.len(), 5);
}

#[tokio::test]
async fn a_query_that_breaks_off_is_no_report() {
    let fake = FakeAzure::start([(SHOP, disks(SHOP, 9))]).await;
    fake.state.page_size.store(4, Ordering::SeqCst);
    let providers = subscriptions(&AzureTenant::new("tenant", access(&fake, secret()))).await;
    for (faults, expected) in [
        (
            vec![None, Some(Fault::RepeatedToken)],
            "token that was there before",
        ),
        (vec![None, Some(Fault::Forbidden)], "you lack the permission"),
        (vec![Some(Fault::Unavailable); 4], "try again"),
        (vec![Some(Fault::Expired), Some(Fault::Expired)], "expired"),
    ] {
        fake.state.faults.add(faults);
        let error = failure(providers[0].as_ref()).await;
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(report(providers[0].as_ref()).await.unwrap().resources.len(), 9);
}

#[tokio::test]
async fn tokens_come_from_a_secret_a_workload_or_the_machine() {
    let fake = FakeAzure::start([(SHOP, disks(SHOP, 1))]).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"assertion\n").unwrap();
    let workload = AzureGrant::Workload {
        tenant: "tenant".into(),
        client_id: "client".into(),
        token_file: file.path().to_owned(),
    };
    let machine = AzureGrant::Machine {
        endpoint: fake.url.clone(),
        client_id: None,
    };
    for grant in [workload, machine] {
        let subscription = AzureSubscription::new(SHOP, access(&fake, grant));
        report(&subscription).await.unwrap();
    }
    assert_eq!(
        *fake.state.grants.lock().unwrap(),
        ["tenant client assertion", "machine"]
    );
}
