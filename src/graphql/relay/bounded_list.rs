//! Lists whose items are resolved together, without a task for each item, and charged to the response budget.

use crate::graphql::response_budget::{ResponseBudget, size};
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures::future::try_join_all;
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

/// Items that are polled together. Up to 30, `try_join_all` keeps its futures in one piece; above, each has an
/// allocation and a waker of its own.
const SIDE_BY_SIDE: usize = 25;

tokio::task_local! {
    /// Bytes of the lists within an item, which are charged already.
    static CHARGED: Cell<usize>;
}

/// GraphQL list whose items are resolved concurrently, in order, within the response budget.
pub struct BoundedList<T>(pub Vec<T>);

impl<T: OutputType> OutputType for BoundedList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut groups = Vec::with_capacity(self.0.len() / SIDE_BY_SIDE + 1);
        let mut group = Vec::with_capacity(SIDE_BY_SIDE.min(self.0.len()));
        for (index, row) in self.0.iter().enumerate() {
            if group.len() == SIDE_BY_SIDE {
                groups.push(try_join_all(std::mem::take(&mut group)));
            }
            group.push(resolve_row(ctx, field, index, row));
        }
        groups.push(try_join_all(group));
        let groups = try_join_all(groups).await?;
        Ok(Value::List(groups.into_iter().flatten().collect()))
    }
}

async fn resolve_row<T: OutputType>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    index: usize,
    row: &T,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(index);
    let Some(budget) = ctx.data_opt::<Arc<ResponseBudget>>() else {
        let resolved = row.resolve(&ctx, field).await;
        return resolved.map_err(|error| ctx.set_error_path(error));
    };
    let resolving = CHARGED.scope(Cell::new(0), async {
        // A list that exceeds the budget ends here, without the items before.
        budget.charge(0)?;
        let value = row.resolve(&ctx, field).await?;
        let bytes = size(&value);
        budget.charge(bytes.saturating_sub(CHARGED.with(Cell::get)))?;
        Ok((value, bytes))
    });
    let resolved: ServerResult<_> = resolving.await;
    let (value, bytes) = resolved.map_err(|error| ctx.set_error_path(error))?;
    // An item around this one does not charge these bytes again.
    let _outermost = CHARGED.try_with(|charged| charged.set(charged.get() + bytes));
    Ok(value)
}
