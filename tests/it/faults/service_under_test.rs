//! A database, and a process of the service on it that may be hit.

use crate::support::db::TestDb;
use crate::support::process::Serving;
use crate::support::wait::wait_until;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use virtual_tagging::db::sql;

/// Nothing takes longer, in any size.
const WAIT_TIMEOUT: Duration = Duration::from_mins(15);

/// A database as its `DATABASE_URL` and a pool of the test's own.
pub struct ServiceUnderTest {
    pub url: String,
    pub pool: DatabaseConnection,
    /// Dropped with it.
    _db: Option<TestDb>,
}

impl ServiceUnderTest {
    /// On the server that all tests share.
    pub async fn shared() -> Self {
        let db = TestDb::create().await;
        Self {
            url: db.url(),
            pool: db.connect().await,
            _db: Some(db),
        }
    }

    pub fn of(url: String, pool: DatabaseConnection) -> Self {
        Self { url, pool, _db: None }
    }

    /// The number that a statement gives; `None` while the database is away.
    pub async fn number(&self, statement: &str) -> Option<i64> {
        let row = self.pool.query_one_raw(sql::statement(statement, [])).await;
        row.ok()??.try_get_by_index(0).ok()
    }

    /// Waits until the number meets the condition.
    pub async fn until(&self, statement: &str, condition: impl Fn(i64) -> bool) {
        wait_until(WAIT_TIMEOUT, statement, async || {
            let now = self.number(statement).await;
            if now.is_some_and(&condition) {
                Ok(())
            } else {
                Err(now)
            }
        })
        .await;
    }

    pub async fn rows<T: FromQueryResult>(&self, statement: &str) -> Vec<T> {
        sql::rows(&self.pool, statement, []).await.unwrap()
    }
}

/// A process of the service that is started anew, on another port, after each fault.
pub struct Replica {
    settings: Vec<(&'static str, String)>,
    serving: Option<Serving>,
    /// Address of the service; `None` while it is down.
    pub url: watch::Sender<Option<String>>,
    pub client: reqwest::Client,
}

impl Replica {
    /// Starts one that works, and discovers nothing by itself.
    pub async fn start(under_test: &ServiceUnderTest, more: &[(&'static str, &str)]) -> Self {
        let mut settings = vec![
            ("DATABASE_URL", under_test.url.clone()),
            ("DISCOVERY_SOURCES", String::new()),
            ("DATABASE_MAX_CONNECTIONS", "8".into()),
            ("RUST_LOG", "warn".into()),
        ];
        settings.extend(more.iter().map(|&(name, value)| (name, value.to_owned())));
        let mut replica = Self {
            settings,
            serving: None,
            url: watch::Sender::new(None),
            client: crate::support::service::client(),
        };
        replica.restart().await;
        replica
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        let settings = self.settings.iter();
        settings.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Starts it where it is down, and waits until it is ready.
    pub async fn restart(&mut self) {
        let serving = Serving::start(&self.settings()).await;
        self.url.send_replace(Some(serving.url.clone()));
        self.serving = Some(serving);
    }

    /// Starts it and kills it `after` a moment at which it may not be ready.
    pub async fn start_and_kill(&mut self, after: Duration) {
        let mut starting = Serving::spawn(&self.settings());
        tokio::time::sleep(after).await;
        starting.kill().await.unwrap();
    }

    /// SIGTERM, its end, and another start. Where it was is known to be gone only when it is.
    pub async fn roll(&mut self) {
        let serving = self.serving.take().expect("it runs");
        let (status, log) = serving.end("-TERM").await;
        assert!(status.success(), "{log}");
        self.restart().await;
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        self.url.send_replace(None);
        let serving = self.serving.take().expect("it runs");
        serving.kill().await;
    }

    pub fn serving(&self) -> &Serving {
        self.serving.as_ref().expect("it runs")
    }

    /// SIGTERM, and the end of it.
    pub async fn end(mut self) {
        self.url.send_replace(None);
        let serving = self.serving.take().expect("it runs");
        let (status, log) = serving.end("-TERM").await;
        assert!(status.success(), "{log}");
    }

    /// The data of an operation, by a caller of the name `ann`; there must be no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let request = self.client.post(format!("{}/graphql", self.serving().url));
        let request = request.header("x-actor", "ann");
        let body = json!({ "query": query, "variables": variables });
        let mut answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
        answer["data"].take()
    }
}
