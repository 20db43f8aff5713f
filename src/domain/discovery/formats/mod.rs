//! Formats of files that people have at hand: answers of the clouds' command lines, exports, Terraform states. They are
//! detected by content; each format has one file that implements [`cloud_format::CloudFormat`].

mod asset_export;
mod asset_search;
mod aws_config;
mod aws_names;
mod aws_resource;
mod azure_names;
mod azure_resources;
mod cloud_format;
mod detect;
mod document;
mod entry_reader;
mod file_format;
mod gcp_names;
mod json_walker;
mod refused;
mod resource_explorer;
mod resource_graph;
mod service_api;
mod tag_editor;
mod tagging_api;
mod terraform;
mod terraform_attributes;
mod terraform_types;

pub use aws_resource::{AwsResource, aws_config_report};
pub use entry_reader::EntryReader;
pub use file_format::FileFormat;

pub(super) use asset_export::AssetExport;
pub(super) use cloud_format::CloudFormat;
pub(super) use detect::{DocumentKind, HEAD_BYTES, detect_document};
pub(super) use document::DocumentReader;
pub(super) use refused::refuse_bill;
pub(super) use tag_editor::{GAP as TAG_EDITOR_GAP, TagEditorColumns};
