//! Migrations, one replica at a time, and the test whether this program works with the schema of the database.
//!
//! The migrator takes no lock of its own; an advisory lock held on a connection of its own lets any number of
//! replicas start together: the first migrates, the others wait and find nothing left to do.
//!
//! While replicas are updated, and after an update was rolled back, this program may be older than the schema. The
//! table `schema_compatibility` says for each migration which one a program must know to work after it, so that a
//! replica serves on a schema that only has more than it knows, and says what to do on any other.

use super::sql;
use crate::error::{Error, Result};
use migration::{Migration, Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

/// Key of the advisory lock; any number that nothing else in the database uses.
const LOCK_KEY: i64 = 0x0076_6972_7474_6167;

/// Name and state of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Name of the migration.
    pub name: String,
    /// State in the database and in this program.
    pub state: MigrationState,
}

/// State of a migration in the database and in this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// The database has it, and this program knows it.
    Applied,
    /// The database does not have it.
    Missing,
    /// This program does not know it, and works with it all the same.
    Newer,
    /// This program does not know it, and a program must know the migration of this name to work with it.
    TooNew(String),
}

/// Fit of this program with the schema of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaFit {
    /// The database has the migrations that this program knows, so many.
    Current(usize),
    /// The database lacks migrations, so many of so many.
    Behind { missing: usize, known: usize },
    /// The database has more than this program knows, and this program works with it.
    Newer(Vec<String>),
    /// This program must not work with the database; the text says why, and what to do.
    Unfit(String),
}

/// Applies the next `steps` migrations, or all, and makes the role of callers limited to accounts. On a schema that is
/// newer than this program, and that it works with, applies nothing.
pub async fn up(db: &DatabaseConnection, steps: Option<u32>) -> Result<()> {
    with_lock(db, async {
        match fit(&status(db).await?) {
            SchemaFit::Unfit(why) => return Err(Error::Internal(why)),
            SchemaFit::Newer(newer) => tracing::info!(
                ?newer,
                "the database is newer than this version, which works with it; nothing is applied"
            ),
            SchemaFit::Current(_) | SchemaFit::Behind { .. } => Migrator::up(db, steps).await?,
        }
        if matches!(
            fit(&status(db).await?),
            SchemaFit::Current(_) | SchemaFit::Newer(_)
        ) {
            db.execute_unprepared(&migration::reader_role()).await?;
        }
        Ok(())
    })
    .await
}

/// Takes back the last `steps` migrations.
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<()> {
    with_lock(db, async {
        let unknown = unknown(&status(db).await?);
        if !unknown.is_empty() {
            return Err(Error::Internal(format!(
                "the database has migrations that this version does not know ({}): take them back with the version that \
                 applied them",
                unknown.join(", ")
            )));
        }
        Ok(Migrator::down(db, Some(steps)).await?)
    })
    .await
}

/// Does `work` while no other replica migrates.
pub async fn with_lock<T>(db: &DatabaseConnection, work: impl Future<Output = Result<T>>) -> Result<T> {
    let lock = MigrationLock::take(db).await?;
    let result = work.await;
    lock.release().await?;
    result
}

/// All migrations, in order: those that this program knows, and then those that it does not. Changes nothing.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<MigrationStatus>> {
    let applied = applied(db).await?;
    let all = Migrator::get_migration_files();
    let known: Vec<&str> = all.iter().map(Migration::name).collect();
    let mut statuses: Vec<MigrationStatus> = known
        .iter()
        .map(|&name| MigrationStatus {
            name: name.to_owned(),
            state: if applied.iter().any(|row| row.migration == name) {
                MigrationState::Applied
            } else {
                MigrationState::Missing
            },
        })
        .collect();
    let unknown = applied
        .into_iter()
        .filter(|row| !known.contains(&row.migration.as_str()));
    statuses.extend(unknown.map(|row| {
        // One that says nothing must be known itself.
        let requires = row.requires.unwrap_or_else(|| row.migration.clone());
        MigrationStatus {
            name: row.migration,
            state: if known.contains(&requires.as_str()) {
                MigrationState::Newer
            } else {
                MigrationState::TooNew(requires)
            },
        }
    }));
    Ok(statuses)
}

