//! The real service on a database of its own, inside of the test's process.

use super::wait::wait_until;
use crate::support::db::TestDb;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use virtual_tagging::app::{App, Mode, RunningApp};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::config::{Config, Secret};
use virtual_tagging::http::auth::issue_token;

/// Signs the tokens of services that want them.
pub const SECRET: &str = "a secret of at least thirty-two bytes";

pub struct Service {
    pub app: RunningApp,
    pub config: Config,
    pub client: reqwest::Client,
    // After the service: it goes when nothing uses it any more.
    pub db: Arc<TestDb>,
}

impl Service {
    /// Without authentication, without background work.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Tokens are needed.
    pub async fn start_authenticated() -> Self {
        Self::start_with(&[("JWT_SECRET", SECRET)]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Arc::new(TestDb::create().await), settings).await
    }

    /// On a database that is there; several services can share one.
    pub async fn start_on(db: Arc<TestDb>, settings: &[(&str, &str)]) -> Self {
        let config = config(&db.url(), settings);
        let app = App::start(config.clone(), Mode::Serve).await.unwrap();
        Self {
            app,
            config,
            client: client(),
            db,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.app.address()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// A POST of JSON without any credentials.
    pub async fn post(&self, body: &Value) -> reqwest::Response {
        self.client
            .post(self.url("/graphql"))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// The answer to a query, which must be 200.
    pub async fn graphql(&self, query: &str) -> Value {
        let response = self.post(&json!({ "query": query })).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// The data for a caller of this name; there must be no errors.
    pub async fn data_for(&self, caller: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let request = self.client.post(self.url("/graphql")).header("x-actor", caller);
        let mut answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
        answer["data"].take()
    }

    /// The data for the developer.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        self.data_for("developer", query, variables).await
    }

    /// The run of this global id once it has ended, its counts by name.
    pub async fn ended_run(&self, id: &Value) -> Value {
        let query = "query($id: ID!) { jobRun(id: $id) { id status error progressDone counts { name count }
            finishedAt } }";
        let mut run = wait_until(Duration::from_mins(1), "the end of a run", async || {
            let run = self.data(query, json!({ "id": id })).await["jobRun"].take();
            if run["finishedAt"].is_null() {
                Err(run)
            } else {
                Ok(run)
            }
        })
        .await;
        let counts = run["counts"].as_array().unwrap().iter();
        let by_name = counts.map(|each| (each["name"].as_str().unwrap().to_owned(), each["count"].clone()));
        run["counts"] = by_name.collect::<serde_json::Map<_, _>>().into();
        run
    }

    /// A token for a service that wants one.
    pub fn token(&self, subject: &str, role: Role, accounts: Option<&[&str]>, ttl: Duration) -> String {
        let scope = accounts.map_or(AccountScope::All, |accounts| {
            AccountScope::Only(accounts.iter().map(|&account| account.to_owned()).collect())
        });
        let actor = Actor {
            subject: subject.into(),
            role,
            scope,
            expires_at: None,
        };
        issue_token(&self.config.auth, actor, ttl).unwrap()
    }
}

/// An HTTP client that follows no redirects.
pub fn client() -> reqwest::Client {
    // The embedded server's downloader makes reqwest want a provider, even where nothing is encrypted. A second
    // installation is refused, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.build().unwrap()
}

/// The settings of a service for a test: on a free port, with nothing that runs by itself.
pub fn config(database_url: &str, settings: &[(&str, &str)]) -> Config {
    let mut variables: HashMap<String, String> = [
        ("DATABASE_URL", database_url),
        ("API_PORT", "0"),
        ("WORKER_PORT", "0"),
        ("ENABLE_SCHEDULER", "false"),
        ("ENABLE_WORKERS", "false"),
        ("DATABASE_MAX_CONNECTIONS", "6"),
        ("DISCOVERY_SOURCES", "simulated"),
        // Nobody has to be told of a test's end.
        ("DRAIN_TIME", "0"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (name, value) in settings {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    let config = Config::from_variables(&variables).unwrap();
    assert_eq!(
        config.database.url.as_ref().map(Secret::reveal),
        Some(database_url)
    );
    config
}
