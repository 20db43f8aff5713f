//! Batched lookups of nested fields. Each request has its own: results are limited to the scope of its actor.

pub mod batch;
pub mod batch_driver;
mod columns;
pub mod nested;

use crate::auth::AccountScope;
use crate::domain::admin_changes::{self, AdminChange};
use crate::domain::approvals::items::{self, ItemFilter, ItemOrder};
use crate::domain::approvals::tags::{self, ResourceTagFilter, TagOrder};
use crate::domain::approvals::{GroupKey, ResourceColumns, VirtualTag, VirtualTagColumns, groups};
use crate::domain::audit::AuditRow;
use crate::domain::audit::list::{self as audit, AuditOrder};
use crate::domain::cost::{self, CostMonth, MonthlyCost};
use crate::domain::discovery::FileSummary;
use crate::domain::imports::{self, Sample};
use crate::domain::inventory::inferences::{self, Inference, InferenceOrder};
use crate::domain::inventory::list::ResourceOrder;
use crate::domain::inventory::rejections::{self, RejectionOrder};
use crate::domain::inventory::{Resource, list as resources};
use crate::domain::keyset::PageLimits;
use crate::domain::models::{self, ModelVersion};
use crate::domain::projection::Columns;
use crate::domain::rules::history::{self, RuleVersionRow};
use crate::domain::rules::{RuleRow, list as rules};
use crate::domain::sources::{self, AccountOrder, AccountsOf};
use crate::domain::suggestions::{self, Suggestion};
use crate::domain::tokens::{ApiToken, list as tokens};
use crate::domain::{JobName, ReadPool};
use crate::error::Result;
use crate::graphql::loaders::batch::BatchLoader;
use crate::graphql::loaders::batch_driver::BatchBarrier;
use crate::graphql::loaders::nested::NestedLoader;
use crate::graphql::scalars::id::AuditKey;
use crate::runs::Run;
use crate::runs::list as runs;
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;

/// Loaders of one request.
pub struct Loaders {
    /// Resources by id.
    pub resources: BatchLoader<(i64, ResourceColumns), Arc<Resource>>,
    /// Virtual tags by id.
    pub virtual_tags: BatchLoader<(i64, VirtualTagColumns), Arc<VirtualTag>>,
    /// Rules by id.
    pub rules: BatchLoader<i64, Arc<RuleRow>>,
    /// Newest versions of a rule, so many at most.
    pub rule_versions: BatchLoader<(i64, u64), Arc<Vec<RuleVersionRow>>>,
    /// Suggestions by id.
    pub suggestions: BatchLoader<i64, Arc<Suggestion>>,
    /// Inferences by id.
    pub inferences: BatchLoader<i64, Arc<Inference>>,
    /// Audit rows by key.
    pub audit_rows: BatchLoader<AuditKey, Arc<AuditRow>>,
    /// Runs by id.
    pub runs: BatchLoader<i64, Arc<Run>>,
    /// API tokens by id, for admins.
    pub api_tokens: BatchLoader<i64, Arc<ApiToken>>,
    /// Administrative changes by id, for admins.
    pub admin_changes: BatchLoader<i64, Arc<AdminChange>>,
    /// Trained models, by version.
    pub models: BatchLoader<i64, Arc<ModelVersion>>,
    /// Newest run of a job.
    pub last_runs: BatchLoader<JobName, Arc<Run>>,
    /// Cost of a resource in a month, the latest complete one if none is named.
    pub costs: BatchLoader<(i64, Option<CostMonth>), Vec<MonthlyCost>>,
    /// Cost at stake of a group of the queue.
    pub group_costs: BatchLoader<GroupKey, MonthlyCost>,
    /// Tags that decide what holds for a resource.
    pub resolution_tags: BatchLoader<i64, Vec<VirtualTag>>,
    /// Pages of the virtual tags of a resource.
    pub tags_of_resource: NestedLoader<ResourceTagFilter, TagOrder, VirtualTagColumns>,
    /// Pages of the inferences of a resource.
    pub inferences_of_resource: NestedLoader<(), InferenceOrder>,
    /// Pages of the audit rows of a resource.
    pub audit_of_resource: NestedLoader<(), AuditOrder>,
    /// Pages of the resources that match a suggestion now.
    pub members_of_suggestion: NestedLoader<(), ResourceOrder>,
    /// Samples of an import's dry run.
    pub import_samples: BatchLoader<i64, Arc<Vec<Sample>>>,
    /// Summaries of imported files, by run.
    pub import_summaries: BatchLoader<i64, Arc<FileSummary>>,
    /// Pages of the lines that a run rejected.
    pub rejections: NestedLoader<(), RejectionOrder>,
    /// Pages of the accounts of a source, or of a run.
    pub source_accounts: NestedLoader<AccountsOf, AccountOrder>,
    /// Pages of the tags of a bulk decision.
    pub decisions: NestedLoader<ItemFilter, ItemOrder>,
}

/// Database, scope and barrier of the lookups.
#[derive(Clone)]
struct LoaderContext {
    db: ReadPool,
    scope: Arc<AccountScope>,
    barrier: BatchBarrier,
}

