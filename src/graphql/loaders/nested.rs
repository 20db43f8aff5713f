//! Lists within the objects of a list: one page per parent, all pages with one statement.

use crate::domain::estimate::Total;
use crate::domain::keyset::{Keyset, Page, PageLimits, Window};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::FieldResult;
use crate::graphql::loaders::batch::BatchLoader;
use crate::graphql::loaders::batch_driver::BatchBarrier;
use crate::graphql::loaders::columns::MergeColumns;
use crate::graphql::relay::connection::{Connection, wants_total};
use crate::graphql::relay::page::PageArgs;
use async_graphql::Context;
use futures::future::try_join_all;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Key of a page: parent, filter, arguments and columns.
type PageKey<F, C> = (i64, F, PageArgs, C);

/// Pages of parents, by filter and arguments.
type FoundPages<F, Row> = HashMap<(F, PageArgs), HashMap<i64, Page<Arc<Row>>>>;

/// Loader of one list field of many parents. `F` is the filter of the list, and `C` the columns of its rows; `()` where
/// all are read.
pub struct NestedLoader<F, O: Keyset, C = ()> {
    order: O,
    limits: PageLimits,
    pages: BatchLoader<PageKey<F, C>, Page<Arc<O::Row>>>,
    counts: BatchLoader<(i64, F), u64>,
}

/// Pages that one statement reads: all pages of a round with the same filter and arguments.
struct PageGroup<F, C> {
    filter: F,
    args: PageArgs,
    columns: C,
    parents: Vec<i64>,
}

impl<F, O, C> NestedLoader<F, O, C>
where
    F: Clone + Eq + Hash + Send + Sync + 'static,
    O: Keyset,
    O::Row: Send + Sync,
    C: MergeColumns,
{
    /// Creates a loader from `pages` and `counts`, each for many parents; both omit parents without children.
    pub fn new<P, PR, N, NR>(
        barrier: &BatchBarrier,
        order: O,
        limits: PageLimits,
        pages: P,
        counts: N,
    ) -> Self
    where
        P: Fn(Vec<i64>, F, Window, C) -> PR + Clone + Send + Sync + 'static,
        PR: Future<Output = DomainResult<HashMap<i64, Page<O::Row>>>> + Send + 'static,
        N: Fn(Vec<i64>, F) -> NR + Clone + Send + Sync + 'static,
        NR: Future<Output = DomainResult<HashMap<i64, u64>>> + Send + 'static,
    {
        let pages = BatchLoader::new(barrier, move |keys: Vec<PageKey<F, C>>| {
            let pages = pages.clone();
            async move {
                let lookups = page_groups(&keys).into_iter().map(|group| {
                    // Every parent has checked its arguments before.
                    let window = group.args.window(order, limits);
                    let window = window.map_err(|_| Error::internal("unchecked page"));
                    let pages = pages.clone();
                    async move {
                        let found =
                            pages(group.parents, group.filter.clone(), window?, group.columns).await?;
                        Ok::<_, Error>(((group.filter, group.args), found))
                    }
                });
                let mut found: FoundPages<F, O::Row> = HashMap::new();
                for (key, pages) in try_join_all(lookups).await? {
                    let pages = pages.into_iter().map(|(id, page)| (id, page.map(Arc::new)));
                    found.insert(key, pages.collect());
                }
                let page_of = |key: PageKey<F, C>| {
                    let (parent, filter, args, columns) = key;
                    let asked = (filter, args);
                    let page = found.get(&asked)?.get(&parent)?.clone();
                    let (filter, args) = asked;
                    Some(((parent, filter, args, columns), page))
                };
                Ok(keys.into_iter().filter_map(page_of).collect())
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

    /// Resolves the list field of one parent, with `columns` of its rows unless its page is known already.
    pub async fn connection<N>(
        &self,
        ctx: &Context<'_>,
        parent: i64,
        filter: F,
        args: PageArgs,
        columns: impl Fn() -> C,
        known: Option<Page<Arc<O::Row>>>,
    ) -> FieldResult<Connection<N>>
    where
        N: From<Arc<O::Row>> + AsRef<O::Row>,
    {
        let window = args.window(self.order, self.limits)?;
        let page = async {
            match known {
                Some(known) => Ok(Some(known)),
                None => self.pages.load((parent, filter.clone(), args, columns())).await,
            }
        };
        let (page, total) = if wants_total(ctx) {
            let (page, total) = tokio::try_join!(page, self.counts.load((parent, filter.clone())))?;
            (page, Some(Total::exact(total.unwrap_or_default())))
        } else {
            (page.await?, None)
        };
        let page = page.unwrap_or_else(|| window.page(Vec::new()));
        Ok(Connection::new(page, self.order, total, N::from))
    }
}

/// Groups pages by their filters and arguments.
fn page_groups<F, C>(keys: &[PageKey<F, C>]) -> Vec<PageGroup<F, C>>
where
    F: Clone + Eq + Hash,
    C: MergeColumns,
{
    let mut groups: HashMap<(&F, &PageArgs), PageGroup<F, C>> = HashMap::new();
    for (parent, filter, args, columns) in keys {
        let group = groups.entry((filter, args)).or_insert_with(|| PageGroup {
            filter: filter.clone(),
            args: args.clone(),
            columns: *columns,
            parents: Vec::new(),
        });
        group.columns = group.columns.merge(*columns);
        group.parents.push(*parent);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        // Fields that differ only in the columns of their rows have one page.
        group.parents.sort_unstable();
        group.parents.dedup();
    }
    groups
}

/// Groups ids by their arguments.
fn group<A: Eq + Hash>(keys: impl Iterator<Item = (i64, A)>) -> HashMap<A, Vec<i64>> {
    let mut groups: HashMap<A, Vec<i64>> = HashMap::new();
    for (id, arguments) in keys {
        groups.entry(arguments).or_default().push(id);
    }
    groups
}
