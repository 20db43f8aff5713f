//! Beginning transactions.

use super::row_security;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait,
};
use sqlx::{PgPool, Postgres};

/// Begins transactions; to be used in place of [`TransactionTrait`].
///
/// A caller that goes away while PostgreSQL answers `BEGIN` (a client that hangs up, a job that is cut off) would
/// leave the connection to the pool with a transaction in it that nobody knows of. Whoever got that connection next
/// and relied on each statement being its own transaction would have written nothing, for nobody would commit it.
pub trait Begin {
    /// Begins a transaction, which is rolled back when it is dropped.
    fn begin(&self) -> impl Future<Output = Result<DatabaseTransaction, DbErr>> + Send;
}

impl Begin for DatabaseConnection {
    /// On a task of its own, which sees the answer whether or not anybody still waits for it. In the name of a caller
    /// limited to accounts, rows of others are refused, see [`row_security::limit`].
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let (db, limit) = (self.clone(), row_security::limit());
        let begun = tokio::spawn(async move {
            let txn = TransactionTrait::begin(&db).await?;
            if let Some(limit) = limit {
                txn.execute_raw(limit).await?;
            }
            Ok(txn)
        });
        let begun = begun.await;
        begun.unwrap_or_else(|error| Err(DbErr::Conn(RuntimeErr::Internal(error.to_string()))))
    }
}

impl Begin for DatabaseTransaction {
    /// A savepoint: the transaction around it is known, and rolled back as a whole.
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        TransactionTrait::begin(self).await
    }
}

/// As [`Begin::begin`], for what only sqlx can do, such as COPY.
pub async fn begin_on(pool: &PgPool) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    begun.unwrap_or_else(|error| Err(sqlx::Error::Io(std::io::Error::other(error))))
}