/// Creates a loader of rows by key from a verb of the domain: `by_key!(context, rules::by_ids, |row| row.id)`.
macro_rules! by_key {
    ($context:expr, $verb:path, $key:expr) => {{
        let context = $context.clone();
        let barrier = context.barrier.clone();
        BatchLoader::new(&barrier, move |keys| {
            let context = context.clone();
            async move { Ok(keyed($verb(&context.db, &context.scope, keys).await?, $key)) }
        })
    }};
}

/// Creates a loader of rows by id, with the columns that the fields need: `by_id_with_columns!(context, tags::by_ids)`.
macro_rules! by_id_with_columns {
    ($context:expr, $verb:path) => {{
        let context = $context.clone();
        let barrier = context.barrier.clone();
        BatchLoader::new(&barrier, move |keys: Vec<(i64, Columns<_>)>| {
            let context = context.clone();
            async move {
                let columns = (keys.iter()).fold(Columns::keys(), |all, (_, columns)| all | *columns);
                let mut ids: Vec<i64> = keys.iter().map(|(id, _)| *id).collect();
                ids.sort_unstable();
                ids.dedup();
                let rows = $verb(&context.db, &context.scope, ids, columns).await?;
                let rows = keyed(rows, |row| row.id);
                let found = |key: (i64, _)| Some((key, rows.get(&key.0)?.clone()));
                Ok(keys.into_iter().filter_map(found).collect())
            }
        })
    }};
}

/// Creates a loader of nested lists from two verbs of the domain, one for pages and one for counts.
macro_rules! nested {
    ($context:expr, $limits:expr, $order:expr,
     |$db:ident, $scope:ident, $ids:ident, $filter:pat_param, $window:ident, $columns:pat_param| $pages:expr, $counts:expr $(,)?) => {{
        let (first, second) = ($context.clone(), $context.clone());
        NestedLoader::new(
            &$context.barrier,
            $order,
            $limits,
            move |$ids, $filter, $window, $columns| {
                let LoaderContext {
                    db: $db,
                    scope: $scope,
                    ..
                } = first.clone();
                async move { $pages.await }
            },
            move |$ids, $filter| {
                let LoaderContext {
                    db: $db,
                    scope: $scope,
                    ..
                } = second.clone();
                async move { $counts.await }
            },
        )
    }};
}

impl Loaders {
    /// Creates loaders of rows within the scope, which are executed when the barrier opens.
    pub fn new(db: ReadPool, scope: AccountScope, limits: PageLimits, barrier: BatchBarrier) -> Self {
        let context = LoaderContext {
            db,
            scope: Arc::new(scope),
            barrier,
        };
        Self {
            resources: by_id_with_columns!(context, resources::by_ids),
            virtual_tags: by_id_with_columns!(context, tags::by_ids),
            rules: by_key!(context, rules::by_ids, |row: &RuleRow| row.id),
            suggestions: by_key!(context, suggestions::list::by_ids, |row: &Suggestion| row.id),
            inferences: by_key!(context, inferences::by_ids, |row: &Inference| row.id),
            audit_rows: by_key!(context, audit_by_keys, |row: &AuditRow| AuditKey {
                timestamp: row.timestamp,
                id: row.id
            }),
            runs: by_key!(context, runs::by_ids, |row: &Run| row.id),
            api_tokens: by_key!(context, tokens::by_ids, |row: &ApiToken| row.id),
            admin_changes: by_key!(context, admin_changes::by_ids, |row: &AdminChange| row.id),
            models: by_key!(context, models::list::by_versions, |row: &ModelVersion| row
                .version),
            last_runs: by_key!(context, runs::last_of_jobs, |row: &Run| row.job_name),
            costs: costs(&context),
            group_costs: group_costs(&context),
            resolution_tags: resolution_tags(&context),
            rule_versions: rule_versions(&context),
            import_samples: import_samples(&context),
            import_summaries: import_summaries(&context),
            tags_of_resource: tags_of_resource(&context, limits),
            inferences_of_resource: nested!(
                context,
                limits,
                InferenceOrder,
                |db, scope, ids, (), window, ()| inferences::of_resources(&db, &scope, ids, &window),
                inferences::count_of_resources(&db, &scope, ids),
            ),
            audit_of_resource: audit_of_resource(&context, limits),
            members_of_suggestion: nested!(
                context,
                limits,
                ResourceOrder::Id,
                |db, scope, ids, (), window, ()| suggestions::members::of_suggestions(
                    &db, &scope, ids, &window
                ),
                suggestions::members::count_of_suggestions(&db, &scope, ids),
            ),
            rejections: nested!(
                context,
                limits,
                RejectionOrder,
                |db, scope, ids, (), window, ()| rejections::of_runs(&db, &scope, ids, &window),
                rejections::count_of_runs(&db, &scope, ids),
            ),
            source_accounts: nested!(
                context,
                limits,
                AccountOrder,
                |db, scope, ids, kind, window, ()| sources::of(&db, &scope, ids, kind, &window),
                sources::count_of(&db, &scope, ids, kind),
            ),
            decisions: nested!(
                context,
                limits,
                ItemOrder,
                |db, scope, ids, filter, window, ()| items::of_runs(&db, &scope, ids, filter, &window),
                items::count_of_runs(&db, &scope, ids, filter),
            ),
        }
    }
}

