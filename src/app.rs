//! Composition root: starts the parts, in the order in which they need each other, and ends them in reverse.

mod banner;
mod database;
mod demo_decisions;
mod files;
mod gauges;
mod mode;
mod settings;
#[cfg(feature = "embedded")]
mod supervisor;

pub use database::{ConnectionShare, Database};
pub use mode::Mode;

use crate::clock::SystemClock;
use crate::config::{Config, WorkerConfig};
use crate::db::ReadPool;
use crate::domain::evaluation::{DryRuns, EngineSettings};
use crate::domain::events::{EventListener, Feed, ResourceLog, TagLog};
use crate::domain::keyset::PageLimits;
use crate::domain::revision;
use crate::domain::suggestions::SuggestionCache;
use crate::domain::tokens::TokenVerifier;
use crate::gateway::Gateway;
use crate::gateway::caller_limit::CallerLimit;
use crate::graphql::state::Services;
use crate::http::auth::Authenticator;
use crate::http::{
    self, ConnectionTimeouts, DrainTracker, EMBEDDED, Executor, Health, HttpState, SharedSubscriptions,
    SocketLimits, WebClient, limits,
};
use crate::jobs::{self, JobContext};
use crate::runs::RunWatcher;
use crate::telemetry::Metrics;
use anyhow::Context;
use axum::Router;
use gauges::Gauges;
use settings::PreparedSettings;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// The service.
pub struct App;

