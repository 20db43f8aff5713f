//! Schema migrations, each a file of plain SQL under `sql/`: what PostgreSQL executes is what one reads.
//!
//! Nothing here imports the service: a migration must mean the same in a year, whatever the code has become.
//!
//! Replicas are updated one after the other, so that old programs meet new schemas: each migration says which programs go
//! on working after it. One that changes what they rely on is a plain [`Sql`]; one that only adds is [`Expanding`]. So a
//! change that programs would not survive comes in two releases: the first one adds the new, writes both and reads the
//! old if it must (expand); the second one takes the old away (contract), and is installed when no program of before the
//! first is left.

use sea_orm_migration::prelude::{ConnectionTrait, DbErr, MigrationName, MigrationTrait, SchemaManager};
pub use sea_orm_migration::{MigratorTrait, migrator::Migration};

/// Tables and views that `virtual_tagging_reader` may read, whatever their policies then show of them.
pub const READER_TABLES: [&str; 25] = [
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
    "schedules",
    "engine_state",
    "scheduler_jobs",
    "runs_in_scope",
    "import_rejections",
    "tagged_unsure",
    "api_tokens",
];

/// The statement that makes the role `virtual_tagging_reader`, its membership and its grants where they are missing.
/// Not a migration: roles are of a server, not of a database, and are in no dump of it, so it is run at each start.
pub fn reader_role() -> String {
    let tables = READER_TABLES.map(|name| format!("'{name}'")).join(", ");
    let array = format!("ARRAY[{tables}]::text[]");
    include_str!("sql/reader_role.sql").replace("$tables$ LOOP", &format!("{array} LOOP"))
}

/// One migration: its name, what it does and how it is taken back. Programs must know it to work with its schema.
struct Sql {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await?;
        record(manager, self.name, self.name).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.down).await?;
        forget(manager, self.name).await
    }
}

/// A migration that only adds what programs do not look at: those that know `oldest` still work.
struct Expanding {
    /// The name of an earlier migration.
    oldest: &'static str,
    sql: Sql,
}

