//! Migrations, one replica at a time.
//!
//! The migrator takes no lock of its own; an advisory lock held on a connection of its own lets any number of
//! replicas start together: the first migrates, the others wait and find nothing left to do.

use super::sql;
use crate::error::Result;
use migration::{Migration, Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

/// Any number will do, as long as nothing else in the database uses it.
const LOCK: i64 = 0x0076_6972_7474_6167;

/// How one migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// The migration's name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Applies the next `steps` migrations, or all.
pub async fn up(db: &DatabaseConnection, steps: Option<u32>) -> Result<()> {
    with_lock(db, async { Ok(Migrator::up(db, steps).await?) }).await
}

/// Takes back the last `steps` migrations.
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<()> {
    with_lock(db, async { Ok(Migrator::down(db, Some(steps)).await?) }).await
}

/// Does `work` while no other replica migrates or does the like.
pub async fn with_lock<T>(db: &DatabaseConnection, work: impl Future<Output = Result<T>>) -> Result<T> {
    let lock = Lock::take(db).await?;
    let result = work.await;
    lock.release().await?;
    result
}

/// All migrations that this program knows, in order. Only reads: the migrator's own way would make its table first.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<MigrationStatus>> {
    let applied = applied(db).await?;
    let all = Migrator::get_migration_files();
    let statuses = all.iter().map(migration_name);
    Ok(statuses
        .map(|name| MigrationStatus {
            applied: applied.contains(&name),
            name,
        })
        .collect())
}

/// The names of the migrations that the database has; none where it was never migrated.
async fn applied(db: &DatabaseConnection) -> Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Applied {
        version: String,
    }
    let exists = "SELECT WHERE to_regclass('seaql_migrations') IS NOT NULL";
    if db.query_one_raw(sql::statement(exists, [])).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<Applied> = sql::rows(db, "SELECT version FROM seaql_migrations", []).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn migration_name(migration: &Migration) -> String {
    migration.name().to_owned()
}

/// The advisory lock; closing its connection gives it back, whatever happens to us.
struct Lock(sqlx::PgConnection);

impl Lock {
    async fn take(db: &DatabaseConnection) -> Result<Self> {
        let mut connection = db.get_postgres_connection_pool().acquire().await?.detach();
        // Another replica may be at work on a large table: wait for as long as it takes.
        sqlx::raw_sql("SET lock_timeout = 0; SET statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    async fn release(self) -> Result<()> {
        Ok(sqlx::Connection::close(self.0).await?)
    }
}
