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
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    InterfaceType, ObjectType, OperationType, TypeKind, TypeSystemDefinition,
};
use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder, Upload};
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::sync::OnceLock;

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

/// The definitions in the schema's text, parsed once.
pub fn definitions() -> &'static [TypeSystemDefinition] {
    static DEFINITIONS: OnceLock<Vec<TypeSystemDefinition>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| match parse_schema(sdl()) {
        Ok(document) => document.definitions,
        Err(error) => {
            // Tests read every definition; without them nothing has a cost.
            tracing::error!("the schema's own text cannot be read: {error}");
            Vec::new()
        }
    })
}

/// The type that an operation of this kind selects from.
pub const fn root(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// Whether the schema has something of this name: a type, a field, an argument, a field of an input or an enum's value.
pub fn has_name(name: &str) -> bool {
    static NAMES: OnceLock<HashSet<&str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| definitions().iter().flat_map(names_in).collect());
    names.contains(name)
}

fn names_in(definition: &TypeSystemDefinition) -> Vec<&str> {
    let TypeSystemDefinition::Type(definition) = definition else {
        return Vec::new();
    };
    let mut names = vec![definition.node.name.node.as_str()];
    match &definition.node.kind {
        TypeKind::Object(ObjectType { fields, .. }) | TypeKind::Interface(InterfaceType { fields, .. }) => {
            for field in fields {
                names.push(field.node.name.node.as_str());
                names.extend(
                    field
                        .node
                        .arguments
                        .iter()
                        .map(|each| each.node.name.node.as_str()),
                );
            }
        }
        TypeKind::Enum(kind) => names.extend(kind.values.iter().map(|each| each.node.value.node.as_str())),
        TypeKind::InputObject(kind) => {
            names.extend(kind.fields.iter().map(|each| each.node.name.node.as_str()));
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
    names
}

/// The schema before its services come.
pub(super) fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment as RFC 3339 writes it: `2024-05-01T12:00:00Z`. Answers are in UTC.",
        )
        .override_input_type_description::<Upload>(
            "A file, sent as the GraphQL multipart request specification says.",
        )
}
