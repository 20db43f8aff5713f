//! Detection of documents by the keys at their beginning.

use super::asset_export::AssetExport;
use super::asset_search::AssetSearch;
use super::aws_config::AwsConfig;
use super::azure_resources::AzureResources;
use super::cloud_format::CloudFormat;
use super::json_walker::{JsonWalker, PathRole};
use super::refused::refused_document;
use super::resource_explorer::ResourceExplorer;
use super::resource_graph::ResourceGraph;
use super::service_api::ServiceApi;
use super::tagging_api::TaggingApi;
use super::terraform::Terraform;
use std::collections::BTreeSet;

/// Bytes from the start of a file that are looked at.
pub(in crate::domain::discovery) const HEAD_BYTES: usize = 64 << 10;
/// Keys of a path that are looked at.
const PATH_DEPTH: usize = 3;

/// Fields of the JSON Lines of the service.
const OWN_FIELDS: [&str; 4] = ["cloud", "account_id", "resource_type", "resource_id"];

/// Kind of a file that begins like JSON.
pub(in crate::domain::discovery) enum DocumentKind {
    /// Document of one of the formats.
    Document(Box<dyn CloudFormat>),
    /// Recording of one answer, as test recorders store it with its status or its headers.
    RecordedAnswer,
    /// Recording of several interactions.
    Cassette,
    /// Cloud Asset export with one asset per line.
    AssetLines,
    /// Document of another kind, with the reason to refuse it.
    Refused(&'static str),
    /// Anything else: JSON Lines or CSV.
    Other,
}

/// Detects the kind of a file by its first bytes; `account` is the account to take where a format names none.
pub(in crate::domain::discovery) fn detect_document(head: &[u8], account: Option<String>) -> DocumentKind {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    let is_list = match head.first() {
        Some(b'[') => true,
        Some(b'{') => false,
        _ => return DocumentKind::Other,
    };
    let paths = paths(head);
    let has = |path: &str| paths.contains(path);
    if !is_list && OWN_FIELDS.iter().any(|field| has(field)) {
        return DocumentKind::Other;
    }
    if has("interactions.response") {
        return DocumentKind::Cassette;
    }
    if !is_list && (has("status_code") && has("data") || has("headers") && has("body")) {
        return DocumentKind::RecordedAnswer;
    }
    if let Some(format) = aws_or_terraform(&paths, account.clone()) {
        return DocumentKind::Document(format);
    }
    if let Some(reason) = refused_document(&paths) {
        return DocumentKind::Refused(reason);
    }
    if !is_list && (has("asset_type") || has("assetType")) && has("name") && is_line(head) {
        return DocumentKind::AssetLines;
    }
    match gcp_or_azure(&paths, is_list) {
        Some(format) => DocumentKind::Document(format),
        None if is_list => {
            DocumentKind::Refused("is a JSON array of no accepted kind; JSON Lines has one object per line")
        }
        None => DocumentKind::Other,
    }
}

fn aws_or_terraform(paths: &BTreeSet<String>, account: Option<String>) -> Option<Box<dyn CloudFormat>> {
    let has = |path: &str| paths.contains(path);
    if has("ResourceTagMappingList") {
        return Some(Box::new(TaggingApi::new(account)));
    }
    if has("Resources") && !has("AWSTemplateFormatVersion") {
        return Some(Box::new(ResourceExplorer::new(account)));
    }
    if has("Results") {
        return Some(Box::new(AwsConfig::new(account)));
    }
    if has("planned_values") || has("resource_changes") || has("modules") {
        return None;
    }
    if has("lineage") || has("terraform_version") && has("resources") {
        return Some(Box::new(Terraform::state(account)));
    }
    if has("format_version") || has("terraform_version") && has("values") {
        return Some(Box::new(Terraform::shown(account)));
    }
    None
}

fn gcp_or_azure(paths: &BTreeSet<String>, is_list: bool) -> Option<Box<dyn CloudFormat>> {
    let has = |path: &str| paths.contains(path);
    if has("asset_type") || has("assetType") {
        let is_export = has("resource") || has("asset_type") || has("ancestors");
        return Some(if is_export {
            Box::new(AssetExport::new(""))
        } else {
            Box::new(AssetSearch::new(""))
        });
    }
    if has("results") {
        return Some(Box::new(AssetSearch::new("results")));
    }
    if has("assets") {
        return Some(Box::new(AssetExport::new("assets")));
    }
    let totals = [
        "count",
        "total_records",
        "totalRecords",
        "skip_token",
        "$skipToken",
    ];
    if has("data.columns") {
        return Some(Box::new(ResourceGraph::new("data.rows")));
    }
    if has("data") && totals.iter().any(|total| has(total)) {
        return Some(Box::new(ResourceGraph::new("data")));
    }
    if has("selfLink") || has("items.selfLink") || has("clusters.selfLink") {
        let lists = ["items", "clusters"].into_iter();
        let list = lists.filter(|_| !is_list).find(|list| has(list)).unwrap_or("");
        return Some(Box::new(ServiceApi::new(list)));
    }
    if has("value") && !has("id") {
        return Some(Box::new(AzureResources::new("value")));
    }
    if has("id") && has("subscriptionId") && has("tenantId") && is_list {
        return Some(Box::new(ResourceGraph::new("")));
    }
    (has("id") && has("type")).then(|| Box::new(AzureResources::new("")) as Box<dyn CloudFormat>)
}

/// True if the first object ends with its line.
fn is_line(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or(head);
    // A line that is longer than the head may end later.
    line.len() == head.len() || serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// Paths of all values at the beginning of a document.
fn paths(head: &[u8]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut walker = JsonWalker::new(head);
    let mut role = |path: &str| {
        paths.insert(path.to_owned());
        if path.split('.').count() < PATH_DEPTH {
            PathRole::Inside
        } else {
            PathRole::Skipped
        }
    };
    // No value has a role that makes a piece, so one call reads up to the end of the head.
    let _cut_short = walker.next(&mut role);
    paths
}
