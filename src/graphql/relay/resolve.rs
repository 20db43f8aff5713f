//! Resolution of a root field that is a connection.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page, Window};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::connection::wants_total;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::state::ContextExt;
use async_graphql::Context;

/// Resolves a root field that is a connection: reads the window, and counts if the operation selects the total.
pub async fn connection<N, Row, O, L, C>(
    ctx: &Context<'_>,
    args: PageArgs,
    order: O,
    list: impl FnOnce(Window) -> L,
    count: impl FnOnce() -> C,
) -> FieldResult<Connection<N>>
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
