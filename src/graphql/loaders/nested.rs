//! Lists within the objects of a list: one page per parent, all pages with one statement.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page, PageLimits, Window};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::FieldResult;
use crate::graphql::loaders::batch::BatchLoader;
use crate::graphql::loaders::batch_driver::BatchBarrier;
use crate::graphql::relay::connection::{Connection, wants_total};
use crate::graphql::relay::page::PageArgs;
use async_graphql::Context;
use futures::future::try_join_all;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Key of a page: parent, filter and arguments.
type PageKey<F> = (i64, F, PageArgs);

/// Loader of one list field of many parents. `F` is the filter of the list.
pub struct NestedLoader<F, O: Keyset> {
    order: O,
    limits: PageLimits,
    pages: BatchLoader<PageKey<F>, Page<Arc<O::Row>>>,
    counts: BatchLoader<(i64, F), u64>,
}

impl<F, O> NestedLoader<F, O>
where
    F: Clone + Eq + Hash + Send + Sync + 'static,
    O: Keyset,
    O::Row: Send + Sync,
{
    /// Creates a loader from `pages` and `counts`, each for many parents; both omit parents without children.
    pub fn new<P, PR, C, CR>(
        barrier: &BatchBarrier,
        order: O,
        limits: PageLimits,
        pages: P,
        counts: C,
    ) -> Self
    where
        P: Fn(Vec<i64>, F, Window) -> PR + Clone + Send + Sync + 'static,
        PR: Future<Output = DomainResult<HashMap<i64, Page<O::Row>>>> + Send + 'static,
        C: Fn(Vec<i64>, F) -> CR + Clone + Send + Sync + 'static,
        CR: Future<Output = DomainResult<HashMap<i64, u64>>> + Send + 'static,
    {
        let pages = BatchLoader::new(barrier, move |keys: Vec<PageKey<F>>| {
            let pages = pages.clone();
            async move {
                let groups = group(keys.into_iter().map(|(id, filter, args)| (id, (filter, args))));
                let lookups = groups.into_iter().map(|((filter, args), ids)| {
                    // Every parent has checked its arguments before.
                    let window = args
                        .window(order, limits)
                        .map_err(|_| Error::internal("unchecked page"));
                    let pages = pages.clone();
                    async move { Ok::<_, Error>((pages(ids, filter.clone(), window?).await?, filter, args)) }
                });
                let mut found = HashMap::new();
                for (pages, filter, args) in try_join_all(lookups).await? {
                    found.extend(
                        pages
                            .into_iter()
                            .map(|(id, page)| ((id, filter.clone(), args.clone()), page.map(Arc::new))),
                    );
                }
                Ok(found)
            }
        });
        let counts = BatchLoader::new(barrier, move |keys: Vec<(i64, F)>| {
            let counts = counts.clone();
            async move {
                let mut found = HashMap::new();
                for (filter, ids) in group(keys.into_iter()) {
                    let counts = counts(ids, filter.clone()).await?;
                    found.extend(
                        counts
                            .into_iter()
                            .map(|(id, count)| ((id, filter.clone()), count)),
                    );
                }
                Ok(found)
            }
        });
        Self {
            order,
            limits,
            pages,
            counts,
        }
    }

    /// Resolves the list field of one parent.
    pub async fn connection<N>(
        &self,
        ctx: &Context<'_>,
        parent: i64,
        filter: F,
        args: PageArgs,
    ) -> FieldResult<Connection<N>>
    where
        N: From<Arc<O::Row>> + AsRef<O::Row>,
    {
        let window = args.window(self.order, self.limits)?;
        let page = self.pages.load((parent, filter.clone(), args));
        let (page, total) = if wants_total(ctx) {
            let (page, total) = tokio::try_join!(page, self.counts.load((parent, filter)))?;
            (page, Some(Total::exact(total.unwrap_or_default())))
        } else {
            (page.await?, None)
        };
        let page = page.unwrap_or_else(|| window.page(Vec::new()));
        Ok(Connection::new(page, self.order, total, N::from))
    }
}

/// Groups ids by their arguments.
fn group<A: Eq + Hash>(keys: impl Iterator<Item = (i64, A)>) -> HashMap<A, Vec<i64>> {
    let mut groups: HashMap<A, Vec<i64>> = HashMap::new();
    for (id, arguments) in keys {
        groups.entry(arguments).or_default().push(id);
    }
    groups
}
