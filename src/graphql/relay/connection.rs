//! Relay connections: edges, nodes, page information and total.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page};
use crate::graphql::relay::cursor;
use crate::graphql::relay::rows::Rows;
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use std::borrow::Cow;
use std::sync::Arc;

/// Where a page lies in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether rows come after this page.
    pub has_next_page: bool,
    /// Whether rows come before this page.
    pub has_previous_page: bool,
    /// The cursor of the first row; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last row; null on an empty page.
    pub end_cursor: Option<String>,
}

/// A row of a list together with its cursor.
pub struct Edge<N> {
    node: N,
    cursor: Arc<dyn Fn(&N) -> String + Send + Sync>,
}

/// A row of a list and the place where it stands.
#[Object(name_type)]
impl<N: OutputType + 'static> Edge<N> {
    /// The row.
    async fn node(&self) -> &N {
        &self.node
    }

    /// Where the row stands; for `after` and `before` in the same order.
    async fn cursor(&self) -> String {
        (self.cursor)(&self.node)
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// One page of a list.
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    has_previous: bool,
    has_next: bool,
    total: Option<Total>,
}

impl<N> Connection<N> {
    /// The page as a connection; its rows become nodes that still know their row, from which a cursor is made
    /// when it is asked for.
    pub fn new<Row, O>(page: Page<Row>, order: O, total: Option<Total>, node: impl Fn(Row) -> N) -> Self
    where
        N: AsRef<O::Row>,
        O: Keyset,
    {
        let cursor: Arc<dyn Fn(&N) -> String + Send + Sync> =
            Arc::new(move |node| cursor::encode(order.name(), &order.key(node.as_ref())));
        let edge = |row| Edge {
            node: node(row),
            cursor: cursor.clone(),
        };
        Self {
            edges: page.rows.into_iter().map(edge).collect(),
            has_previous: page.has_previous,
            has_next: page.has_next,
            total,
        }
    }
}

/// One page of a list, in the list's order.
#[Object(name_type)]
impl<N: OutputType + 'static> Connection<N> {
    /// The rows with their cursors.
    async fn edges(&self) -> Rows<&Edge<N>> {
        Rows(self.edges.iter().collect())
    }

    /// The rows alone.
    async fn nodes(&self) -> Rows<&N> {
        Rows(self.edges.iter().map(|edge| &edge.node).collect())
    }

    /// Where the page lies in its list.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: &Edge<N>| (edge.cursor)(&edge.node);
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(cursor),
            end_cursor: self.edges.last().map(cursor),
        }
    }

    /// How many rows the whole list has. Known or counted as far as that is quick; `totalCountIsEstimate` tells whether
    /// it is an estimate instead.
    async fn total_count(&self) -> Option<u64> {
        self.total.map(|total| total.count)
    }

    /// Whether `totalCount` is an estimate, as it is of a long list with a filter that no counter is kept for; of the audit
    /// trail of a caller limited to accounts it is what was found so far. A list that fits on one page is always counted.
    async fn total_count_is_estimate(&self) -> bool {
        self.total.is_some_and(|total| total.is_estimate)
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// Whether the operation selects how many rows the list of this field has.
pub fn wants_total(ctx: &Context<'_>) -> bool {
    let selected = ctx.look_ahead();
    selected.field("totalCount").exists() || selected.field("totalCountIsEstimate").exists()
}
