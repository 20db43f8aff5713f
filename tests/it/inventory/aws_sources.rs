//! Sources of AWS against an organisation that runs in the test's process, and misbehaves.

use crate::support::api::Api;
use crate::support::clouds::aws::{AwsFake, CALLER, Fault};
use crate::support::clouds::aws_account::FakeAccount;
use crate::support::clouds::collected::CollectedReport;
use crate::support::wait::wait_until;
use crate::support::workers::JobWorkers;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use virtual_tagging::domain::discovery::{DiscoveryContext, Provider, ReportScope};
use virtual_tagging::providers::{AwsAccount, AwsAggregator, AwsOrganization};

const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

async fn fake(change: impl FnOnce(&mut FakeAccount)) -> AwsFake {
    let mut account = FakeAccount::new(ACCOUNT, &REGIONS, 620);
    change(&mut account);
    AwsFake::start([account]).await
}

async fn report(fake: &AwsFake) -> Result<CollectedReport, String> {
    let provider = AwsAccount::new(fake.connection(), ACCOUNT);
    CollectedReport::of(&provider)
        .await
        .map_err(|error| error.to_string())
}

fn complete() -> ReportScope {
    ReportScope::Accounts(vec![ACCOUNT.to_owned()])
}

fn arn(rest: &str) -> String {
    format!("arn:aws:{rest}")
}

