//! Sources of many accounts, and retirements that wait for a person.

use crate::support::api::Api;
use crate::support::fixture::resource;
use crate::support::uploads::until_idle;
use crate::support::workers::JobWorkers;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use virtual_tagging::domain::discovery::{
    DiscoveryContext, Provider, ProviderError, ReportScope, ReportSink, ResourceReport, UnpackLimits,
};
use virtual_tagging::providers::FileProvider;

/// State of an invented account: its number of resources and the scope of its report, or a fault.
type Account = Result<(usize, ReportScope), &'static str>;

/// Source of accounts that a test sets.
#[derive(Clone, Default)]
struct Company(Arc<Mutex<BTreeMap<&'static str, Account>>>);

/// One of its accounts, as it was when it was listed.
struct CompanyAccount {
    name: String,
    account_id: &'static str,
    state: Account,
}

impl Company {
    fn set(&self, account_id: &'static str, state: Account) {
        self.0.lock().unwrap().insert(account_id, state);
    }

    fn complete(&self, account_id: &'static str, resources: usize) {
        self.set(account_id, Ok((resources, ReportScope::Everything)));
    }
}

#[async_trait]
impl Provider for Company {
    fn name(&self) -> &'static str {
        "company"
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    async fn sub_providers(
        &self,
        _: &DiscoveryContext,
    ) -> Result<Option<Vec<Arc<dyn Provider>>>, ProviderError> {
        let accounts = self.0.lock().unwrap().clone();
        let providers = accounts.into_iter().map(|(account_id, state)| {
            let name = format!("company:{account_id}");
            Arc::new(CompanyAccount {
                name,
                account_id,
                state,
            }) as Arc<dyn Provider>
        });
        Ok(Some(providers.collect()))
    }

    async fn report(&self, _: &DiscoveryContext, _: &mut dyn ReportSink) -> Result<(), ProviderError> {
        unreachable!("its accounts report")
    }
}

#[async_trait]
impl Provider for CompanyAccount {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    fn account_id(&self) -> Option<&str> {
        Some(self.account_id)
    }

    async fn report(&self, _: &DiscoveryContext, sink: &mut dyn ReportSink) -> Result<(), ProviderError> {
        let (resources, scope) = self.state.clone().map_err(|reason| ProviderError::Source {
            provider: self.name.clone(),
            reason: reason.into(),
        })?;
        let report = |n| ResourceReport {
            account_id: self.account_id.into(),
            resource_id: format!("{}/queue-{n}", self.account_id),
            ..resource(&format!("queue-{n}"))
        };
        let reports = (0..resources).map(report).collect();
        sink.resources(reports).await.map_err(ProviderError::Sink)?;
        sink.scope(scope).await.map_err(ProviderError::Sink)
    }
}

/// A service with the company as its source.
struct Estate {
    api: Api,
    company: Company,
    workers: JobWorkers,
}

const SOURCES: &str = "{ sources { name lastSyncAt errors { provider accountId message }
    withheldRetirements { provider accountId resourceCount knownCount confirmedBy samples { name } }
    accounts { totalCount nodes { accountId provider coverage reasons resourceCount } } } }";

impl Estate {
    async fn new() -> Self {
        let company = Company::default();
        Self::with(company.clone(), company).await
    }

    async fn with(company: Company, source: impl Provider + 'static) -> Self {
        let mut api = Api::new().await;
        api.services.sources = vec![source.name().to_owned()];
        api.schema = virtual_tagging::graphql::schema::build(api.services.clone());
        let workers = JobWorkers::start(&api.fixture.pool, source).await;
        Self {
            api,
            company,
            workers,
        }
    }

    /// Discovers once; gives the run.
    async fn discover(&self) -> Value {
        let asked = self
            .api
            .ask("mutation { runDiscovery { run { id } userErrors { message } } }")
            .await;
        self.ended(&asked["runDiscovery"]["run"]["id"]).await
    }

    async fn ended(&self, id: &Value) -> Value {
        until_idle(&self.api.fixture).await;
        let run = "query($id: ID!) { jobRun(id: $id) { status error counts { name count }
            accounts { totalCount nodes { accountId coverage } } } }";
        self.api.data(run, json!({ "id": id })).await["jobRun"].take()
    }

    async fn source(&self) -> Value {
        self.api.ask(SOURCES).await["sources"][0].take()
    }

    /// Number of resources of an account that are not retired.
    async fn present(&self, account: &str) -> i64 {
        let present = format!("resources WHERE retired_at IS NULL AND account_id = '{account}'");
        self.api.fixture.count(&present).await
    }
}