impl App {
    /// Starts all parts and waits until they work: afterwards requests are answered.
    ///
    /// Fails when the database cannot be started, reached or migrated, or the address is taken; what had been
    /// started by then is stopped. Settings are checked first.
    pub async fn start(config: Config, mode: Mode) -> anyhow::Result<RunningApp> {
        let prepared = PreparedSettings::from(&config, mode)?;
        let database = Database::open(&config.database, ConnectionShare::of(mode, &config)).await?;
        match Self::start_on(&config, mode, &database, prepared).await {
            Ok((address, parts)) => Ok(RunningApp {
                address,
                mode,
                parts,
                database,
            }),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    async fn start_on(
        config: &Config,
        mode: Mode,
        database: &Database,
        prepared: PreparedSettings,
    ) -> anyhow::Result<(SocketAddr, BackgroundTasks)> {
        database.prepare().await?;
        revision::adopt(&database.pools.all, &prepared.engine.fingerprint())
            .await
            .context("adopting the engine's settings")?;
        let mut parts = BackgroundTasks::default();
        match parts.start(config, mode, database, prepared).await {
            Ok(address) => Ok((address, parts)),
            Err(error) => {
                parts.stop().await;
                Err(error)
            }
        }
    }
}

/// The service while it runs. [`RunningApp::shutdown`] ends it; dropping it ends nothing in order.
pub struct RunningApp {
    address: SocketAddr,
    mode: Mode,
    parts: BackgroundTasks,
    database: Database,
}

impl RunningApp {
    /// Address at which requests are answered; only those for health and metrics when the process only works on jobs.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database in use.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Shows all addresses: a banner for people, or one event in a JSON log.
    pub fn announce(&self, config: &Config) {
        banner::show(config, self.mode, self.address, &self.database);
    }

    /// Ends all parts, the last one first: sockets close with 1012, connections are closed, running requests finish,
    /// workers finish their chunk, the pool closes, a PostgreSQL of our own stops. Waits
    /// [`Config::SHUTDOWN_GRACE`] for each at most.
    pub async fn shutdown(self) {
        self.parts.stop().await;
        self.database.close().await;
        tracing::info!("stopped");
    }
}

/// Feeds of the logs, and the notifier that wakes them.
struct Events {
    tags: Arc<Feed<TagLog>>,
    resources: Arc<Feed<ResourceLog>>,
    listener: EventListener,
}

/// The background parts and how to end them.
#[derive(Default)]
struct BackgroundTasks {
    /// Has callers go elsewhere: `/readyz` fails, connections are closed after their response.
    draining: CancellationToken,
    drain: Arc<DrainTracker>,
    drain_time: Duration,
    /// Ends listening, and connections on which nothing is under way.
    closing: CancellationToken,
    sockets: TaskTracker,
    http: Option<JoinHandle<()>>,
    /// Ends workers and schedules, after the requests that may still ask for runs.
    stopping: CancellationToken,
    jobs: Option<JoinHandle<()>>,
    /// Ends what runs until the very end: feeds and their listener.
    ending: CancellationToken,
    background: TaskTracker,
    gauges: Option<AbortOnDropHandle<()>>,
}

impl BackgroundTasks {
    async fn start(
        &mut self,
        config: &Config,
        mode: Mode,
        database: &Database,
        prepared: PreparedSettings,
    ) -> anyhow::Result<SocketAddr> {
        self.background
            .spawn(database.pools.watch.clone().run(self.ending.clone()));
        let events = self.start_events(database).await?;
        let sources = prepared
            .providers
            .iter()
            .map(|provider| provider.name().to_owned());
        let sources: Vec<String> = sources.collect();
        let engine = prepared.engine.clone();
        engine.live.refresh(&database.pools.all).await?;
        self.background.spawn(
            engine
                .live
                .clone()
                .follow(database.pools.all.clone(), self.ending.clone()),
        );
        self.start_jobs(config, database, prepared).await?;
        let metrics = Metrics::start();
        if let Some(metrics) = metrics.clone() {
            let gauges = Gauges {
                pools: database.pools.clone(),
                tags: events.tags.clone(),
                resources: events.resources.clone(),
                sources: sources.clone(),
            };
            self.gauges = Some(AbortOnDropHandle::new(tokio::spawn(gauges.run(metrics))));
        }
        let health = Arc::new(Health::new(
            database.pools.clone(),
            events.tags.clone(),
            metrics,
            self.draining.clone(),
        ));
        match mode {
            Mode::Serve => {
                self.start_http(config, database, events, engine, sources, health)
                    .await
            }
            Mode::Work => self.start_health(config, health).await,
        }
    }

    /// Answers requests for health and metrics. Where no port was asked for and the usual one is taken, as where many
    /// workers are on one machine, it takes a free one.
    async fn start_health(&mut self, config: &Config, health: Arc<Health>) -> anyhow::Result<SocketAddr> {
        let WorkerConfig { host, port } = config.worker;
        let wanted = SocketAddr::new(host, port.unwrap_or(WorkerConfig::DEFAULT_PORT));
        let listener = match TcpListener::bind(wanted).await {
            Err(error) if port.is_none() && error.kind() == ErrorKind::AddrInUse => {
                TcpListener::bind(SocketAddr::new(host, 0)).await
            }
            bound => bound,
        };
        let listener = listener.with_context(|| {
            format!("listening on {wanted} for health and metrics (WORKER_HOST and WORKER_PORT say where)")
        })?;
        let address = listener.local_addr().context("reading the address")?;
        self.listen(
            config,
            listener,
            http::health_router(health),
            limits::HEALTH_CONNECTIONS,
        );
        Ok(address)
    }

    fn listen(&mut self, config: &Config, listener: TcpListener, router: Router, connections: usize) {
        let timeouts = ConnectionTimeouts {
            head: config.http.header_timeout,
            idle: config.http.idle_timeout,
            stall: limits::STALL_TIME,
            connections,
        };
        let serving = http::serve(
            listener,
            router,
            timeouts,
            self.sockets.clone(),
            self.closing.clone(),
        );
        self.http = Some(tokio::spawn(serving));
    }

    async fn start_events(&mut self, database: &Database) -> anyhow::Result<Events> {
        let db = &database.pools.all;
        let listener = EventListener::default();
        let events = Events {
            tags: Feed::open(db.clone(), &listener)
                .await
                .context("opening the event feed")?,
            resources: Feed::open(db.clone(), &listener)
                .await
                .context("opening the event feed")?,
            listener,
        };
        self.background
            .spawn(events.tags.clone().run(self.ending.clone()));
        self.background
            .spawn(events.resources.clone().run(self.ending.clone()));
        self.background
            .spawn(events.listener.clone().run(db.clone(), self.ending.clone()));
        Ok(events)
    }

    async fn start_jobs(
        &mut self,
        config: &Config,
        database: &Database,
        prepared: PreparedSettings,
    ) -> anyhow::Result<()> {
        if let Some(demo) = prepared.demo
            && config.jobs.workers
            && demo_decisions::are_wanted(&database.pools.all).await?
        {
            let people = demo_decisions::make(database.pools.all.clone(), prepared.engine.clone(), demo);
            let stopping = self.stopping.clone();
            self.background
                .spawn(async move { stopping.run_until_cancelled(people).await });
        }
        let context = JobContext {
            db: database.pools.all.clone(),
            clock: Arc::new(SystemClock),
            engine: prepared.engine,
            suggestions: SuggestionCache::default(),
            providers: prepared.providers,
            retirement: config.jobs.retirement,
            unpack: config.jobs.unpack,
            audit_retention: config.jobs.audit_retention,
            run_history: config.jobs.run_history,
            grace: JobContext::GRACE,
        };
        self.jobs = Some(jobs::start(context, &config.jobs, self.stopping.clone()).await?);
        Ok(())
    }

    async fn start_http(
        &mut self,
        config: &Config,
        database: &Database,
        events: Events,
        engine: EngineSettings,
        sources: Vec<String>,
        health: Arc<Health>,
    ) -> anyhow::Result<SocketAddr> {
        files::raise_limit(config.http.max_connections);
        let wanted = settings::address(&config.http);
        let listener = TcpListener::bind(wanted)
            .await
            .with_context(|| settings::about_address(wanted))?;
        let address = listener.local_addr().context("reading the address")?;
        let services = Services {
            db: database.pools.all.clone(),
            reads: ReadPool::all(database.pools.all.clone()),
            scoped: ReadPool::scoped(database.pools.scoped.clone()),
            clock: Arc::new(SystemClock),
            dry_runs: Arc::new(DryRuns::new(database.pools.all.clone())),
            page_limits: PageLimits::default(),
            engine,
            jobs: jobs::definitions(),
            sources,
            tag_feed: events.tags,
            resource_feed: events.resources,
            run_watcher: RunWatcher::default(),
        };
        let authenticator =
            Authenticator::new(&config.auth)?.with_api_tokens(TokenVerifier::new(database.pools.all.clone()));
        self.background
            .spawn(authenticator.clone().run(self.ending.clone()));
        let gateway = Gateway::new(&config.graphql)?;
        let authenticator = authenticator.with_rate_limiter(gateway.rate_limiter().clone());
        let executor = Executor::new(services, database.pools.watch.clone(), gateway);
        let executor = executor.with_response_cache(config.graphql.response_cache_bytes);
        let executor = Arc::new(executor.with_access_log(config.log.access));
        let uploads = config.http.uploads.concurrent;
        let state = HttpState {
            subscriptions: SharedSubscriptions::new(executor.clone()),
            executor,
            config: config.http.clone(),
            authenticator,
            db: database.pools.all.clone(),
            health,
            draining: self.draining.clone(),
            drain: self.drain.clone(),
            sockets: self.sockets.clone(),
            uploads: CallerLimit::new(uploads, (uploads / 4).max(1)),
            web_client: WebClient::new(EMBEDDED, config),
            socket_limits: SocketLimits::new(config),
        };
        self.drain_time = config.http.drain_time;
        self.listen(config, listener, http::router(state), config.http.max_connections);
        Ok(address)
    }

    async fn stop(self) {
        self.draining.cancel();
        self.sockets.close();
        finish("open websockets", self.sockets.wait()).await;
        if let Some(http) = self.http {
            self.drain.wait_idle(self.drain_time).await;
            self.closing.cancel();
            let abort = http.abort_handle();
            if !finish("open requests", async { drop(http.await) }).await {
                abort.abort();
            }
        }
        self.stopping.cancel();
        if let Some(jobs) = self.jobs {
            finish("running jobs", async { drop(jobs.await) }).await;
        }
        drop(self.gauges);
        self.ending.cancel();
        self.background.close();
        finish("the event feed", self.background.wait()).await;
    }
}

/// Waits for a part to end; tells whether it did in time.
async fn finish(what: &str, end: impl Future<Output = ()>) -> bool {
    let ended = tokio::time::timeout(Config::SHUTDOWN_GRACE, end).await.is_ok();
    if !ended {
        let grace = Config::SHUTDOWN_GRACE.as_secs();
        tracing::warn!("{what} did not end within {grace} s and are cut off");
    }
    ended
}
