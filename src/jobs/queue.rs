//! The tables of apalis' queue.

use crate::db::migrate;
use crate::error::{Error, Result};
use apalis_postgres::PostgresStorage;
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Makes apalis' tables, or brings them up to date; any number of replicas may do so together.
pub async fn setup(db: &DatabaseConnection) -> Result<()> {
    migrate::with_lock(db, async {
        db.execute_unprepared(
            "CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS pgcrypto",
        )
        .await?;
        let mut migrations = PostgresStorage::migrations();
        // A replica of a newer version may have brought them further; whether this one works with what that version
        // made of the database is for our own migrations to say.
        migrations.set_ignore_missing(true);
        migrations
            .run(db.get_postgres_connection_pool())
            .await
            .map_err(|error| Error::internal(format!("the queue's tables: {error}")))
    })
    .await
}
