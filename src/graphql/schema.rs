//! The schema: every feature's part of it, put together.

use super::mutations::decisions::DecisionMutation;
use super::mutations::resources::ResourceMutation;
use super::mutations::rules::{PreviewQuery, RuleMutation};
use super::mutations::runs::RunMutation;
use super::queries::node::NodeQuery;
use super::state::Services;
use super::subscriptions::Subscription;
use super::types::admin_change::AdminChangeQuery;
use super::types::api_token::{ApiTokenMutation, ApiTokenQuery};
use super::types::approval::ApprovalQuery;
use super::types::dashboard::DashboardQuery;
use super::types::job_run::RunQuery;
use super::types::ml_inference::InferenceQuery;
use super::types::resource::ResourceQuery;
use super::types::rule::RuleQuery;
use super::types::tag_audit::AuditQuery;
use super::types::viewer::ViewerQuery;
use super::types::virtual_tag::VirtualTagQuery;
use super::types::vocabulary::VocabularyQuery;
use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder, Upload};
use chrono::{DateTime, Utc};

/// What can be asked.
#[derive(Default, MergedObject)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    ResourceQuery,
    VirtualTagQuery,
    ApprovalQuery,
    RuleQuery,
    PreviewQuery,
    AuditQuery,
    InferenceQuery,
    RunQuery,
    VocabularyQuery,
    DashboardQuery,
    ApiTokenQuery,
    AdminChangeQuery,
);

/// What can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    ResourceMutation,
    DecisionMutation,
    RuleMutation,
    RunMutation,
    ApiTokenMutation,
);

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
    let sdl = builder().finish().sdl_with_options(options);
    // The directives are those of the specification, which every server has and no SDL repeats.
    let mut lines: Vec<&str> = Vec::new();
    for line in sdl.lines() {
        if line.starts_with("directive @") {
            // With its description, which is a line of its own.
            lines.pop_if(|before| before.starts_with('"'));
        } else {
            lines.push(line);
        }
    }
    format!("{}\n", lines.join("\n").trim_end())
}

/// The schema before its services come.
pub fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment as RFC 3339 writes it: `2024-05-01T12:00:00Z`. Answers are in UTC.",
        )
        .override_input_type_description::<Upload>(
            "A file, sent as the GraphQL multipart request specification says.",
        )
}
