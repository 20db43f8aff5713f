//! Databases for tests: one server for the whole run, one migrated template, one clone of it per test.
//!
//! `TEST_DATABASE_URL` names a server to use; its role must be allowed to create databases. Otherwise an embedded
//! server is started and vanishes with the test process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use sea_orm::DatabaseConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::OnceCell;
use virtual_tagging::db::{self, PoolSettings, Pools};

/// Serializes the test processes that make the template on one server.
const TEMPLATE_LOCK: i64 = 0x7674_5f74;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The server of this test run.
struct Server {
    /// May create databases; connects to the maintenance database.
    admin: PgConnectOptions,
    /// Connects as the role that the service uses; the database is to be replaced.
    service: PgConnectOptions,
    /// The role that owns the databases, when it is not the one that creates them.
    owner: Option<&'static str>,
    /// The URL of a database is this with its name between the two.
    url: (String, String),
    template: String,
    #[cfg(feature = "embedded")]
    _embedded: Option<(pg_embedded::EmbeddedServer, crate::support::scratch::Scratch)>,
}

impl Server {
    async fn shared() -> &'static Self {
        SERVER
            .get_or_init(|| async {
                let mut server = match std::env::var("TEST_DATABASE_URL") {
                    Ok(url) => Self::external(&url),
                    Err(_) => Self::embedded().await,
                };
                server.template = server.prepare_template().await;
                server
            })
            .await
    }

    fn external(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("TEST_DATABASE_URL is a URL");
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let authority = base.find("://").expect("TEST_DATABASE_URL is a URL") + "://".len();
        let end = base[authority..]
            .find('/')
            .map_or(base.len(), |slash| authority + slash);
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        Self {
            admin: options.clone(),
            service: options,
            owner: None,
            url: (format!("{}/", &base[..end]), query),
            template: String::new(),
            #[cfg(feature = "embedded")]
            _embedded: None,
        }
    }

    #[cfg(feature = "embedded")]
    async fn embedded() -> Self {
        use super::embedded::{admin_options, connect_options, options};
        use pg_embedded::{Durability, EmbeddedServer, Options};

        let scratch = crate::support::scratch::Scratch::new();
        let throwaway = Options {
            durability: Durability::Throwaway,
            ..options(scratch.path())
        };
        let embedded = EmbeddedServer::start(throwaway)
            .await
            .expect("an embedded server");
        let url = embedded.url();
        let (before, after) = url.split_once("virtual_tagging").expect("the database's name");
        Self {
            admin: admin_options(&embedded),
            service: connect_options(&embedded),
            owner: Some("virtual_tagging"),
            url: (before.to_owned(), after.to_owned()),
            template: String::new(),
            _embedded: Some((embedded, scratch)),
        }
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded() -> Self {
        panic!(
            "built without the feature `embedded`: set TEST_DATABASE_URL to a PostgreSQL server for the tests"
        )
    }

    /// The migrated template of this build of the tests; made by the first process that needs it.
    async fn prepare_template(&self) -> String {
        let name = format!("vt_template_{}", build_id());
        let mut admin = PgConnection::connect_with(&self.admin)
            .await
            .expect("a connection to the test server");
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut admin)
            .await
            .unwrap();
        let templates: Vec<(String, bool)> = sqlx::query_as(
            "SELECT datname::text, datistemplate FROM pg_database WHERE datname LIKE 'vt\\_template\\_%'",
        )
        .fetch_all(&mut admin)
        .await
        .unwrap();
        if !templates.contains(&(name.clone(), true)) {
            // Of earlier builds, or of a run that was killed before the template was complete.
            for (old, _) in templates {
                run(&mut admin, format!("ALTER DATABASE {old} IS_TEMPLATE false")).await;
                run(&mut admin, format!("DROP DATABASE {old} WITH (FORCE)")).await;
            }
            let owner = self
                .owner
                .map(|owner| format!(" OWNER {owner}"))
                .unwrap_or_default();
            run(
                &mut admin,
                format!("CREATE DATABASE {name} TEMPLATE template0{owner}"),
            )
            .await;
            migrate(self.service.clone().database(&name)).await;
            run(&mut admin, format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
        }
        admin.close().await.unwrap();
        name
    }
}