/// Count of a run by its name.
fn count(run: &Value, name: &str) -> i64 {
    let counts = run["counts"].as_array().unwrap();
    let found = counts.iter().find(|count| count["name"] == name);
    found.map_or(0, |count| count["count"].as_i64().unwrap())
}

#[tokio::test]
async fn an_account_that_fails_is_told_and_spoils_no_other() {
    let estate = Estate::new().await;
    for account in ["a", "b", "c", "d"] {
        estate.company.complete(account, 30);
    }
    let run = estate.discover().await;
    assert_eq!(
        (&run["status"], count(&run, "inserted")),
        (&json!("SUCCEEDED"), 120)
    );
    let source = estate.source().await;
    assert!(source["lastSyncAt"].is_string(), "{source}");

    estate.company.complete("a", 28);
    estate.company.set("b", Err("access denied"));
    let reasons = || vec!["no index in eu-west-1".to_owned()];
    estate
        .company
        .set("c", Ok((1, ReportScope::TaggedOnly(reasons()))));
    estate.company.set("d", Ok((1, ReportScope::Partial(reasons()))));
    let run = estate.discover().await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    assert_eq!((count(&run, "retired"), count(&run, "failed_accounts")), (2, 1));
    let mut present = Vec::new();
    for account in ["a", "b", "c", "d"] {
        present.push(estate.present(account).await);
    }
    assert_eq!(present, [28, 30, 30, 30]);

    let after = estate.source().await;
    assert_eq!(
        after["lastSyncAt"], source["lastSyncAt"],
        "not all of it was read"
    );
    let message = after["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("access denied"), "{after}");
    assert_eq!(after["errors"][0]["accountId"], "b");
    let mut accounts: Vec<_> = after["accounts"]["nodes"].as_array().unwrap().iter().collect();
    accounts.sort_by_key(|account| account["accountId"].as_str());
    let coverages: Vec<_> = accounts
        .iter()
        .map(|account| account["coverage"].as_str().unwrap())
        .collect();
    assert_eq!(coverages, ["COMPLETE", "FAILED", "TAGGED_ONLY", "PARTIAL"]);
    assert_eq!(accounts[2]["reasons"], json!(["no index in eu-west-1"]));
    assert_eq!(accounts[0]["provider"], "company:a");
    assert_eq!(run["accounts"]["totalCount"], 4);
    estate.workers.stop().await;
}

#[tokio::test]
async fn a_source_of_which_no_account_can_be_read_fails() {
    let estate = Estate::new().await;
    estate.company.set("a", Err("access denied"));
    let fail_soon = "ALTER TABLE scheduler_jobs ALTER COLUMN max_attempts SET DEFAULT 1";
    virtual_tagging::db::sql::execute(&estate.api.fixture.pool, fail_soon, [])
        .await
        .unwrap();
    let run = estate.discover().await;
    assert_eq!(run["status"], "FAILED", "{run}");
    assert!(
        run["error"].as_str().unwrap().contains("none of 1 accounts"),
        "{run}"
    );
    estate.workers.stop().await;
}

#[tokio::test]
async fn what_lacks_too_much_retires_nothing_until_a_person_confirms_it() {
    let estate = Estate::new().await;
    estate.company.complete("a", 100);
    estate.company.complete("b", 100);
    estate.discover().await;
    estate.company.complete("a", 79);
    estate.company.complete("b", 80);
    let run = estate.discover().await;
    assert_eq!(
        (count(&run, "withheld"), count(&run, "retired")),
        (21, 20),
        "{run}"
    );
    assert_eq!((estate.present("a").await, estate.present("b").await), (100, 80));
    let withheld = &estate.source().await["withheldRetirements"];
    assert_eq!(withheld[0]["samples"].as_array().unwrap().len(), 21);
    let mut shown = withheld.clone();
    shown[0]["samples"].take();
    let expected = json!([{ "provider": "company:a", "accountId": "a", "resourceCount": 21, "knownCount": 100,
        "confirmedBy": null, "samples": null }]);
    assert_eq!(shown, expected);

    let confirm =
        "mutation($source: String!) { confirmRetirement(input: {source: $source, reason: \"sold\"}) {
        run { id } userErrors { code field } } }";
    let nothing = estate.api.data(confirm, json!({ "source": "company:b" })).await;
    assert_eq!(nothing["confirmRetirement"]["userErrors"][0]["code"], "NOT_FOUND");
    // Resources that are back by then stay.
    estate.company.complete("a", 81);
    let confirmed = estate.api.data(confirm, json!({ "source": "company:a" })).await;
    let run = estate.ended(&confirmed["confirmRetirement"]["run"]["id"]).await;
    assert_eq!(count(&run, "retired"), 19, "{run}");
    assert_eq!(estate.present("a").await, 81);
    assert_eq!(estate.source().await["withheldRetirements"], json!([]));
    let trail = estate
        .api
        .ask("{ adminChanges { nodes { action subjectType subjectName after } } }")
        .await;
    let change = &trail["adminChanges"]["nodes"][0];
    assert_eq!(
        change,
        &json!({ "action": "CONFIRMED", "subjectType": "SOURCE", "subjectName": "company:a",
            "after": { "retiredResources": 21, "reason": "sold" } })
    );
    estate.company.complete("a", 40);
    let run = estate.discover().await;
    assert_eq!(
        (count(&run, "withheld"), estate.present("a").await),
        (41, 81),
        "a confirmation holds once"
    );
    estate.workers.stop().await;
}

