//! Tags of the Tagging API, which are fresher than those of an index, for one account.

use std::collections::HashMap;

use cloud_api::ApiErrorKind;
use cloud_api::aws::{AwsCredentials, TaggingService};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::connection::AwsError;
use crate::domain::discovery::AwsResource;

/// Regions that are asked at the same time.
const REGIONS_AT_ONCE: usize = 6;

pub(super) type Tags = Vec<(String, String)>;

/// Tags of an account's resources by their ids.
#[derive(Default)]
pub(super) struct TagOverlay {
    pub tags: HashMap<String, Tags>,
    /// Regions that could not be asked, each with its reason.
    pub refused: Vec<(String, String)>,
}

impl TagOverlay {
    /// Asks these regions.
    ///
    /// # Errors
    /// A region that granted the request broke off: tags that are there must not give way to those of an index.
    pub async fn fetch(
        client: &cloud_api::CloudClient,
        credentials: &AwsCredentials,
        account: &str,
        regions: &[String],
    ) -> Result<Self, AwsError> {
        let fetches = regions.iter().map(|region| async move {
            let mut pages = TaggingService::new(credentials, account, region).resources(client);
            let mut resources = Vec::new();
            loop {
                match pages.next().await {
                    Ok(Some(page)) => resources.extend(page.resource_tag_mapping_list),
                    Ok(None) => return Ok((region, resources, None)),
                    Err(error) if is_refused(error.kind) => {
                        return Ok((region, resources, Some(error.reason)));
                    }
                    Err(error) => return Err(AwsError::from(error)),
                }
            }
        });
        let mut answers = stream::iter(fetches.collect::<Vec<_>>()).buffer_unordered(REGIONS_AT_ONCE);
        let mut overlay = Self::default();
        while let Some((region, resources, refused)) = answers.try_next().await? {
            overlay
                .refused
                .extend(refused.map(|reason| (region.clone(), reason)));
            for resource in resources {
                let tags = resource
                    .tags
                    .into_iter()
                    .map(|tag| (tag.key, tag.value.unwrap_or_default()))
                    .collect();
                overlay
                    .tags
                    .insert(AwsResource::id(&resource.arn).to_owned(), tags);
            }
        }
        overlay.refused.sort();
        Ok(overlay)
    }
}

/// True for an error that another attempt would meet as well: no right, or a region that the account has not opened.
fn is_refused(kind: ApiErrorKind) -> bool {
    matches!(kind, ApiErrorKind::Refused)
}
