//! Resources with the first page of the tags of each, read by one statement.

use super::Resource;
use crate::auth::AccountScope;
use crate::db::by_key;
use crate::db::keyset::{Keyset, Page, Window, limits_in_text};
use crate::db::projection::{PositionalRow, Projected};
use crate::domain::approvals::tags::{self, ResourceTagFilter, TagOrder};
use crate::domain::approvals::{ResourceColumns, VirtualTag, VirtualTagColumns};
use crate::entities::{resource, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityName, QueryFilter, QueryResult, Select, Statement};

/// Columns to read with resources, and their tags. Columns that are not read have values that mean nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceProjection {
    /// Columns of each resource.
    pub resource: ResourceColumns,
    /// Tags to read with each resource.
    pub tags: Option<TagPageProjection>,
}

impl Default for ResourceProjection {
    /// Resources alone, with all columns.
    fn default() -> Self {
        Self {
            resource: ResourceColumns::all(),
            tags: None,
        }
    }
}

/// Page of the tags of each resource.
#[derive(Clone, Debug, PartialEq)]
pub struct TagPageProjection {
    /// Filter of the tags.
    pub filter: ResourceTagFilter,
    /// Part of the tags.
    pub window: Window,
    /// Columns of each tag.
    pub columns: VirtualTagColumns,
}

/// A resource, with a page of its tags where the projection asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceWithTags {
    pub resource: Resource,
    pub tags: Option<Page<VirtualTag>>,
}

impl ResourceProjection {
    /// Reads a page of the selected resources by one statement.
    pub(super) async fn page_of<O: Keyset>(
        &self,
        db: &impl ConnectionTrait,
        scope: &AccountScope,
        select: Select<resource::Entity>,
        order: O,
        window: &Window,
    ) -> Result<Page<ResourceWithTags>> {
        let statement = self.statement(scope, select, order, window);
        Ok(window.page(self.rows(db, statement).await?))
    }

    /// Reads the resource that a query looks up by a key, if there is one.
    pub(super) async fn one_of(
        &self,
        db: &impl ConnectionTrait,
        scope: &AccountScope,
        select: Select<resource::Entity>,
        order: impl Keyset,
    ) -> Result<Option<ResourceWithTags>> {
        let statement = self.statement(scope, select, order, &Window::first(1));
        Ok(self.rows(db, by_key(statement)).await?.into_iter().next())
    }

    fn statement<O: Keyset>(
        &self,
        scope: &AccountScope,
        select: Select<resource::Entity>,
        order: O,
        window: &Window,
    ) -> Statement {
        let select = self.resource.select(select);
        let Some(tags) = &self.tags else {
            return window.statement(select, order);
        };
        // Subqueries take the names of the tables, so that columns mean the same outside of them.
        let of_resource = virtual_tag::Column::ResourceId
            .into_expr()
            .eq(resource::Column::Id.into_expr());
        let tag_page = tags
            .columns
            .select(tags::of_resource(scope, &tags.filter))
            .filter(of_resource);
        let mut all = Query::select();
        self.resource.add_to(&mut all);
        tags.columns.add_to(&mut all);
        all.from_subquery(window.part(select, order), resource::Entity.table_name())
            .join_lateral(
                JoinType::LeftJoin,
                tags.window.part(tag_page, TagOrder::default()),
                virtual_tag::Entity.table_name(),
                Expr::cust("true"),
            );
        window.order_parts(&mut all, order);
        tags.window.order_parts(&mut all, TagOrder::default());
        limits_in_text(&all)
    }

    async fn rows(&self, db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<ResourceWithTags>> {
        let rows = db.query_all_raw(statement).await?;
        let Some(tags) = &self.tags else {
            let untagged = |row: &QueryResult| {
                let resource = self.resource.decode(row)?;
                Ok(ResourceWithTags { resource, tags: None })
            };
            return Ok(rows.iter().map(untagged).collect::<Result<_, DbErr>>()?);
        };
        let mut found: Vec<(Resource, Vec<VirtualTag>)> = Vec::new();
        for row in &rows {
            self.add(row, tags.columns, &mut found)?;
        }
        let tagged = |(resource, rows)| ResourceWithTags {
            resource,
            tags: Some(tags.window.page(rows)),
        };
        Ok(found.into_iter().map(tagged).collect())
    }

    /// Adds a row to the resources found: a tag to the last one, or the next resource.
    fn add(
        &self,
        row: &QueryResult,
        columns: VirtualTagColumns,
        found: &mut Vec<(Resource, Vec<VirtualTag>)>,
    ) -> Result<(), DbErr> {
        // The first of the columns of either table is the id.
        let id: i64 = row.try_get_by_index(0)?;
        if found.last().is_none_or(|(resource, _)| resource.id != id) {
            found.push((self.resource.decode(row)?, Vec::new()));
        }
        let mut tag = PositionalRow::new(row, self.resource.iter().count());
        if let Some((_, tags)) = found.last_mut()
            && !tag.is_null()?
        {
            tags.push(virtual_tag::Entity::decode(&mut tag, columns)?);
        }
        Ok(())
    }
}
