//! The mutation `createDownload`.

use crate::domain::approvals::tags::AnyTagFilter;
use crate::domain::downloads::{self, IssuedDownload};
use crate::domain::exports::ExportRequest;
use crate::error::{Error, Result};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payload;
use crate::graphql::queries::resources::ResourceFilterInput;
use crate::graphql::queries::virtual_tags::VirtualTagFilter;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use async_graphql::{Context, Enum, InputObject, Object};
use chrono::{DateTime, Utc};
use tagging::Vocabulary;

/// Rows of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DownloadKind {
    /// Resources, in the columns that `importInventory` reads.
    Resources,
    /// Virtual tags with their decisions, in the columns that `importVirtualTags` reads, and more.
    VirtualTags,
    /// Lines that an import or a discovery rejected, with the reasons. For callers who may access all accounts.
    Rejections,
}

/// Input of `createDownload`.
#[derive(InputObject)]
pub struct CreateDownloadInput {
    /// Rows of the file.
    kind: DownloadKind,
    /// Filter of `RESOURCES`, as of the query `resources`.
    resource_filter: Option<ResourceFilterInput>,
    /// Filter of `VIRTUAL_TAGS`, as of the query `virtualTags`.
    virtual_tag_filter: Option<VirtualTagFilter>,
    /// Global id of the run of `REJECTIONS`.
    run: Option<Id<JobRunKind>>,
}

impl CreateDownloadInput {
    fn request(self, vocabulary: &Vocabulary) -> Result<ExportRequest> {
        match (self.kind, self.resource_filter, self.virtual_tag_filter, self.run) {
            (DownloadKind::Resources, filter, None, None) => {
                let filter = filter.unwrap_or_default().into_filter(vocabulary);
                Ok(ExportRequest::Resources(filter))
            }
            (DownloadKind::VirtualTags, None, filter, None) => Ok(ExportRequest::Tags {
                filter: AnyTagFilter::from(filter.unwrap_or_default()),
                of_retired: true,
            }),
            (DownloadKind::Rejections, None, None, Some(run)) => Ok(ExportRequest::Rejections(run.0)),
            _ => Err(Error::invalid(
                "kind",
                "resources have a resourceFilter, virtual tags a virtualTagFilter, rejections a run",
            )),
        }
    }
}

payload! {
    /// Payload of `createDownload`.
    CreateDownloadPayload of issued: IssuedDownload {
        /// Path of the file on this service, good for one GET request, without a header; null if refused.
        url: Option<String> = Some(format!("/csv/downloads/{}", issued.secret.reveal())),
        /// Time until which the request must begin; null if refused.
        expires_at: Option<DateTime<Utc>> = Some(issued.expires_at),
    }
}

/// Mutations of downloads.
#[derive(Default)]
pub struct DownloadMutation;

#[Object]
impl DownloadMutation {
    /// Creates a link to a CSV file for a browser, which cannot send a header with a download. The link is good for one
    /// request within two minutes and shows what exists for the caller. It ends with the caller's credentials.
    async fn create_download(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Download to create.")] input: CreateDownloadInput,
    ) -> FieldResult<CreateDownloadPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let created = match input.request(&services.engine.vocabulary()) {
            Ok(request) => downloads::create(&services.db, actor, &request).await,
            Err(error) => Err(error),
        };
        CreateDownloadPayload::of(created)
    }
}
