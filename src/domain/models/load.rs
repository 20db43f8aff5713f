//! The model that engines work with: the active one, or the one that the configuration pins.

use super::store;
use crate::error::{Error, Result};
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tagging::{EstateModel, Vocabulary};
use tokio::sync::Mutex;

/// Version that inferences are marked with when no model was learned.
pub const UNTRAINED: &str = "untrained";

/// Model with its version.
#[derive(Clone)]
pub struct LoadedModel {
    /// As inferences are marked with it, and `ML_MODEL_VERSION` pins it.
    pub version: String,
    /// `None` when nothing was learned: priors only.
    pub model: Option<Arc<EstateModel>>,
}

impl LoadedModel {
    fn untrained() -> Self {
        Self {
            version: UNTRAINED.into(),
            model: None,
        }
    }
}

/// The model that was loaded last, and the fingerprint of the vocabulary that it reads with: models are large.
#[derive(Default)]
pub struct ModelCache(Mutex<Option<(String, LoadedModel)>>);

impl ModelCache {
    /// The pinned version, otherwise the active one. A model that does not exist, or that this program cannot read, is
    /// logged, and the engine works without one.
    pub async fn load(
        &self,
        db: &DatabaseConnection,
        pinned: Option<&str>,
        vocabulary: &Arc<Vocabulary>,
    ) -> Result<LoadedModel> {
        let Some(version) = wanted(db, pinned).await? else {
            return Ok(LoadedModel::untrained());
        };
        let fingerprint = vocabulary.fingerprint();
        let mut kept = self.0.lock().await;
        if let Some((of, loaded)) = &*kept
            && *of == fingerprint
            && loaded.version == version.to_string()
        {
            return Ok(loaded.clone());
        }
        let bytes = store::bytes(db, version).await?;
        match read(bytes, Arc::clone(vocabulary)).await? {
            Ok(model) => {
                let loaded = LoadedModel {
                    version: version.to_string(),
                    model: Some(Arc::new(model)),
                };
                *kept = Some((fingerprint.to_owned(), loaded.clone()));
                Ok(loaded)
            }
            Err(error) => {
                tracing::error!(version, %error, "the model cannot be read: evaluating without one");
                Ok(LoadedModel::untrained())
            }
        }
    }
}

/// True if a model of that version is stored.
pub async fn exists(db: &DatabaseConnection, version: &str) -> Result<bool> {
    match version.parse() {
        Ok(version) => Ok(store::find(db, version).await?.is_some()),
        Err(_) => Ok(false),
    }
}

async fn wanted(db: &DatabaseConnection, pinned: Option<&str>) -> Result<Option<i64>> {
    let Some(pinned) = pinned else {
        return store::active(db).await;
    };
    if exists(db, pinned).await? {
        return Ok(pinned.parse().ok());
    }
    tracing::error!(
        version = pinned,
        "ML_MODEL_VERSION pins a model that does not exist: evaluating without one"
    );
    Ok(None)
}

/// Model of bytes, on a thread that may take its time.
pub(super) async fn read(
    bytes: Vec<u8>,
    vocabulary: Arc<Vocabulary>,
) -> Result<std::result::Result<EstateModel, tagging::ModelError>> {
    let read = tokio::task::spawn_blocking(move || EstateModel::from_bytes(&bytes, vocabulary));
    read.await.map_err(Error::internal)
}
