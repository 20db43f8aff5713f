//! The schema: root types, and the schema as text.

use super::mutations::api_tokens::ApiTokenMutation;
use super::mutations::decisions::DecisionMutation;
use super::mutations::downloads::DownloadMutation;
use super::mutations::imports::ImportMutation;
use super::mutations::models::ModelMutation;
use super::mutations::resources::ResourceMutation;
use super::mutations::rule_suggestions::RuleSuggestionMutation;
use super::mutations::rules::RuleMutation;
use super::mutations::runs::RunMutation;
use super::mutations::schedules::ScheduleMutation;
use super::mutations::virtual_tags::VirtualTagMutation;
use super::mutations::vocabulary::VocabularyMutation;
use super::queries::admin_changes::AdminChangeQuery;
use super::queries::api_tokens::ApiTokenQuery;
use super::queries::approvals::ApprovalQuery;
use super::queries::audit::AuditQuery;
use super::queries::calibration::CalibrationQuery;
use super::queries::cost::CostQuery;
use super::queries::coverage::CoverageQuery;
use super::queries::dashboard::DashboardQuery;
use super::queries::facets::FacetQuery;
use super::queries::inferences::InferenceQuery;
use super::queries::models::ModelQuery;
use super::queries::node::NodeQuery;
use super::queries::resources::ResourceQuery;
use super::queries::rule_language::RuleLanguageQuery;
use super::queries::rule_preview::PreviewQuery;
use super::queries::rule_suggestions::RuleSuggestionQuery;
use super::queries::rules::RuleQuery;
use super::queries::runs::RunQuery;
use super::queries::sources::SourceQuery;
use super::queries::viewer::ViewerQuery;
use super::queries::virtual_tags::VirtualTagQuery;
use super::queries::vocabulary::VocabularyQuery;
use super::state::Services;
use super::subscriptions::Subscription;
use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder, Upload};
use chrono::{DateTime, Utc};

/// Queries.
#[derive(Default, MergedObject)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    ResourceQuery,
    VirtualTagQuery,
    ApprovalQuery,
    FacetQuery,
    RuleQuery,
    PreviewQuery,
    RuleSuggestionQuery,
    RuleLanguageQuery,
    AuditQuery,
    InferenceQuery,
    RunQuery,
    VocabularyQuery,
    DashboardQuery,
    CalibrationQuery,
    CoverageQuery,
    CostQuery,
    ApiTokenQuery,
    AdminChangeQuery,
    ModelQuery,
    SourceQuery,
);

/// Mutations.
#[derive(Default, MergedObject)]
pub struct Mutation(
    ResourceMutation,
    VirtualTagMutation,
    DecisionMutation,
    RuleMutation,
    RuleSuggestionMutation,
    VocabularyMutation,
    RunMutation,
    ImportMutation,
    ScheduleMutation,
    ApiTokenMutation,
    ModelMutation,
    DownloadMutation,
);

/// Schema with its services.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema with these services.
pub fn build(services: Services) -> Schema {
    builder().data(services).finish()
}

/// Schema definition language, sorted, with all descriptions.
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
            // With the description, which is a line of its own.
            lines.pop_if(|before| before.starts_with('"'));
        } else {
            lines.push(line);
        }
    }
    format!("{}\n", lines.join("\n").trim_end())
}

/// Builder of the schema without services.
pub fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .override_output_type_description::<DateTime<Utc>>(
            "Point in time as in RFC 3339: `2024-05-01T12:00:00Z`. Results are in UTC.",
        )
        .override_input_type_description::<Upload>(
            "File, uploaded according to the GraphQL multipart request specification.",
        )
}
