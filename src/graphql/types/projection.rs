//! Columns that the selected fields of tags and resources need.

use crate::domain::approvals::tags::{ResourceTagFilter, TagOrder};
use crate::domain::approvals::{ResourceColumns, TagProjection, VirtualTagColumns};
use crate::domain::inventory::tagged::{ResourceProjection, TagPageProjection};
use crate::domain::keyset::PageLimits;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::types::enums::ApprovalStatusEnum;
use async_graphql::{Context, InputType, InputValueResult, Lookahead, Name, SelectionField, Value};

/// Selections of one object, which may be selected several times.
pub type Selections<'a> = Vec<SelectionField<'a>>;

/// Selections of the nodes of a connection.
pub fn nodes<'a>(connection: &Lookahead<'a>) -> Selections<'a> {
    let mut nodes = connection.field("nodes").selection_fields();
    nodes.extend(connection.field("edges").field("node").selection_fields());
    nodes
}

/// Columns of the tag that the field resolves to.
pub fn tag(ctx: &Context<'_>) -> VirtualTagColumns {
    tags(&ctx.look_ahead().selection_fields()).tag
}

/// Columns of the resource that the field resolves to.
pub fn resource(ctx: &Context<'_>) -> ResourceColumns {
    resources(&ctx.look_ahead().selection_fields())
}

/// Columns of selected tags, and of their resources.
pub fn tags(selected: &[SelectionField<'_>]) -> TagProjection {
    let mut projection = TagProjection {
        tag: VirtualTagColumns::keys(),
        resource: None,
    };
    for field in selected.iter().flat_map(SelectionField::selection_set) {
        projection.tag = projection.tag | columns_of_tag(field.name());
        if field.name() == "resource" {
            let columns = projection.resource.unwrap_or_else(ResourceColumns::keys);
            projection.resource = Some(columns | resources(&[field]));
        }
    }
    projection
}

/// Columns that a field of a tag needs; all of them for a field that is not known here.
fn columns_of_tag(field: &str) -> VirtualTagColumns {
    match field {
        "__typename" | "resource" => VirtualTagColumns::keys(),
        "rule" => VirtualTagColumns::named(&["rule_id"]),
        "kind" => VirtualTagColumns::named(&["auto_applied", "evidence_signature"]),
        "changedSinceDenial" => VirtualTagColumns::named(&["past_denial"]),
        column => VirtualTagColumns::named(&[column]),
    }
}

/// Columns of selected resources.
pub fn resources(selected: &[SelectionField<'_>]) -> ResourceColumns {
    let fields = selected.iter().flat_map(SelectionField::selection_set);
    fields.fold(ResourceColumns::keys(), |columns, field| {
        columns | columns_of_resource(field.name())
    })
}

/// Columns that a field of a resource needs; all of them for a field that is not known here.
fn columns_of_resource(field: &str) -> ResourceColumns {
    match field {
        "__typename" | "virtualTags" | "inferences" | "audit" | "cost" => ResourceColumns::keys(),
        "serviceCategory" => ResourceColumns::named(&["cloud", "resource_type"]),
        column => ResourceColumns::named(&[column]),
    }
}

/// Page of the tags of a resource, as an operation asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPageArgs {
    /// Filter of the tags.
    pub filter: ResourceTagFilter,
    /// Arguments of the connection.
    pub args: PageArgs,
}

/// Columns of selected resources, and the first page of tags that is selected of each, with its arguments; other pages
/// are read by further statements.
pub fn tagged_resources(
    selected: &[SelectionField<'_>],
    limits: PageLimits,
) -> (ResourceProjection, Option<TagPageArgs>) {
    let mut page: Option<(TagPageArgs, VirtualTagColumns)> = None;
    for field in selected.iter().flat_map(SelectionField::selection_set) {
        if field.name() != "virtualTags" {
            continue;
        }
        let Some(asked) = tag_page_args(&field) else {
            continue;
        };
        let (first, columns) = page.get_or_insert_with(|| (asked.clone(), VirtualTagColumns::keys()));
        if *first == asked {
            *columns = *columns | tags(&nodes(&field.into())).tag;
        }
    }
    let page = page.and_then(|(asked, columns)| {
        let window = asked.args.window(TagOrder::default(), limits).ok()?;
        let tags = TagPageProjection {
            filter: asked.filter.clone(),
            window,
            columns,
        };
        Some((asked, tags))
    });
    let (asked, tags) = page.unzip();
    let resource = resources(selected);
    (ResourceProjection { resource, tags }, asked)
}

/// Arguments of `Resource.virtualTags`; nothing where one does not convert, as the field itself will tell.
fn tag_page_args(field: &SelectionField<'_>) -> Option<TagPageArgs> {
    let mut given = field.arguments().ok()?;
    let given = &mut given;
    let status: Option<ApprovalStatusEnum> = argument(given, "status").ok()?;
    Some(TagPageArgs {
        args: PageArgs::new(
            argument(given, "first").ok()?,
            argument(given, "after").ok()?,
            argument(given, "last").ok()?,
            argument(given, "before").ok()?,
        ),
        filter: ResourceTagFilter {
            status: status.map(Into::into),
            tag_key: argument(given, "tagKey").ok()?,
        },
    })
}

fn argument<T: InputType>(given: &mut Vec<(Name, Value)>, name: &str) -> InputValueResult<Option<T>> {
    let found = given.iter().position(|(given, _)| given.as_str() == name);
    let value = found.map(|found| given.swap_remove(found).1);
    Option::parse(value)
}
