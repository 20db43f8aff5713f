//! Engine and providers, made of the settings or refused before anything is started: a database that was made for a service
//! which then does not start would be left behind.

use super::mode::Mode;
use crate::config::{Config, HttpConfig};
use crate::domain::discovery::Provider;
use crate::domain::evaluation::EngineSettings;
use crate::domain::vocabulary::LiveVocabulary;
use crate::gateway::Gateway;
use crate::http::auth::Authenticator;
use crate::jobs;
use crate::providers::{self, AwsSourceSettings, Demo, SourceFactory};
use anyhow::Context;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tagging::{Thresholds, Vocabulary};

/// Engine and providers, made of the settings.
pub(super) struct PreparedSettings {
    pub(super) engine: EngineSettings,
    pub(super) providers: Vec<Arc<dyn Provider>>,
    /// Invented company, if it is among the providers.
    pub(super) demo: Option<Demo>,
}

impl PreparedSettings {
    /// Refuses settings with which a part would not start.
    pub(super) fn from(config: &Config, mode: Mode) -> anyhow::Result<Self> {
        jobs::check(&config.jobs)?;
        let prepared = Self {
            engine: engine(config)?,
            providers: sources(config)?,
            demo: providers::demo_among(&config.jobs.discovery_sources),
        };
        if mode == Mode::Serve {
            Authenticator::new(&config.auth)?;
            Gateway::check_config(&config.graphql)?;
            check_address(&config.http)?;
        }
        Ok(prepared)
    }
}

/// Address to listen on.
pub(super) fn address(config: &HttpConfig) -> SocketAddr {
    SocketAddr::new(config.host, config.port)
}

/// Beginning of an error about the address.
pub(super) fn about_address(address: SocketAddr) -> String {
    format!("listening on {address} (API_HOST and API_PORT say where)")
}

/// Listens and stops at once: callers must not wait for a service that is still starting.
fn check_address(config: &HttpConfig) -> anyhow::Result<()> {
    let address = address(config);
    let listener = TcpListener::bind(address);
    listener.map(drop).with_context(|| about_address(address))
}

/// Sources that are asked for resources, by the configuration.
fn sources(config: &Config) -> anyhow::Result<Vec<Arc<dyn Provider>>> {
    let aws = AwsSourceSettings::from(&config.aws);
    let (gcp, azure) = (config.gcp.clone(), config.azure.clone());
    let factory = SourceFactory::new(config.jobs.unpack, aws, gcp, azure)?;
    let providers = config.jobs.discovery_sources.iter().map(|spec| {
        let provider = factory
            .provider(spec)
            .with_context(|| format!("DISCOVERY_SOURCES={spec}"))?;
        Ok(Arc::from(provider))
    });
    providers.collect()
}

/// Settings of the engine, by the configuration.
fn engine(config: &Config) -> anyhow::Result<EngineSettings> {
    let engine = &config.engine;
    Ok(EngineSettings {
        vocabulary: Arc::new(Vocabulary::default()),
        live: LiveVocabulary::default(),
        thresholds: Thresholds::new(engine.auto_apply_threshold, engine.manual_review_threshold)?,
        pinned_model: engine.pinned_model.clone(),
        models: Arc::default(),
    })
}