fn tags_of_resource(
    context: &LoaderContext,
    limits: PageLimits,
) -> NestedLoader<ResourceTagFilter, TagOrder, VirtualTagColumns> {
    nested!(
        context,
        limits,
        TagOrder::default(),
        |db, scope, ids, filter, window, columns| tags::of_resources(
            &db, &scope, ids, &filter, &window, columns
        ),
        tags::count_of_resources(&db, &scope, ids, &filter),
    )
}

fn audit_of_resource(context: &LoaderContext, limits: PageLimits) -> NestedLoader<(), AuditOrder> {
    nested!(
        context,
        limits,
        AuditOrder::default(),
        |db, scope, ids, (), window, ()| audit::of_resources(
            &db,
            &scope,
            ids,
            AuditOrder::default(),
            &window
        ),
        audit::count_of_resources(&db, &scope, ids),
    )
}

fn resolution_tags(context: &LoaderContext) -> BatchLoader<i64, Vec<VirtualTag>> {
    let loader = context.clone();
    BatchLoader::new(&context.barrier, move |ids| {
        let context = loader.clone();
        async move {
            let mut found: HashMap<i64, Vec<VirtualTag>> = HashMap::new();
            for tag in tags::resolution_of(&context.db, &context.scope, ids).await? {
                found.entry(tag.resource_id).or_default().push(tag);
            }
            Ok(found)
        }
    })
}

fn costs(context: &LoaderContext) -> BatchLoader<(i64, Option<CostMonth>), Vec<MonthlyCost>> {
    let (barrier, context) = (context.barrier.clone(), context.clone());
    BatchLoader::new(&barrier, move |keys: Vec<(i64, Option<CostMonth>)>| {
        let context = context.clone();
        async move {
            let mut ids: HashMap<Option<CostMonth>, Vec<i64>> = HashMap::new();
            for (id, month) in keys {
                ids.entry(month).or_default().push(id);
            }
            let mut found = HashMap::new();
            for (month, ids) in ids {
                let costs = cost::of_resources(&context.db, &context.scope, ids, month).await?;
                found.extend(costs.into_iter().map(|(id, costs)| ((id, month), costs)));
            }
            Ok(found)
        }
    })
}

fn group_costs(context: &LoaderContext) -> BatchLoader<GroupKey, MonthlyCost> {
    let (barrier, context) = (context.barrier.clone(), context.clone());
    BatchLoader::new(&barrier, move |groups| {
        let context = context.clone();
        async move { groups::costs(&context.db, &context.scope, groups).await }
    })
}

fn rule_versions(context: &LoaderContext) -> BatchLoader<(i64, u64), Arc<Vec<RuleVersionRow>>> {
    let (barrier, context) = (context.barrier.clone(), context.clone());
    BatchLoader::new(&barrier, move |keys: Vec<(i64, u64)>| {
        let context = context.clone();
        async move {
            let most = keys.iter().map(|(_, most)| *most).max().unwrap_or_default();
            let rules = keys.iter().map(|(rule, _)| *rule).collect();
            let versions = history::of_rules(&context.db, &context.scope, rules, most).await?;
            let first = |(rule, most): (i64, u64)| {
                let versions = versions.get(&rule)?;
                let first = versions.iter().take(most as usize).cloned().collect();
                Some(((rule, most), Arc::new(first)))
            };
            Ok(keys.into_iter().filter_map(first).collect())
        }
    })
}

fn import_summaries(context: &LoaderContext) -> BatchLoader<i64, Arc<FileSummary>> {
    let (barrier, context) = (context.barrier.clone(), context.clone());
    BatchLoader::new(&barrier, move |runs| {
        let context = context.clone();
        async move {
            let summaries = imports::summaries(&context.db, &context.scope, runs).await?;
            let summaries = summaries.into_iter();
            Ok(summaries.map(|(run, summary)| (run, Arc::new(summary))).collect())
        }
    })
}

fn import_samples(context: &LoaderContext) -> BatchLoader<i64, Arc<Vec<Sample>>> {
    let (barrier, context) = (context.barrier.clone(), context.clone());
    BatchLoader::new(&barrier, move |runs| {
        let context = context.clone();
        async move {
            let samples = imports::samples(&context.db, &context.scope, runs).await?;
            let samples = samples.into_iter();
            Ok(samples.map(|(run, samples)| (run, Arc::new(samples))).collect())
        }
    })
}

fn keyed<K: Eq + std::hash::Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Arc<T>> {
    rows.into_iter().map(|row| (key(&row), Arc::new(row))).collect()
}

async fn audit_by_keys(
    db: &DatabaseConnection,
    scope: &AccountScope,
    keys: Vec<AuditKey>,
) -> Result<Vec<AuditRow>> {
    let keys = keys.into_iter().map(|key| (key.timestamp, key.id)).collect();
    audit::by_keys(db, scope, keys).await
}
