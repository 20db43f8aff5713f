//! Context of an import.

use super::spec::ImportSpec;
use crate::config::UnpackLimits;
use crate::runs::RunHandle;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tagging::Vocabulary;

/// Context of an import: what all its phases need.
pub(super) struct ImportContext<'a> {
    pub db: &'a DatabaseConnection,
    pub run: &'a RunHandle,
    pub spec: ImportSpec,
    pub unpack: UnpackLimits,
    pub vocabulary: Arc<Vocabulary>,
}
