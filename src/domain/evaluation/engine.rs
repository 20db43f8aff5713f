//! The engine with the rules that are stored.

use super::compute::compute;
use crate::domain::approvals::by_rule::Acceptance;
use crate::domain::models::load::ModelCache;
use crate::domain::revision::{self, EngineState};
use crate::domain::rules::{self, RuleRow};
use crate::domain::vocabulary::LiveVocabulary;
use crate::entities::AccountScope;
use crate::error::Result;
use sea_orm::DatabaseConnection;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tagging::{Engine, Thresholds, Vocabulary};

/// Settings of the engine besides the rules.
#[derive(Clone)]
pub struct EngineSettings {
    /// The shipped vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The vocabulary with the stored changes.
    pub live: LiveVocabulary,
    pub thresholds: Thresholds,
    /// Version of the model to work with; the active one when `None`.
    pub pinned_model: Option<String>,
    /// The model that was loaded last, for all engines of the process.
    pub models: Arc<ModelCache>,
}

impl EngineSettings {
    /// The vocabulary as this process knows it: shipped, with the stored changes.
    pub fn vocabulary(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.live.current().vocabulary)
    }

    /// Another text for other settings, see [`revision::adopt`].
    pub fn fingerprint(&self) -> String {
        let (auto_apply, manual_review) = (self.thresholds.auto_apply(), self.thresholds.manual_review());
        let settings = (
            env!("CARGO_PKG_VERSION"),
            &self.pinned_model,
            self.vocabulary.fingerprint(),
        );
        let digest = Sha256::digest(format!("{settings:?} {auto_apply} {manual_review}"));
        hex::encode(&digest[..16])
    }
}

/// An engine with the rules of a generation.
pub struct LoadedEngine {
    /// Revision that its resources are marked with.
    pub revision: i64,
    /// Rules that changed after this generation may already be in the engine, but none up to it is missing.
    pub generation: i64,
    /// Shared with the threads that evaluate.
    pub engine: Arc<Engine>,
    /// Of each rule that approves, who accepted it.
    pub(super) acceptances: Arc<HashMap<i64, Acceptance>>,
    /// Conditions of rules read effective tags.
    pub(super) reads_tags: bool,
    /// Version of the model, as inferences are marked with it.
    pub model_version: String,
}

/// Part of a [`LoadedEngine`] that threads share.
#[derive(Clone)]
pub(super) struct SharedEngine {
    pub(super) engine: Arc<Engine>,
    pub(super) acceptances: Arc<HashMap<i64, Acceptance>>,
    pub(super) reads_tags: bool,
}

impl LoadedEngine {
    pub(super) fn shared(&self) -> SharedEngine {
        SharedEngine {
            engine: Arc::clone(&self.engine),
            acceptances: Arc::clone(&self.acceptances),
            reads_tags: self.reads_tags,
        }
    }
}

/// Reads the generation, then the rules and the model. In this order: a rule that changes in between only means that the engine is
/// loaded once more. A stored rule that no longer compiles is left out, and logged.
pub async fn load_engine(db: &DatabaseConnection, settings: &EngineSettings) -> Result<LoadedEngine> {
    load_rules(db, settings, &revision::current(db).await?).await
}

pub(super) async fn load_rules(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    state: &EngineState,
) -> Result<LoadedEngine> {
    let rows = rules::list::in_order(db, &AccountScope::All).await?;
    let acceptances = rows.iter().filter_map(acceptance).collect();
    let reads_tags = rows.iter().any(reads_tags);
    let compiled = compute(Duration::MAX, move || rules::compile(rows)).await??;
    let pinned = settings.pinned_model.as_deref();
    let vocabulary = Arc::clone(&settings.live.refresh(db).await?.vocabulary);
    let learned = settings.models.load(db, pinned, &vocabulary).await?;
    let engine = Engine::new(vocabulary, compiled, settings.thresholds);
    Ok(LoadedEngine {
        revision: state.revision,
        generation: state.generation,
        engine: Arc::new(engine.with_model(learned.model)),
        acceptances: Arc::new(acceptances),
        reads_tags,
        model_version: learned.version,
    })
}

fn acceptance(rule: &RuleRow) -> Option<(i64, Acceptance)> {
    let decided_by = rule.accepted_by.clone().filter(|_| rule.approves)?;
    let decision_reason = rule.accepted_reason.clone();
    Some((
        rule.id,
        Acceptance {
            decided_by,
            decision_reason,
        },
    ))
}

/// True if the condition may read `resource.tags`, which what other rules approve is among.
fn reads_tags(rule: &RuleRow) -> bool {
    rule.enabled && rule.condition.replace("native_tags", "").contains("tags")
}
