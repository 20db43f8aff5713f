//! Relay connections: edges, nodes, page information and total.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page};
use crate::graphql::relay::bounded_list::BoundedList;
use crate::graphql::relay::cursor;
use crate::graphql::relay::row_fields::{RowFields, RowObject};
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Position of a page in the list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// True if rows follow this page.
    pub has_next_page: bool,
    /// True if rows precede this page.
    pub has_previous_page: bool,
    /// Cursor of the first row; null on an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the last row; null on an empty page.
    pub end_cursor: Option<String>,
}

/// Row of a list with the function that makes its cursor.
pub struct Edge<N> {
    node: N,
    cursor: Arc<dyn Fn(&N) -> String + Send + Sync>,
}

/// Row of a list with the row's cursor.
#[Object(name_type)]
impl<N: RowFields + 'static> Edge<N> {
    /// Row.
    async fn node(&self) -> RowObject<&N> {
        RowObject(&self.node)
    }

    /// Cursor of the row, for `after` and `before` in the same order.
    async fn cursor(&self) -> String {
        (self.cursor)(&self.node)
    }
}

impl<N: RowFields + 'static> RowFields for Edge<N> {
    fn field(&self, name: &str) -> Option<Value> {
        (name == "cursor").then(|| Value::String((self.cursor)(&self.node)))
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// Page of a list.
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    has_previous: bool,
    has_next: bool,
    total: Option<Total>,
}

impl<N> Connection<N> {
    /// Converts a page to a connection. Nodes keep their row, from which a cursor is made when requested.
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

/// Page of a list in the list's order.
#[Object(name_type)]
impl<N: RowFields + 'static> Connection<N> {
    /// Rows with cursors.
    async fn edges(&self) -> BoundedList<RowObject<&Edge<N>>> {
        BoundedList(self.edges.iter().map(RowObject).collect())
    }

    /// Rows.
    async fn nodes(&self) -> BoundedList<RowObject<&N>> {
        BoundedList(self.edges.iter().map(|edge| RowObject(&edge.node)).collect())
    }

    /// Position of the page in the list.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: &Edge<N>| (edge.cursor)(&edge.node);
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(cursor),
            end_cursor: self.edges.last().map(cursor),
        }
    }

    /// Number of rows in the whole list: exact where counting is quick, else an estimate (`totalCountIsEstimate`).
    async fn total_count(&self) -> Option<u64> {
        self.total.map(|total| total.count)
    }

    /// True if `totalCount` is an estimate, as for long lists with a filter without a counter. For callers limited to
    /// accounts the total of the audit trail is a lower bound. Lists of one page are always counted.
    async fn total_count_is_estimate(&self) -> bool {
        self.total.is_some_and(|total| total.is_estimate)
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// Returns true if the operation selects the total of this list.
pub fn wants_total(ctx: &Context<'_>) -> bool {
    let selected = ctx.look_ahead();
    selected.field("totalCount").exists() || selected.field("totalCountIsEstimate").exists()
}
