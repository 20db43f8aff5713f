//! The jobs of a process (workers, listener, ticker), inside of the test's process.

use async_trait::async_trait;
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tagging::{Thresholds, Vocabulary};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use virtual_tagging::clock::SystemClock;
use virtual_tagging::config::{Config, JobsConfig, RetirementLimit, RunHistory, UnpackLimits};
use virtual_tagging::domain::discovery::{DiscoveryContext, Provider, ProviderError, ReportSink};
use virtual_tagging::domain::evaluation::EngineSettings;
use virtual_tagging::domain::revision;
use virtual_tagging::domain::suggestions::SuggestionCache;
use virtual_tagging::jobs::{self, JobContext};

/// A process's jobs.
pub struct JobWorkers {
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl JobWorkers {
    pub async fn start(db: &DatabaseConnection, provider: impl Provider + 'static) -> Self {
        Self::start_with(db, provider, |config| config.concurrency = 2).await
    }

    /// With settings of its own.
    pub async fn start_with(
        db: &DatabaseConnection,
        provider: impl Provider + 'static,
        set: impl FnOnce(&mut JobsConfig),
    ) -> Self {
        let context = JobContext {
            db: db.clone(),
            clock: Arc::new(SystemClock),
            engine: EngineSettings {
                vocabulary: Arc::new(Vocabulary::default()),
                live: virtual_tagging::domain::vocabulary::LiveVocabulary::default(),
                thresholds: Thresholds::default(),
                pinned_model: None,
                models: Arc::default(),
            },
            suggestions: SuggestionCache::default(),
            providers: vec![Arc::new(provider)],
            retirement: RetirementLimit { percent: 20, few: 20 },
            unpack: UnpackLimits::default(),
            audit_retention: None,
            run_history: RunHistory { days: 30, keep: 100 },
            grace: Duration::from_millis(300),
        };
        revision::adopt(db, &context.engine.fingerprint()).await.unwrap();
        let mut config = Config::from_variables(&HashMap::new()).unwrap().jobs;
        config.scheduler = false;
        set(&mut config);
        let shutdown = CancellationToken::new();
        let handle = jobs::start(context, &config, shutdown.clone()).await.unwrap();
        Self { shutdown, handle }
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(5), self.handle).await;
        ended.expect("stops within its grace").unwrap();
    }

    /// As `kill -9` would, but for the connections.
    pub fn kill(self) {
        self.handle.abort();
    }
}

/// Behaviour of a provider in place of reporting.
pub enum Scripted {
    Panics,
    Hangs,
    Fails,
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn is_snapshot(&self) -> bool {
        false
    }

    async fn report(&self, _: &DiscoveryContext, _: &mut dyn ReportSink) -> Result<(), ProviderError> {
        match self {
            Self::Panics => panic!("boom"),
            Self::Hangs => std::future::pending().await,
            Self::Fails => Err(ProviderError::Source {
                provider: "scripted".into(),
                reason: "unplugged".into(),
            }),
        }
    }
}
