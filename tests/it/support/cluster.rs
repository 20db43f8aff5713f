//! PostgreSQL clusters of a test's own, for what concerns a whole cluster: roles, numbers of connections, dumps.

use super::embedded::{admin_options, options};
use super::process::{Ended, Serving, run};
use super::scratch::Scratch;
use super::service::{SECRET, client};
use super::wait::wait_until;
use pg_embedded::{Durability, EmbeddedServer, Options};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::time::Duration;

/// A cluster, with a role `virtual_tagging` that owns a database and is nothing else.
pub struct Cluster {
    pub server: EmbeddedServer,
    durability: Durability,
    // After the server, which runs in it.
    pub scratch: Scratch,
}

impl Cluster {
    pub async fn start() -> Self {
        let scratch = Scratch::new();
        let durability = Durability::Throwaway;
        let server = Self::serve(&scratch, durability).await;
        Self {
            server,
            durability,
            scratch,
        }
    }

    /// One that has so many connections, of which three are for superusers.
    pub async fn with_connections(number: u32) -> Self {
        let mut cluster = Self::start().await;
        let settings = cluster.server.location().join("postgresql.conf");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, format!("{text}\nmax_connections = {number}\n")).unwrap();
        // A server for tests has many connections, whatever its settings say.
        cluster.durability = Durability::Durable;
        cluster.restart().await
    }

    async fn serve(scratch: &Scratch, durability: Durability) -> EmbeddedServer {
        let throwaway = Options {
            durability,
            ..options(scratch.path())
        };
        EmbeddedServer::start(throwaway).await.unwrap()
    }

    pub async fn restart(self) -> Self {
        self.server.stop().await.unwrap();
        let server = Self::serve(&self.scratch, self.durability).await;
        Self { server, ..self }
    }

    /// Connected to the service's database.
    pub async fn administrator(&self) -> PgConnection {
        let options = admin_options(&self.server).database("virtual_tagging");
        PgConnection::connect_with(&options).await.unwrap()
    }

    pub async fn execute(&self, statements: &str) {
        let mut administrator = self.administrator().await;
        let statements = AssertSqlSafe(statements.to_owned());
        administrator.execute(sqlx::raw_sql(statements)).await.unwrap();
    }

    /// Outcome of a command of the program on the database.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        run(&[("DATABASE_URL", &self.server.url())], arguments).await
    }

    /// The service, which wants tokens.
    pub async fn service(&self) -> Serving {
        let url = self.server.url();
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("JWT_SECRET", SECRET),
            ("DISCOVERY_SOURCES", ""),
        ];
        Serving::start(&settings).await
    }
}

pub async fn readiness(service: &Serving) -> (u16, Value) {
    let answer = client()
        .get(format!("{}/readyz", service.url))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Waits for an answer of `/readyz` that is not older than what was done before.
pub async fn until_ready(service: &Serving, is_ready: bool) -> Value {
    let description = format!("readiness: {is_ready}");
    wait_until(Duration::from_secs(20), description, async || {
        let (status, body) = readiness(service).await;
        if (status == 200) == is_ready {
            Ok(body)
        } else {
            Err(body)
        }
    })
    .await
}
