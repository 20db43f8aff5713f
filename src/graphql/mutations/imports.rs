//! Mutations that import files.

use crate::domain::cost::ImportCostJob;
use crate::domain::imports::{self, ImportSpec};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{FieldResult, ResolverError};
use crate::graphql::mutations::payload::payloads;
use crate::graphql::mutations::runs::request;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ImportModeEnum, ImportedTagStatusEnum};
use crate::graphql::types::job_run::JobRun;
use crate::runs::Run;
use async_graphql::{Context, InputObject, Object, Upload};
use tokio::io::AsyncSeekExt;

/// Input of `importInventory`.
#[derive(InputObject)]
pub struct ImportInventoryInput {
    /// File with resources, plain or gzip, uploaded according to the GraphQL multipart request specification: CSV or JSON
    /// Lines of the service, or one of the other formats of `ImportFormat`, detected by content.
    file: Upload,
    /// Account of entries that name none, such as ARNs of buckets.
    account_id: Option<String>,
    /// True to report the changes in the run's `importPlan` without making them.
    #[graphql(default)]
    dry_run: bool,
    /// Effect of a rejected entry on the other entries.
    #[graphql(default)]
    mode: ImportModeEnum,
}

/// Input of `importVirtualTags`.
#[derive(InputObject)]
pub struct ImportVirtualTagsInput {
    /// CSV file, plain or gzip, with the columns `resource_id` (the provider's id), `tag_key` and `tag_value`, and
    /// optionally `approval_status` and `decision_reason`. Other columns are ignored; an export of tags is a valid
    /// file.
    file: Upload,
    /// Approval status of tags whose row has no `approval_status`. Rows with `DENIED` deny a tag that waits, or that is
    /// not there; rows with `SUPERSEDED` change nothing.
    status: ImportedTagStatusEnum,
    /// True to report the changes in the run's `importPlan` without making them.
    #[graphql(default)]
    dry_run: bool,
    /// Effect of a rejected entry on the other entries.
    #[graphql(default)]
    mode: ImportModeEnum,
}

/// Input of `importCost`.
#[derive(InputObject)]
pub struct ImportCostInput {
    /// Bill: FOCUS 1.0 to 1.2 or CUR 2.0, as CSV, plain or gzip. What was imported before of the same bills (provider,
    /// billing account and billing period) is replaced.
    file: Upload,
}

payloads! {
    /// Payload of `importCost`.
    ImportCostPayload {
        /// Run that imports the file; null if the file was refused.
        run: JobRun, from Run
    }
    /// Payload of `importInventory`.
    ImportInventoryPayload {
        /// Run that imports the file; null if the file was refused.
        run: JobRun, from Run
    }
    /// Payload of `importVirtualTags`.
    ImportVirtualTagsPayload {
        /// Run that imports the file; null if the file was refused.
        run: JobRun, from Run
    }
}

/// Stores an uploaded file, from which a run imports later.
async fn store(ctx: &Context<'_>, file: &Upload) -> FieldResult<DomainResult<imports::ImportFile>> {
    let (actor, services) = (ctx.actor()?, ctx.services()?);
    let upload = file
        .value(ctx)
        .map_err(|error| ResolverError::New(Error::internal(error)))?;
    let mut content = tokio::fs::File::from_std(upload.content);
    // Another field may have read the same file to its end; both share the position.
    let rewound = content.rewind().await;
    rewound.map_err(|error| ResolverError::New(Error::internal(format!("reading an upload: {error}"))))?;
    Ok(imports::store(&services.db, actor, &upload.filename, content).await)
}

/// Mutations that import files.
#[derive(Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Requests a run that imports a file of resources and reports a reason for each rejected line. For approvers.
    async fn import_inventory(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "File to import.")] input: ImportInventoryInput,
    ) -> FieldResult<ImportInventoryPayload> {
        let file_id = match store(ctx, &input.file).await? {
            Ok(file) => file.id,
            Err(error) => return ImportInventoryPayload::of(Err(error)),
        };
        let spec = ImportSpec {
            dry_run: input.dry_run,
            mode: input.mode.into(),
            account_id: input.account_id,
            ..ImportSpec::new(file_id)
        };
        ImportInventoryPayload::of(request(ctx, &spec).await?)
    }

    /// Requests a run that imports a file of virtual tags and reports a reason for each rejected line. Tags that are
    /// approved already, and denied tags to be imported as pending, stay unchanged. For approvers.
    async fn import_virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "File to import.")] input: ImportVirtualTagsInput,
    ) -> FieldResult<ImportVirtualTagsPayload> {
        let file_id = match store(ctx, &input.file).await? {
            Ok(file) => file.id,
            Err(error) => return ImportVirtualTagsPayload::of(Err(error)),
        };
        let spec = ImportSpec {
            dry_run: input.dry_run,
            mode: input.mode.into(),
            tags: Some(input.status.into()),
            ..ImportSpec::new(file_id)
        };
        ImportVirtualTagsPayload::of(request(ctx, &spec).await?)
    }

    /// Requests a run that imports a bill and reports a reason for each rejected row. For approvers.
    async fn import_cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "File to import.")] input: ImportCostInput,
    ) -> FieldResult<ImportCostPayload> {
        let file_id = match store(ctx, &input.file).await? {
            Ok(file) => file.id,
            Err(error) => return ImportCostPayload::of(Err(error)),
        };
        ImportCostPayload::of(request(ctx, &ImportCostJob { file_id }).await?)
    }
}
