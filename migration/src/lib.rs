//! Schema migrations, each a pair of files of plain SQL under `sql/`: what PostgreSQL executes is what one reads.
//!
//! Nothing here imports the service: a migration must mean the same in a year, whatever the code has become.
//!
//! Replicas are updated one after the other, so that old programs meet new schemas: each migration says which programs go
//! on working after it ([`SqlMigration::requires`]): none that does not know it, or also older ones if it only adds. So a change
//! that programs would not survive comes in two releases: the first one adds the new, writes both and reads the
//! old if it must (expand); the second one takes the old away (contract), and is installed when no program of before the
//! first is left.

use sea_orm_migration::prelude::{ConnectionTrait, DbErr, MigrationName, MigrationTrait, SchemaManager};
pub use sea_orm_migration::{MigratorTrait, migrator::Migration};

/// Tables and views that `virtual_tagging_reader` may read, whatever their policies then show of them.
pub const READER_TABLES: [&str; 42] = [
    "resources",
    "virtual_tags",
    "tag_audit",
    "evaluations",
    "ml_inferences",
    "decision_items",
    "tag_counts",
    "tag_count_deltas",
    "resource_counts",
    "resource_count_deltas",
    "decision_counts",
    "decision_count_deltas",
    "tagged_resources",
    "tagged_counts",
    "tag_counts_now",
    "resource_counts_now",
    "decision_counts_now",
    "rules",
    "rule_versions",
    "schedules",
    "engine_state",
    "scheduler_jobs",
    "runs_in_scope",
    "import_rejections",
    "tagged_unsure",
    "api_tokens",
    "rule_suggestions",
    "vocabulary_keys",
    "vocabulary_versions",
    "calibration_counts",
    "calibration_count_deltas",
    "calibration_counts_now",
    "coverage_counts",
    "coverage_accounts",
    "coverage_days",
    "coverage_unsure",
    "cost_lines",
    "cost_totals",
    "coverage_cells",
    "coverage_keys",
    "discovery_sources",
    "discovery_accounts",
];

/// The statement that makes the role `virtual_tagging_reader`, its membership and its grants where they are missing.
/// Not a migration: roles are of a server, not of a database, and are in no dump of it, so it is run at each start.
pub fn reader_role() -> String {
    let tables = READER_TABLES.map(|name| format!("'{name}'")).join(", ");
    let array = format!("ARRAY[{tables}]::text[]");
    include_str!("sql/reader_role.sql").replace("$tables$ LOOP", &format!("{array} LOOP"))
}

/// Migration as two files of SQL: `sql/NAME.up.sql` makes the change, `sql/NAME.down.sql` takes it back.
#[derive(Clone, Copy)]
struct SqlMigration {
    /// Name under which databases remember that they have it: it must never change.
    name: &'static str,
    /// Migration that a program must know to work after this one: this one itself, or an earlier one when this one
    /// only adds what older programs do not look at.
    requires: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await?;
        record(manager, self.name, self.requires).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.down).await?;
        forget(manager, self.name).await
    }
}

/// Makes the list of migrations. A line is `"NAME"`, or `"NAME" requires "EARLIER"` for a change that programs survive
/// that know no more than `EARLIER`.
macro_rules! migrations {
    ($($name:literal $(requires $earlier:literal)?),* $(,)?) => {
        &[$(SqlMigration {
            name: $name,
            requires: migrations!(@required $name $($earlier)?),
            up: include_str!(concat!("sql/", $name, ".up.sql")),
            down: include_str!(concat!("sql/", $name, ".down.sql")),
        }),*]
    };
    (@required $name:literal) => { $name };
    (@required $name:literal $earlier:literal) => { $earlier };
}

/// Migrations in the order in which they are applied; numbers that are missing were never released.
const MIGRATIONS: &[SqlMigration] = migrations![
    "0001_inventory",
    "0002_tags",
    "0003_jobs",
    "0004_runs",
    "0005_decisions",
    "0006_imports",
    "0007_audit",
    "0008_counters",
    "0009_event_order",
    "0010_api_tokens",
    "0011_wall",
    "0012_group_plans",
    "0013_scoped_callers",
    "0016_account_moves",
    "0017_run_principals",
    "0018_account_pages",
    "0020_schema_compatibility" requires "0013_scoped_callers",
    "0022_cluster_stats",
    "0023_admin_changes",
    "0024_runs_in_scope",
    "0025_standing_decisions",
    "0026_neighbour_source",
    "0027_learning",
    "0028_suggestions",
    "0029_vocabulary",
    "0030_effective_tags" requires "0025_standing_decisions",
    "0031_rule_history",
    "0032_coverage" requires "0031_rule_history",
    "0033_calibration",
    "0034_past_denials" requires "0031_rule_history",
    "0035_downloads" requires "0031_rule_history",
    "0036_resource_identity" requires "0036_resource_identity",
    "0037_import_summaries" requires "0031_rule_history",
    "0038_cost" requires "0031_rule_history",
    "0039_discovery_sources",
];

/// Stores what programs must know after a migration, in the transaction of the migration. Before
/// `0020_schema_compatibility` there is no place for it, and none is needed: no program of before that asks.
async fn record(manager: &SchemaManager<'_>, migration: &str, requires: &str) -> Result<(), DbErr> {
    compatibility(
        manager,
        &format!(
            "INSERT INTO schema_compatibility VALUES ('{migration}', '{requires}')
             ON CONFLICT (migration) DO UPDATE SET requires = excluded.requires"
        ),
    )
    .await
}

async fn forget(manager: &SchemaManager<'_>, migration: &str) -> Result<(), DbErr> {
    compatibility(
        manager,
        &format!("DELETE FROM schema_compatibility WHERE migration = '{migration}'"),
    )
    .await
}

/// Executes a statement about the table `schema_compatibility`, if there is one.
async fn compatibility(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    let guarded = format!(
        "DO $$ BEGIN IF to_regclass('schema_compatibility') IS NOT NULL THEN {statement}; END IF; END $$"
    );
    let connection = manager.get_connection();
    connection.execute_unprepared(&guarded).await.map(drop)
}

/// All migrations in order, for [`MigratorTrait`]'s `up`, `down` and `status`.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let boxed = |migration: &SqlMigration| Box::new(*migration) as Box<dyn MigrationTrait>;
        MIGRATIONS.iter().map(boxed).collect()
    }
}