#[tokio::test]
async fn resource_explorer_lists_and_the_tagging_api_has_the_tags() {
    let fresh = json!([{ "Key": "team", "Value": "fresh" }]);
    let fake = fake(|account| {
        account.is_stale = true;
        let explored = |arn: &str, kind: &str, owner: &str, region: &str| {
            json!({ "Arn": arn, "ResourceType": kind, "OwningAccountId": owner, "Region": region,
                "Properties": [], "Service": "s", "LastReportedAt": "2026-11-01T00:00:00Z" })
        };
        account.explored = vec![
            explored(
                "arn:aws:iam::111122223333:role/deploy",
                "iam:role",
                ACCOUNT,
                "global",
            ),
            explored(
                "arn:aws:logs:eu-west-1:111122223333:log-group:/a",
                "logs:log-group",
                ACCOUNT,
                "eu-west-1",
            ),
            explored("arn:aws:s3:::foreign", "s3:bucket", "444455556666", "eu-west-1"),
            explored("arn:aws:s3:::ours", "s3:bucket", ACCOUNT, "eu-west-1"),
            explored("arn:aws:s3:::ours", "s3:bucket", ACCOUNT, "eu-west-1"),
        ];
        account.tagged = vec![
            (arn("logs:eu-west-1:111122223333:log-group:/a:*"), fresh.clone()),
            // Deleted an hour ago.
            (arn("sqs:eu-west-1:111122223333:ghost"), fresh.clone()),
            // Of a type that the index does not have.
            (
                arn("workspaces:eu-west-1:111122223333:workspace/ws-1"),
                fresh.clone(),
            ),
            (
                arn("backup:eu-west-1:111122223333:backup-vault:once-tagged"),
                json!([]),
            ),
        ];
    })
    .await;
    let report = report(&fake).await.unwrap();
    assert_eq!((report.resources.len(), report.rejected.len()), (2 * 620 + 4, 0));
    assert_eq!(report.scope, complete());
    let queue = arn("sqs:us-east-1:111122223333:queue-619");
    assert_eq!(report.tag(&queue, "team"), Some("team-3"));
    let queue = &report.resources[&queue];
    assert_eq!(
        (
            queue.account_id.as_str(),
            queue.resource_type.as_str(),
            queue.region.as_deref(),
            queue.name.as_str()
        ),
        (ACCOUNT, "sqs/queue", Some("us-east-1"), "queue-619")
    );
    let group = arn("logs:eu-west-1:111122223333:log-group:/a");
    assert_eq!(report.tag(&group, "team"), Some("fresh"));
    assert_eq!(report.resources["arn:aws:s3:::ours"].account_id, ACCOUNT);
    let role = &report.resources["arn:aws:iam::111122223333:role/deploy"];
    assert_eq!((role.region.as_deref(), role.unstated.native_tags), (None, true));
    assert!(
        report
            .resources
            .contains_key(&arn("workspaces:eu-west-1:111122223333:workspace/ws-1"))
    );
    // Pages of 500 and 100, each asked for once.
    assert_eq!((fake.count("ListResources"), fake.count("GetResources")), (3, 14));
    assert_eq!(
        (
            fake.count("AssumeRole"),
            fake.count("ListIndexes"),
            fake.count("GetView")
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn misbehaviour_that_passes_changes_nothing() {
    let fake = fake(|_| ()).await;
    for fault in [
        Fault::Error(400, "ThrottlingException"),
        Fault::Error(429, "TooManyRequestsException"),
        Fault::Error(503, "SlowDown"),
        Fault::Error(500, "InternalServiceException"),
        Fault::InBody("ThrottledException"),
        Fault::Cut,
        Fault::EmptyPage,
    ] {
        fake.fail("GetResources", fault.clone());
        fake.fail("ListResources", fault);
    }
    fake.fail("ListIndexes", Fault::Silence);
    fake.fail("GetCallerIdentity", Fault::Error(503, "Throttling"));
    let report = report(&fake).await.unwrap();
    assert_eq!((report.resources.len(), report.scope), (1240, complete()));
}

#[tokio::test]
async fn a_token_that_repeats_itself_fails_the_account() {
    let fake = fake(|_| ()).await;
    fake.fail("ListResources", Fault::EmptyPage);
    fake.fail("ListResources", Fault::RepeatedToken);
    let error = report(&fake).await.err().unwrap();
    assert!(error.contains("aws:111122223333: "), "{error}");
    assert!(error.contains("has a token that was there before"), "{error}");
}

#[tokio::test]
async fn what_may_lack_resources_is_told_and_is_no_snapshot() {
    let reasons = async |fake: &AwsFake| match report(fake).await.unwrap().scope {
        ReportScope::Partial(reasons) => reasons.join("; "),
        scope => panic!("{scope:?}"),
    };
    let cut = fake(|_| ()).await;
    cut.fail("ListResources", Fault::Thousand);
    assert!(reasons(&cut).await.contains("ends at 1,000 resources"));

    let filtered = fake(|account| account.view_filter = "resourcetype:sqs:queue").await;
    let reason = reasons(&filtered).await;
    assert_eq!(
        reason,
        "the default view of Resource Explorer in eu-west-1 has a filter"
    );

    let empty = fake(|account| account.regions.clear()).await;
    assert_eq!(reasons(&empty).await, "Resource Explorer lists no resource");

    let unindexed = fake(|account| {
        account.indexed = vec!["eu-west-1"];
        account.regions[1].1 = 0;
        let tags = json!([{ "Key": "a", "Value": "b" }]);
        account.tagged = vec![(arn("sqs:us-east-1:111122223333:q"), tags)];
    })
    .await;
    assert_eq!(
        reasons(&unindexed).await,
        "Resource Explorer has no index in us-east-1"
    );
}

#[tokio::test]
async fn without_resource_explorer_the_tagging_api_lists_what_has_tags() {
    let without = fake(|account| account.indexed.clear()).await;
    let denied = fake(|account| account.denied = vec!["ListIndexes"]).await;
    for (fake, expected) in [
        (without, "has no index in the account"),
        (denied, "AccessDeniedException"),
    ] {
        let report = report(&fake).await.unwrap();
        let ReportScope::TaggedOnly(reasons) = report.scope else {
            panic!("{:?}", report.scope);
        };
        assert!(reasons.join("; ").contains(expected), "{reasons:?}");
        assert_eq!(report.resources.len(), 1240);
        assert_eq!(fake.count("ListResources"), 0);
    }
}

#[tokio::test]
async fn a_view_without_tags_says_nothing_of_them() {
    let fake = fake(|account| {
        account.view_has_tags = false;
        account.denied = vec!["GetResources"];
    })
    .await;
    let report = report(&fake).await.unwrap();
    assert_eq!((report.resources.len(), report.scope), (1240, complete()));
    assert!(report.resources.values().all(|each| each.unstated.native_tags));
}

#[tokio::test]
async fn a_region_that_breaks_off_fails_the_account() {
    let fake = fake(|_| ()).await;
    for _ in 0..40 {
        fake.fail("GetResources", Fault::Error(500, "InternalServiceException"));
    }
    let error = report(&fake).await.err().unwrap();
    assert!(
        error.contains("tagging:GetResources in 111122223333, "),
        "{error}"
    );
    assert_eq!(
        fake.count("ListResources"),
        0,
        "the index would bring old tags back"
    );
}

#[tokio::test]
async fn sessions_are_renewed_and_a_closed_account_says_why() {
    let fake = fake(|_| ()).await;
    let provider = AwsAccount::new(fake.connection(), ACCOUNT);
    fake.fail("GetView", Fault::Error(400, "ExpiredTokenException"));
    let report = CollectedReport::of(&provider).await.unwrap();
    assert_eq!((report.resources.len(), fake.count("AssumeRole")), (1240, 2));
    fake.change(ACCOUNT, |account| account.is_closed_to_us = true);
    let error = CollectedReport::of(&provider).await.err().unwrap().to_string();
    assert!(
        error.contains("not authorized to perform: sts:AssumeRole"),
        "{error}"
    );
    assert!(
        !error.contains("session-") && !error.contains("a-secret"),
        "{error}"
    );
}

#[tokio::test]
async fn an_organisation_lists_its_accounts_page_by_page() {
    let accounts = (0..43).map(|number| {
        let mut account = FakeAccount::new(&format!("2000000000{number:02}"), &REGIONS, 1);
        account.state = match number {
            1 => "SUSPENDED",
            2 => "CLOSED",
            _ => "ACTIVE",
        };
        account
    });
    let fake = AwsFake::start(accounts).await;
    let context = DiscoveryContext {
        tick: 1,
        now: chrono::DateTime::UNIX_EPOCH,
    };
    let organization = AwsOrganization::new(fake.connection());
    let providers = organization.sub_providers(&context).await.unwrap().unwrap();
    assert_eq!((providers.len(), fake.count("ListAccounts")), (42, 3));
    let names: Vec<_> = providers[..3].iter().map(|provider| provider.name()).collect();
    assert_eq!(
        names,
        ["aws:200000000000", "aws:200000000001", "aws:200000000003"]
    );
    assert_eq!(providers[0].account_id(), Some("200000000000"));
    let suspended = CollectedReport::of(providers[1].as_ref()).await.unwrap();
    assert_eq!(
        suspended.scope,
        ReportScope::Partial(vec!["the account is SUSPENDED".into()])
    );

    fake.fail("ListAccounts", Fault::Error(400, "AccessDeniedException"));
    let refused = organization
        .sub_providers(&context)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.starts_with("aws:org: organizations:ListAccounts"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_aggregator_has_the_times_of_creation_and_covers_the_accounts_that_it_lists() {
    let fake = AwsFake::start([FakeAccount::new(CALLER, &REGIONS, 120)]).await;
    fake.fail(
        "SelectAggregateResourceConfig",
        Fault::Error(400, "ThrottlingException"),
    );
    let provider = AwsAggregator::new(fake.connection(), "all");
    let report = CollectedReport::of(&provider).await.unwrap();
    assert_eq!((report.resources.len(), report.rejected.len()), (240, 0));
    assert_eq!(report.scope, ReportScope::Accounts(vec![CALLER.to_owned()]));
    assert_eq!(fake.count("SelectAggregateResourceConfig"), 4);
    let id = format!("arn:aws:sqs:us-east-1:{CALLER}:queue-119");
    assert_eq!(report.tag(&id, "team"), Some("data"));
    let created = report.resources[&id].created_at.unwrap();
    assert_eq!(created.to_rfc3339(), "2026-10-01T08:00:00+00:00");
}

/// A service with an organisation as its source.
struct OrganizationService {
    api: Api,
    fake: AwsFake,
    workers: JobWorkers,
}

impl OrganizationService {
    async fn new(fake: AwsFake) -> Self {
        let mut api = Api::new().await;
        api.services.sources = vec!["aws:org".into()];
        api.schema = virtual_tagging::graphql::schema::build(api.services.clone());
        let workers = JobWorkers::start(&api.fixture.pool, AwsOrganization::new(fake.connection())).await;
        Self { api, fake, workers }
    }

    async fn discover(&self) -> Value {
        let asked = self
            .api
            .ask("mutation { runDiscovery { run { id } userErrors { message } } }")
            .await;
        let id = &asked["runDiscovery"]["run"]["id"];
        let query = "query($id: ID!) { jobRun(id: $id) { status error finishedAt } }";
        wait_until(Duration::from_mins(20), "the end of the discovery", async || {
            let run = self.api.data(query, json!({ "id": id })).await["jobRun"].take();
            if run["finishedAt"].is_null() {
                Err(run)
            } else {
                Ok(run)
            }
        })
        .await
    }

    /// Accounts of the source with their coverage, by id.
    async fn accounts(&self) -> BTreeMap<String, Value> {
        let accounts = "{ sources { accounts(first: 100) {
            nodes { accountId coverage reasons resourceCount } pageInfo { endCursor hasNextPage } } } }";
        let first = self.api.ask(accounts).await["sources"][0]["accounts"].take();
        let mut nodes = first["nodes"].as_array().unwrap().clone();
        let mut page = first["pageInfo"].clone();
        while page["hasNextPage"] == true {
            let next = accounts.replace("first: 100", &format!("first: 100, after: {}", page["endCursor"]));
            let next = self.api.ask(&next).await["sources"][0]["accounts"].take();
            nodes.extend(next["nodes"].as_array().unwrap().clone());
            page = next["pageInfo"].clone();
        }
        let by_id = nodes
            .into_iter()
            .map(|node| (node["accountId"].as_str().unwrap().to_owned(), node));
        by_id.collect()
    }
}

/// Requests that the APIs need at least, for accounts of which so many cannot be read.
fn minimum(accounts: usize, dead: usize, regions: usize, queues: usize) -> usize {
    let pages = (regions * queues).div_ceil(500) + regions * queues.div_ceil(100);
    accounts.div_ceil(20) + 1 + (accounts - dead) * (pages + 3) + dead
}

/// Most requests of any window of a second to an operation that has a rate, by account and region.
fn busiest_seconds(fake: &AwsFake) -> BTreeMap<String, usize> {
    let mut calls: BTreeMap<(String, String, String), Vec<Instant>> = BTreeMap::new();
    for call in fake.calls() {
        let key = (call.operation, call.account, call.region);
        calls.entry(key).or_default().push(call.at);
    }
    let mut busiest: BTreeMap<String, usize> = BTreeMap::new();
    for ((operation, ..), times) in calls {
        let within = |begin: usize| {
            let window = times[begin..].iter();
            window
                .take_while(|at| **at - times[begin] < Duration::from_secs(1))
                .count()
        };
        let most = (0..times.len()).map(within).max().unwrap_or_default();
        let entry = busiest.entry(operation).or_default();
        *entry = most.max(*entry);
    }
    busiest
}

/// Memory of the process at its largest, in MiB.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() >> 10
}

/// Discovers an organisation under throttles, then once more with three accounts that cannot be read any more. Gives the
/// figures, and the memory at its largest after the first time.
async fn discover_organization(accounts: usize, regions: &[&'static str], queues: usize) -> (String, usize) {
    let ids: Vec<_> = (0..accounts).map(|number| format!("3000{number:08}")).collect();
    let fake = AwsFake::start(ids.iter().map(|id| FakeAccount::new(id, regions, queues))).await;
    fake.throttle_every(50);
    let service = OrganizationService::new(fake).await;
    let begin = Instant::now();
    let run = service.discover().await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    let resources = (accounts * regions.len() * queues) as i64;
    assert_eq!(service.api.fixture.count("resources").await, resources);
    let first = service.fake.calls().len();
    let least = minimum(accounts, 0, regions.len(), queues);
    let (took, memory) = (begin.elapsed(), peak_memory());
    let mut figures =
        format!("{resources} resources, {first} requests of at least {least}, {took:?}, {memory} MiB");
    assert!(first <= least * 11 / 10, "{first} requests, {least} are needed");

    let dead = [&ids[1], &ids[accounts / 2], &ids[accounts - 1]];
    service
        .fake
        .change(dead[0], |account| account.is_closed_to_us = true);
    service.fake.change(dead[1], |account| {
        account.denied = vec!["ListIndexes", "GetResources"];
    });
    service
        .fake
        .change(dead[2], |account| account.is_closed_to_us = true);
    let run = service.discover().await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    assert_eq!(
        service
            .api
            .fixture
            .count("resources WHERE retired_at IS NULL")
            .await,
        resources
    );
    let covered = service.accounts().await;
    assert_eq!(covered.len(), accounts);
    for (id, account) in &covered {
        if dead.contains(&id) {
            assert_eq!(account["coverage"], "FAILED", "{account}");
            let reason = account["reasons"][0].as_str().unwrap();
            assert!(
                reason.contains("not authorized") || reason.contains("AccessDenied"),
                "{reason}"
            );
        } else {
            assert_eq!(account["coverage"], "COMPLETE", "{account}");
            assert_eq!(account["resourceCount"], regions.len() * queues, "{account}");
        }
    }
    let second = service.fake.calls().len() - first;
    let least = minimum(accounts, 3, regions.len(), queues);
    let busiest = busiest_seconds(&service.fake);
    figures += &format!("; three dead: {second} requests of at least {least}, busiest seconds {busiest:?}");
    assert!(second <= least * 11 / 10, "{second} requests, {least} are needed");
    for (operation, rate) in [("GetResources", 15), ("ListAccounts", 5), ("ListResources", 10)] {
        assert!(busiest[operation] <= rate, "{operation}: {busiest:?}");
    }
    service.workers.stop().await;
    (figures, memory)
}

#[tokio::test]
async fn an_organisation_is_complete_under_throttles_and_dead_accounts_keep_what_they_have() {
    let (figures, _) = discover_organization(24, &REGIONS, 520).await;
    println!("{figures}");
}

/// Service and fake in one process, so that its memory is that of both.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: an organisation of 200 accounts, 5 regions and a million resources"]
async fn an_organisation_of_a_million_resources() {
    let regions = ["eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2"];
    let (figures, memory) = discover_organization(200, &regions, 1000).await;
    println!("{figures}");
    // Before the evaluation of what was found, which has memory of its own.
    assert!(memory < 200, "{memory} MiB");
}
