//! Transactions, and what follows from their commit.

use super::notify::{self, Notification};
use super::row_security;
use parking_lot::{Mutex, MutexGuard};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement, TransactionTrait,
};
use sqlx::{PgPool, Postgres};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Begins transactions; to be used in place of [`TransactionTrait`].
///
/// A caller that is dropped while PostgreSQL answers `BEGIN` (a client that disconnects, a job that is cut off) would
/// leave the connection to the pool with an unknown transaction in it. The next user of that connection, relying on each
/// statement being its own transaction, would have written nothing, for that transaction is never committed.
pub trait Begin {
    /// Begins a transaction, which is rolled back when it is dropped.
    fn begin(&self) -> impl Future<Output = Result<Transaction, DbErr>> + Send;
}

impl Begin for DatabaseConnection {
    /// On a task of its own, which sees the answer whether or not anybody still waits for it. In the name of a caller
    /// limited to accounts, rows of others are refused, see [`row_security::limit`].
    async fn begin(&self) -> Result<Transaction, DbErr> {
        let (db, limit) = (self.clone(), row_security::limit());
        let begun = tokio::spawn(async move {
            let txn = TransactionTrait::begin(&db).await?;
            if let Some(limit) = limit {
                txn.execute_raw(limit).await?;
            }
            Ok(txn)
        });
        let begun = begun.await;
        let inner =
            begun.unwrap_or_else(|error| Err(DbErr::Conn(RuntimeErr::Internal(error.to_string()))))?;
        Ok(Transaction {
            inner,
            after: AfterCommit::Notify(self.clone()),
            notifications: Arc::default(),
        })
    }
}

impl Begin for Transaction {
    /// A savepoint: the transaction around it is known, and rolled back as a whole.
    async fn begin(&self) -> Result<Self, DbErr> {
        Ok(Self {
            inner: TransactionTrait::begin(&self.inner).await?,
            after: AfterCommit::PassOn(Arc::clone(&self.notifications)),
            notifications: Arc::default(),
        })
    }
}

type Notifications = Arc<Mutex<BTreeSet<Notification>>>;

/// The use of the notifications when a transaction commits.
enum AfterCommit {
    /// They are sent to this database.
    Notify(DatabaseConnection),
    /// They become those of the transaction around a savepoint.
    PassOn(Notifications),
}

/// A transaction, or a savepoint in one. Whatever changes something that others wait for says so with
/// [`Transaction::on_commit`], next to the statement that makes the change; those who commit need not know of it.
///
/// The notifications are sent after the commit, apart from it: a NOTIFY within a transaction takes a lock on the whole
/// database when it commits. One that gets lost costs the time until the next poll of those who wait.
pub struct Transaction {
    inner: DatabaseTransaction,
    after: AfterCommit,
    notifications: Notifications,
}

impl Transaction {
    /// Sends a notification if and when the transaction has committed; the same one once, however often it is asked for.
    pub fn on_commit(&self, notification: Notification) {
        locked(&self.notifications).insert(notification);
    }

    /// Makes the changes visible, and has the notifications sent.
    ///
    /// On a task of its own: a caller that is dropped while PostgreSQL answers `COMMIT` would leave changes of which
    /// nobody is told, and send a `ROLLBACK` after it, for which there is no transaction. The end of a savepoint is part
    /// of its caller, who is dropped with the transaction around it: that is rolled back, and must find its connection
    /// free.
    pub async fn commit(self) -> Result<(), DbErr> {
        let db = match self.after {
            AfterCommit::PassOn(outer) => {
                self.inner.commit().await?;
                locked(&outer).append(&mut locked(&self.notifications));
                return Ok(());
            }
            AfterCommit::Notify(db) => db,
        };
        let committed = tokio::spawn(async move {
            self.inner.commit().await?;
            for notification in std::mem::take(&mut *locked(&self.notifications)) {
                notify::send(&db, notification);
            }
            Ok(())
        });
        let committed = committed.await;
        committed.unwrap_or_else(|error| Err(DbErr::Conn(RuntimeErr::Internal(error.to_string()))))
    }

    /// Undoes the changes.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

fn locked(notifications: &Notifications) -> MutexGuard<'_, BTreeSet<Notification>> {
    notifications.lock()
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}

/// As [`Begin::begin`], for what only sqlx can do, such as COPY.
pub async fn begin_on(pool: &PgPool) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    begun.unwrap_or_else(|error| Err(sqlx::Error::Io(std::io::Error::other(error))))
}