/// Content that every test's database starts with.
async fn migrate(options: PgConnectOptions) {
    let database = Pools::open(options, &pool_settings())
        .await
        .expect("a connection to the template")
        .all;
    db::migrate::up(&database, None).await.expect("the migrations");
    virtual_tagging::jobs::setup(&database)
        .await
        .expect("the queue's tables");
    database.close().await.unwrap();
}

/// Tests run beside each other on one server: few connections each.
fn pool_settings() -> PoolSettings {
    PoolSettings {
        max_connections: 5,
        scoped_connections: 3,
        ..PoolSettings::default()
    }
}

/// Stands for this build of the test binary, whose migrations the template has.
fn build_id() -> String {
    let metadata = std::env::current_exe()
        .and_then(std::fs::metadata)
        .expect("the test binary");
    let modified = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{:x}", modified.as_nanos())
}

async fn run(connection: &mut PgConnection, statement: String) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
    {
        panic!("{statement}: {error}");
    }
}

/// A database of one test's own, migrated; dropped when this value is.
pub struct TestDb {
    name: String,
    server: &'static Server,
}

impl TestDb {
    pub async fn create() -> Self {
        let server = Server::shared().await;
        let name = format!(
            "t_{}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        let owner = server
            .owner
            .map(|owner| format!(" OWNER {owner}"))
            .unwrap_or_default();
        let mut admin = PgConnection::connect_with(&server.admin)
            .await
            .expect("a connection to the test server");
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name}")).await;
        run(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {}{owner}", server.template),
        )
        .await;
        admin.close().await.unwrap();
        Self { name, server }
    }

    /// Connection settings that the service uses.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.server.service.clone().database(&self.name)
    }

    /// Its `DATABASE_URL`, for tests that start the service as a process.
    pub fn url(&self) -> String {
        format!("{}{}{}", self.server.url.0, self.name, self.server.url.1)
    }

    /// A pool of at most five connections, and one of three for callers limited to accounts.
    pub async fn pools(&self) -> Pools {
        Pools::open(self.connect_options(), &pool_settings())
            .await
            .expect("a connection to the test's database")
    }

    /// The first of [`TestDb::pools`].
    pub async fn connect(&self) -> DatabaseConnection {
        self.pools().await.all
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // The test's runtime cannot be waited on from here. Best effort: the server may be gone already.
        let (admin, name) = (self.server.admin.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect_with(&admin)
                    .await
                    .map_err(std::io::Error::other)?;
                let statement = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                sqlx::raw_sql(statement)
                    .execute(&mut admin)
                    .await
                    .map_err(std::io::Error::other)
            })
        });
        let _ = dropping.join();
    }
}

mod tests {
    use super::TestDb;

    async fn count(db: &TestDb) -> i64 {
        let pool = db.connect().await;
        let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        sqlx::query_scalar(tables)
            .fetch_one(pool.get_postgres_connection_pool())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn databases_are_migrated_and_apart() {
        let (one, two) = (TestDb::create().await, TestDb::create().await);
        let before = count(&two).await;
        assert!(before > 0, "the template has the migrations");
        let pool = one.connect().await;
        sqlx::raw_sql("CREATE TABLE mine ()")
            .execute(pool.get_postgres_connection_pool())
            .await
            .unwrap();
        assert_eq!(count(&one).await, before + 1);
        assert_eq!(count(&two).await, before);
    }

    #[tokio::test]
    async fn the_url_leads_to_the_same_database() {
        let db = TestDb::create().await;
        let pool = sqlx::PgPool::connect(&db.url()).await.unwrap();
        let name: String = sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(name, db.name);
    }

    #[tokio::test]
    async fn a_dropped_database_is_gone() {
        let db = TestDb::create().await;
        let (options, pool) = (db.connect_options(), db.connect().await);
        drop(db);
        assert!(sqlx::PgPool::connect_with(options).await.is_err());
        drop(pool);
    }
}
