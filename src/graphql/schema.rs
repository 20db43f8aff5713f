//! The schema: every feature's part of it, put together.

use super::approval::ApprovalQuery;
use super::audit::AuditQuery;
use super::context::Services;
use super::dashboard::DashboardQuery;
use super::inference::InferenceQuery;
use super::node::NodeQuery;
use super::resource::ResourceQuery;
use super::rule::RuleQuery;
use super::run::RunQuery;
use super::viewer::ViewerQuery;
use super::virtual_tag::VirtualTagQuery;
use super::vocabulary::VocabularyQuery;
use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder};

/// What can be asked.
#[derive(Default, MergedObject)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    ResourceQuery,
    VirtualTagQuery,
    ApprovalQuery,
    RuleQuery,
    AuditQuery,
    InferenceQuery,
    RunQuery,
    VocabularyQuery,
    DashboardQuery,
);

/// What can be changed.
pub type Mutation = EmptyMutation;

/// What can be watched.
pub type Subscription = EmptySubscription;

/// The schema with its services inside.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema over these services.
pub fn build(services: Services) -> Schema {
    builder().data(services).finish()
}

/// The schema's text, sorted, with all descriptions.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
}