#[tokio::test]
async fn an_account_that_is_no_longer_listed_waits_for_a_person() {
    let estate = Estate::new().await;
    estate.company.complete("a", 500);
    estate.company.complete("b", 21);
    estate.company.complete("small", 3);
    estate.discover().await;
    estate.company.0.lock().unwrap().remove("small");
    estate.discover().await;
    assert_eq!(estate.present("small").await, 0, "a few are retired");
    estate.company.0.lock().unwrap().remove("b");
    let run = estate.discover().await;
    assert_eq!((count(&run, "withheld"), estate.present("b").await), (21, 21));
    let source = estate.source().await;
    let names: Vec<_> = source["accounts"]["nodes"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 2, "{source}");
    let gone = names.iter().find(|account| account["accountId"] == "b").unwrap();
    assert_eq!(gone["reasons"], json!(["the source no longer lists the account"]));

    let confirm = "mutation { confirmRetirement(input: {source: \"company:b\"}) { run { id } } }";
    let confirmed = estate.api.ask(confirm).await;
    estate.ended(&confirmed["confirmRetirement"]["run"]["id"]).await;
    assert_eq!(estate.present("b").await, 0);
    let source = estate.source().await;
    assert_eq!(source["accounts"]["totalCount"], 1, "{source}");
    assert_eq!(source["withheldRetirements"], json!([]));
    estate.workers.stop().await;
}

#[tokio::test]
async fn a_file_that_lacks_too_much_waits_for_a_person_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |rows: usize| {
        let row = |n: usize| format!("aws,a,sqs/queue,queue-{n}\n");
        let rows: String = (0..rows).map(row).collect();
        std::fs::write(
            file.path(),
            format!("cloud,account_id,resource_type,resource_id\n{rows}"),
        )
        .unwrap();
    };
    let source = FileProvider::new(file.path(), UnpackLimits::default());
    let name = source.name().to_owned();
    let estate = Estate::with(Company::default(), source).await;
    write(100);
    estate.discover().await;
    write(50);
    let run = estate.discover().await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    assert_eq!((count(&run, "withheld"), estate.present("a").await), (50, 100));
    let accounts = &estate.source().await["accounts"];
    assert_eq!(accounts["nodes"][0]["coverage"], "COMPLETE", "{accounts}");
    let confirm = "mutation($source: String!) { confirmRetirement(input: {source: $source}) { run { id } } }";
    let confirmed = estate.api.data(confirm, json!({ "source": name })).await;
    let run = estate.ended(&confirmed["confirmRetirement"]["run"]["id"]).await;
    assert_eq!((count(&run, "retired"), estate.present("a").await), (50, 50));
    estate.workers.stop().await;
}
