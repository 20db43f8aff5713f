//! Relay connections over keyset pages.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page, PageLimits, Window};
use crate::graphql::error::{ResolverError, Result};
use crate::graphql::relay::cursor;
use crate::graphql::relay::rows::Rows;
use crate::graphql::state::ContextExt;
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use std::borrow::Cow;
use std::sync::Arc;

/// The four arguments of a connection, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageArgs {
    /// Rows from the start.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// Rows from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The part of the list that they ask for; refuses what makes no sense, and more rows than allowed.
    pub fn window<O: Keyset>(&self, order: O, limits: PageLimits) -> Result<Window> {
        let (size, name) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(ResolverError::bad_input("give first or last, not both")),
            (None, Some(last)) => (Some(last), "last"),
            (first, None) => (first, "first"),
        };
        let size = match size {
            None => limits.default,
            Some(size) => u64::try_from(size).map_err(|_| {
                ResolverError::bad_input(format!("{name} is {size}: it must not be negative"))
            })?,
        };
        if size > limits.max {
            let message = format!("{name} is {size}: at most {} rows come at once", limits.max);
            return Err(ResolverError::bad_input(message));
        }
        let key = |name: &str, text: &Option<String>| {
            let decode = |text| cursor::decode(text, order);
            let refuse = |why| ResolverError::bad_input(format!("{name} {why}"));
            text.as_deref().map(decode).transpose().map_err(refuse)
        };
        Ok(Window {
            size,
            backward: self.last.is_some(),
            after: key("after", &self.after)?,
            before: key("before", &self.before)?,
        })
    }
}

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

/// Answers a list field: reads the window, and counts too when the operation selects the total.
pub async fn connection<N, Row, O, L, C>(
    ctx: &Context<'_>,
    args: PageArgs,
    order: O,
    list: impl FnOnce(Window) -> L,
    count: impl FnOnce() -> C,
) -> Result<Connection<N>>
where
    N: From<Row> + AsRef<O::Row>,
    O: Keyset,
    L: Future<Output = crate::error::Result<Page<Row>>>,
    C: Future<Output = crate::error::Result<Total>>,
{
    let window = args.window(order, ctx.services()?.page_limits)?;
    let (page, total) = if wants_total(ctx) {
        let (page, mut total) = tokio::try_join!(list(window), count())?;
        let rows = page.rows.len() as u64;
        if total.is_estimate && !page.has_previous && !page.has_next {
            total = Total::exact(rows);
        }
        total.count = total.count.max(rows);
        (page, Some(total))
    } else {
        (list(window).await?, None)
    };
    Ok(Connection::new(page, order, total, N::from))
}

#[cfg(test)]
mod tests {
    use super::PageArgs;
    use crate::domain::inventory::list::ResourceOrder;
    use crate::domain::keyset::{PageLimits, Window};
    use crate::graphql::relay::cursor;

    fn window(args: PageArgs) -> Result<Window, String> {
        let window = args.window(ResourceOrder::Id, PageLimits::default());
        window.map_err(|resolver_error| async_graphql::Error::from(resolver_error).message)
    }

    #[test]
    fn sizes_have_a_default_and_a_limit() {
        let sized = |first, last| {
            window(PageArgs {
                first,
                last,
                ..PageArgs::default()
            })
        };
        assert_eq!(sized(None, None).unwrap(), Window::first(50));
        assert_eq!(sized(Some(500), None).unwrap().size, 500);
        assert!(sized(None, Some(7)).unwrap().backward);
        assert_eq!(
            sized(Some(501), None).unwrap_err(),
            "first is 501: at most 500 rows come at once"
        );
        assert_eq!(
            sized(None, Some(-1)).unwrap_err(),
            "last is -1: it must not be negative"
        );
        assert_eq!(
            sized(Some(1), Some(1)).unwrap_err(),
            "give first or last, not both"
        );
    }

    #[test]
    fn cursors_of_another_order_are_refused() {
        let after = Some(cursor::encode("resources.newest", &[]));
        let refusal = window(PageArgs {
            after,
            ..PageArgs::default()
        })
        .unwrap_err();
        assert_eq!(
            refusal,
            "after is a cursor of another list or order; start again without it"
        );
    }
}
