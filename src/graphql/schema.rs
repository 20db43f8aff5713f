//! The schema: every feature's part of it, put together.

use super::approval::ApprovalQuery;
use super::audit::AuditQuery;
use super::context::Services;
use super::dashboard::DashboardQuery;
use super::decide::DecisionMutation;
use super::inference::InferenceQuery;
use super::live::Subscription;
use super::node::NodeQuery;
use super::resource::ResourceQuery;
use super::resource_edit::ResourceMutation;
use super::rule::RuleQuery;
use super::rule_edit::{PreviewQuery, RuleMutation};
use super::run::RunQuery;
use super::run_control::RunMutation;
use super::viewer::ViewerQuery;
use super::virtual_tag::VirtualTagQuery;
use super::vocabulary::VocabularyQuery;
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
);

/// What can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(ResourceMutation, DecisionMutation, RuleMutation, RunMutation);

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

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment as RFC 3339 writes it: `2024-05-01T12:00:00Z`. Answers are in UTC.",
        )
        .override_input_type_description::<Upload>(
            "A file, sent as the GraphQL multipart request specification says.",
        )
}
