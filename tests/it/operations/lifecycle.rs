//! The service as a whole: its end, and files in and out.

use crate::support::db::TestDb;
use crate::support::service::{Service, config};
use crate::support::socket::Socket;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use virtual_tagging::app::{App, Mode};
use virtual_tagging::auth::Role;
use virtual_tagging::domain::Cloud;
use virtual_tagging::domain::discovery::{
    InventoryEntry, InventoryReader, ReadOptions, ReportSink, ResourceReport,
};
use virtual_tagging::domain::inventory::Reconciler;

#[tokio::test]
async fn a_shutdown_closes_open_subscriptions_with_1012_and_stops_listening() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    socket
        .subscribe("1", "subscription{approvalEvents{cursor}}")
        .await;
    // Answered after the subscription was started.
    socket.send(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    let started = Instant::now();
    let url = service.url("/healthz");
    let (code, ()) = tokio::join!(socket.close_code(), service.app.shutdown());
    assert_eq!(code, 1012);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    assert!(service.client.get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_worker_answers_for_its_health_and_nothing_else() {
    let service = Service::start().await;
    let worker = App::start(service.config.clone(), Mode::Work).await.unwrap();
    assert_ne!(worker.address(), service.address());
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/graphql", 404),
        ("/csv/template", 404),
        ("/", 404),
    ] {
        let url = format!("http://{}{path}", worker.address());
        let answer = service.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    worker.shutdown().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_but_workers_without_a_port_find_one() {
    let service = Service::start().await;
    let port = service.address().port().to_string();
    let taken = config(&service.db.url(), &[("API_PORT", &port)]);
    let error = format!("{:#}", App::start(taken, Mode::Serve).await.err().unwrap());
    assert!(
        error.contains(&format!("127.0.0.1:{port}")) && error.contains("API_PORT"),
        "{error}"
    );
    let taken = config(&service.db.url(), &[("WORKER_PORT", &port)]);
    let error = format!("{:#}", App::start(taken, Mode::Work).await.err().unwrap());
    assert!(
        error.contains(&format!("127.0.0.1:{port}")) && error.contains("WORKER_PORT"),
        "{error}"
    );
    let unset = config(&service.db.url(), &[("WORKER_PORT", "")]);
    let one = App::start(unset.clone(), Mode::Work).await.unwrap();
    let two = App::start(unset, Mode::Work).await.unwrap();
    assert_ne!(one.address(), two.address());
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_number_of_connections_is_enough() {
    let settings = [
        ("DATABASE_MAX_CONNECTIONS", "5"),
        ("ENABLE_WORKERS", "true"),
        ("ENABLE_SCHEDULER", "true"),
        ("WORKER_CONCURRENCY", "64"),
    ];
    let service = Service::start_with(&settings).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let pages = (0..16).map(|_| service.graphql("{approvals(first: 5) {totalCount}}"));
        let answers = futures::future::join_all(pages).await;
        for answer in &answers {
            assert_eq!(answer.get("errors"), None);
        }
        if answers[0]["data"]["approvals"]["totalCount"].as_u64() > Some(0) {
            break;
        }
        assert!(Instant::now() < deadline, "{answers:?}");
    }
    assert_eq!(service.get("/readyz").await.status(), 200);
    let listening = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let pool = service.app.database().pools.all.get_postgres_connection_pool();
    let listening: i64 = sqlx::query_scalar(listening).fetch_one(pool).await.unwrap();
    assert_eq!(listening, 2);
    service.app.shutdown().await;
}

#[tokio::test]
async fn each_start_makes_the_partitions_that_are_missing() {
    let db = TestDb::create().await;
    let pool = db.connect().await;
    let config = config(&db.url(), &[]);
    App::start(config.clone(), Mode::Work)
        .await
        .unwrap()
        .shutdown()
        .await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'tag_audit'::regclass";
    let count = async || -> i64 {
        let pool = pool.get_postgres_connection_pool();
        sqlx::query_scalar(partitions).fetch_one(pool).await.unwrap()
    };
    assert_eq!(count().await, 4);
    let month = chrono::Utc::now().format("%Y_%m");
    virtual_tagging::db::sql::execute(&pool, &format!("DROP TABLE tag_audit_{month}"), [])
        .await
        .unwrap();
    assert_eq!(count().await, 3);
    App::start(config, Mode::Work).await.unwrap().shutdown().await;
    assert_eq!(count().await, 4);
}

fn report(number: u32, account: &str) -> ResourceReport {
    ResourceReport {
        unstated: virtual_tagging::domain::discovery::UnstatedFields::default(),
        cloud: Cloud::Gcp,
        account_id: account.into(),
        resource_type: "compute.instance".into(),
        resource_id: format!("//compute/{account}/{number}"),
        name: format!("=web, \"{number}\"\nä"),
        region: Some("europe-west1".into()),
        native_tags: BTreeMap::from([("env".into(), "prd".into()), ("+x".into(), "-1".into())]),
        created_at: Some("2024-05-06T07:08:09Z".parse().unwrap()),
    }
}

async fn report_all(service: &Service, reports: Vec<ResourceReport>) {
    let db = &service.app.database().pools.all;
    let mut reconciler = Reconciler::new(db, "test", None);
    for batch in reports.chunks(1000) {
        reconciler.resources(batch.to_vec()).await.unwrap();
    }
    reconciler.finish().await.unwrap();
}

#[tokio::test]
async fn an_export_is_what_an_import_reads() {
    let service = Service::start().await;
    let reports: Vec<_> = (0..2_500).map(|number| report(number, "111")).collect();
    report_all(&service, reports.clone()).await;
    let answer = service.get("/csv/export").await;
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(
        answer.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .contains("resources.csv")
    );
    let bytes = answer.bytes().await.unwrap();
    let read =
        InventoryReader::from_reader(std::io::Cursor::new(bytes), None, ReadOptions::default()).unwrap();
    let read: BTreeMap<String, ResourceReport> = read
        .map(|entry| match entry.unwrap() {
            InventoryEntry::Resource(_, report) => (report.resource_id.clone(), report),
            InventoryEntry::Rejected(faults) => panic!("{faults:?}"),
        })
        .collect();
    let expected = reports
        .into_iter()
        .map(|report| (report.resource_id.clone(), report));
    assert_eq!(read, expected.collect());
}

#[tokio::test]
async fn an_export_has_what_exists_for_the_caller_and_was_asked_for() {
    let service = Service::start_authenticated().await;
    report_all(
        &service,
        vec![report(1, "111"), report(2, "222"), report(3, "222")],
    )
    .await;
    let export = async |accounts: Option<&[&str]>, path: &str| {
        let token = service.token("ada", Role::Viewer, accounts, Duration::from_mins(1));
        let request = service.client.get(service.url(path)).bearer_auth(token);
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.text().await.unwrap().matches("//compute/").count(),
        )
    };
    assert_eq!(export(None, "/csv/export").await, (200, 3));
    assert_eq!(export(Some(&["222"]), "/csv/export").await, (200, 2));
    assert_eq!(
        export(Some(&["222"]), "/csv/export?accountId=111").await,
        (200, 0)
    );
    assert_eq!(export(Some(&[]), "/csv/export").await, (200, 0));
    assert_eq!(
        export(
            None,
            "/csv/export?accountId=222&cloud=gcp&resourceType=compute.instance"
        )
        .await,
        (200, 2)
    );
    assert_eq!(export(None, "/csv/export?cloud=aws").await, (200, 0));
    assert_eq!(export(None, "/csv/export?cloud=moon").await.0, 400);
    assert_eq!(export(None, "/csv/export?account=111").await.0, 400);
    assert_eq!(export(None, "/csv/export?what=tags").await, (200, 0));
    let token = service.token("ada", Role::Viewer, None, Duration::from_mins(1));
    let template = service
        .client
        .get(service.url("/csv/template"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert!(template.text().await.unwrap().starts_with("cloud,"));
}

#[tokio::test]
async fn two_services_start_on_one_empty_database() {
    let db = TestDb::create().await;
    let config = config(&db.url(), &[]);
    let (one, two) = tokio::join!(
        App::start(config.clone(), Mode::Serve),
        App::start(config.clone(), Mode::Serve)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.address(), two.address());
    one.shutdown().await;
    two.shutdown().await;
}