/// Judges whether this program works with a database that has these migrations.
pub fn fit(all: &[MigrationStatus]) -> SchemaFit {
    let count = |state: &MigrationState| all.iter().filter(|each| each.state == *state).count();
    let (applied, missing) = (count(&MigrationState::Applied), count(&MigrationState::Missing));
    let unknown = unknown(all);
    let required = all.iter().rev().find_map(|each| match &each.state {
        MigrationState::TooNew(requires) => Some(requires),
        _ => None,
    });
    if let Some(required) = required {
        return SchemaFit::Unfit(format!(
            "the database's schema is too new for this version ({}), which does not know the migrations {}: use a version \
             that knows {required}, or have the version that applied them take them back (virtual-tagging migrate down \
             --steps {})",
            env!("CARGO_PKG_VERSION"),
            unknown.join(", "),
            unknown.len()
        ));
    }
    match (missing, unknown.is_empty()) {
        (0, true) => SchemaFit::Current(applied),
        (0, false) => SchemaFit::Newer(unknown),
        (missing, true) => SchemaFit::Behind {
            missing,
            known: applied + missing,
        },
        (_, false) => SchemaFit::Unfit(format!(
            "the database has migrations that this version does not know ({}) and lacks others that it knows: use a \
             version that knows all of them",
            unknown.join(", ")
        )),
    }
}

/// The migrations that this program does not know.
fn unknown(all: &[MigrationStatus]) -> Vec<String> {
    let unknown = all
        .iter()
        .filter(|each| matches!(each.state, MigrationState::Newer | MigrationState::TooNew(_)));
    unknown.map(|each| each.name.clone()).collect()
}

/// Migration that the database has.
#[derive(FromQueryResult)]
struct AppliedMigration {
    migration: String,
    /// The migration that programs must know to work after it; nothing for those of before programs asked.
    requires: Option<String>,
}

#[derive(FromQueryResult)]
struct TablesRow {
    migrations: bool,
    compatibility: bool,
}

/// The migrations that the database has, in order. The migrator would make its table first.
async fn applied(db: &DatabaseConnection) -> Result<Vec<AppliedMigration>> {
    let tables = "SELECT to_regclass('seaql_migrations') IS NOT NULL AS migrations,
                         to_regclass('schema_compatibility') IS NOT NULL AS compatibility";
    let rows = match sql::row::<TablesRow>(db, tables, []).await? {
        Some(TablesRow {
            migrations: true,
            compatibility: true,
        }) => {
            "SELECT m.version AS migration, c.requires FROM seaql_migrations m
               LEFT JOIN schema_compatibility c ON c.migration = m.version ORDER BY m.version"
        }
        Some(TablesRow { migrations: true, .. }) => {
            "SELECT version AS migration, NULL::text AS requires FROM seaql_migrations ORDER BY version"
        }
        _ => return Ok(Vec::new()),
    };
    sql::rows(db, rows, []).await
}

/// Advisory lock; closing its connection releases it, whatever happens to the process.
struct MigrationLock(sqlx::PgConnection);

impl MigrationLock {
    async fn take(db: &DatabaseConnection) -> Result<Self> {
        let mut connection = db.get_postgres_connection_pool().acquire().await?.detach();
        // Another replica may be at work on a large table: wait for as long as it takes.
        sqlx::raw_sql("SET lock_timeout = 0; SET statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK_KEY)
            .execute(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    async fn release(self) -> Result<()> {
        Ok(sqlx::Connection::close(self.0).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(states: &[(&str, MigrationState)]) -> Vec<MigrationStatus> {
        let states = states.iter().cloned();
        states
            .map(|(name, state)| MigrationStatus {
                name: name.into(),
                state,
            })
            .collect()
    }

    #[test]
    fn a_program_works_with_what_it_knows_and_with_what_only_has_more() {
        use MigrationState::{Applied, Missing, Newer, TooNew};
        assert_eq!(
            fit(&all(&[("1", Applied), ("2", Applied)])),
            SchemaFit::Current(2)
        );
        assert_eq!(
            fit(&all(&[("1", Applied), ("2", Missing)])),
            SchemaFit::Behind { missing: 1, known: 2 }
        );
        assert_eq!(
            fit(&all(&[("1", Applied), ("2", Newer), ("3", Newer)])),
            SchemaFit::Newer(vec!["2".into(), "3".into()])
        );
        for unfit in [
            &[("1", Applied), ("2", Newer), ("3", TooNew("2".into()))][..],
            &[("1", Applied), ("2", TooNew("2".into())), ("3", Newer)],
            &[("1", Missing), ("2", Newer)],
        ] {
            assert!(matches!(fit(&all(unfit)), SchemaFit::Unfit(_)), "{unfit:?}");
        }
    }
}