impl MigrationName for Expanding {
    fn name(&self) -> &str {
        self.sql.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Expanding {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.sql.up(manager).await?;
        record(manager, self.sql.name, self.oldest).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.sql.down(manager).await
    }
}

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
    #[expect(clippy::too_many_lines, reason = "it is a list")]
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Sql {
                name: "0001_inventory",
                up: include_str!("sql/0001_inventory.sql"),
                down: "DROP TABLE ml_inferences, engine_state, evaluations, resources",
            }),
            Box::new(Sql {
                name: "0002_tags",
                up: include_str!("sql/0002_tags.sql"),
                down: "DROP TRIGGER resources_copied_to_tags ON resources;
                       DROP TABLE tag_audit, virtual_tags, rules;
                       DROP FUNCTION virtual_tags_follow_resource, tag_audit_make_partitions, tag_audit_refuse_change",
            }),
            Box::new(Sql {
                name: "0003_jobs",
                up: include_str!("sql/0003_jobs.sql"),
                down: "DROP TABLE import_rejections, import_chunks, import_files, schedules, scheduler_jobs",
            }),
            Box::new(Sql {
                name: "0004_runs",
                up: include_str!("sql/0004_runs.sql"),
                down: "DELETE FROM scheduler_jobs WHERE job_name IN ('decide', 'seal');
                       ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
                       ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check
                           CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain'));
                       DROP INDEX scheduler_jobs_exclusive, scheduler_jobs_waiting;
                       ALTER TABLE scheduler_jobs RESET (fillfactor);
                       ALTER TABLE scheduler_jobs DROP COLUMN priority, DROP COLUMN exclusive_key,
                           DROP COLUMN worker_key, DROP COLUMN claimed_at, DROP COLUMN progress_claimed,
                           DROP COLUMN recruited_by;
                       DELETE FROM schedules WHERE job_name IN ('decide', 'seal');
                       ALTER TABLE schedules DROP COLUMN time_zone, DROP COLUMN configured, DROP COLUMN edited_at,
                           DROP COLUMN edited_by",
            }),
            Box::new(Sql {
                name: "0005_decisions",
                up: include_str!("sql/0005_decisions.sql"),
                down: "DROP TRIGGER decision_items_go ON scheduler_jobs;
                       DROP FUNCTION decision_items_follow_run;
                       DROP TABLE decision_items",
            }),
            Box::new(Sql {
                name: "0006_imports",
                up: include_str!("sql/0006_imports.sql"),
                down: "DROP TABLE import_samples, import_tags, import_rows, import_parts, imports",
            }),
            Box::new(Sql {
                name: "0007_audit",
                up: include_str!("sql/0007_audit.sql"),
                down: "DELETE FROM schedules WHERE job_name = 'seal';
                       DELETE FROM scheduler_jobs WHERE job_name = 'seal';
                       DROP TABLE tag_audit_seals, tag_audit_detached;
                       DROP FUNCTION tag_audit_seals_refuse_change;
                       DROP INDEX tag_audit_action",
            }),
            Box::new(Sql {
                name: "0008_counters",
                up: include_str!("sql/0008_counters.sql"),
                down: include_str!("sql/0008_counters_down.sql"),
            }),
            Box::new(Sql {
                name: "0009_event_order",
                up: include_str!("sql/0009_event_order.sql"),
                down: "ALTER TABLE tag_audit ALTER COLUMN xid SET DEFAULT pg_current_xact_id()",
            }),
            Box::new(Sql {
                name: "0010_api_tokens",
                up: include_str!("sql/0010_api_tokens.sql"),
                down: "DROP TABLE api_tokens; DROP FUNCTION api_tokens_refuse_change",
            }),
            Box::new(Sql {
                name: "0011_wall",
                up: include_str!("sql/0011_wall.sql"),
                down: include_str!("sql/0011_wall_down.sql"),
            }),
            Box::new(Sql {
                name: "0012_group_plans",
                up: include_str!("sql/0012_group_plans.sql"),
                down: "DROP INDEX virtual_tags_queue_group;
                       CREATE INDEX virtual_tags_queue_group ON virtual_tags
                           (tag_key, tag_value, source, evidence_signature, confidence, id)
                           WHERE approval_status = 'PENDING'",
            }),
            Box::new(Sql {
                name: "0013_scoped_callers",
                up: include_str!("sql/0013_scoped_callers.sql"),
                down: include_str!("sql/0013_scoped_callers_down.sql"),
            }),
            Box::new(Sql {
                name: "0016_account_moves",
                up: include_str!("sql/0016_account_moves.sql"),
                down: include_str!("sql/0016_account_moves_down.sql"),
            }),
            Box::new(Sql {
                name: "0017_run_principals",
                up: include_str!("sql/0017_run_principals.sql"),
                down: include_str!("sql/0017_run_principals_down.sql"),
            }),
            Box::new(Sql {
                name: "0018_account_pages",
                up: include_str!("sql/0018_account_pages.sql"),
                down: "DROP INDEX virtual_tags_queue_account_group, virtual_tags_account, resources_account,
                           resources_account_created, tag_audit_account;
                       CREATE INDEX virtual_tags_account ON virtual_tags (account_id, id);
                       CREATE INDEX resources_account ON resources (account_id, id);
                       CREATE INDEX tag_audit_account ON tag_audit (account_id, \"timestamp\", id)",
            }),
            Box::new(Expanding {
                oldest: "0013_scoped_callers",
                sql: Sql {
                    name: "0020_schema_compatibility",
                    up: include_str!("sql/0020_schema_compatibility.sql"),
                    down: "DROP TABLE schema_compatibility",
                },
            }),
            Box::new(Sql {
                name: "0022_cluster_stats",
                up: include_str!("sql/0022_cluster_stats.sql"),
                down: "DROP TRIGGER revisions ON engine_state;
                       DROP FUNCTION engine_revisions_follow;
                       DROP TABLE cluster_stats, discovery_successes, engine_revisions",
            }),
            Box::new(Sql {
                name: "0023_admin_changes",
                up: include_str!("sql/0023_admin_changes.sql"),
                down: "DROP TABLE admin_changes; DROP FUNCTION admin_changes_refuse_change",
            }),
            Box::new(Sql {
                name: "0024_runs_in_scope",
                up: include_str!("sql/0024_runs_in_scope.sql"),
                down: "DROP VIEW runs_in_scope;
                       ALTER TABLE scheduler_jobs DISABLE ROW LEVEL SECURITY, DROP COLUMN accounts",
            }),
            Box::new(Sql {
                name: "0025_standing_decisions",
                up: include_str!("sql/0025_standing_decisions.sql"),
                down: include_str!("sql/0025_standing_decisions_down.sql"),
            }),
        ]
    }
}
