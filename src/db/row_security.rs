//! Row-level security: connections on which PostgreSQL shows the rows of some accounts and no others.
//!
//! It is the second barrier, after the scope that every finder takes. For the case that one forgets it, callers limited
//! to accounts read through a pool of their own: its connections have the role [`READER`], and for that role the tables
//! have row-level security (the migrations of 0011 and 0013). The accounts do not come from the finder, which is the one
//! to be mistaken, but from the caller's authentication: [`with_account_scope`] marks the caller's work, and the accounts
//! are set on a connection each time that it is given out, or that [`super::ReadPool`] uses it for work with another mark.
//! Work without a mark sees no row.
//!
//! Changes by such callers go through the pool that sees everything, in transactions which the mark reaches, too:
//! triggers refuse a row of other accounts, see [`limit`].

use super::connection::{PoolSettings, STALE_PLANS, answers, pool_options};
use super::health::LastOutage;
use super::sql;
use crate::error::{Error, Result};
use futures::Stream;
use sea_orm::{DatabaseConnection, FromQueryResult, SqlxPostgresConnector, Statement};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Role of these connections: it reads, and changes nothing.
pub const READER: &str = "virtual_tagging_reader";

tokio::task_local! {
    static ACCOUNTS: Arc<Vec<String>>;
}

/// Work of a caller; see [`with_account_scope`].
pub struct ScopedFuture<T> {
    accounts: Option<Arc<Vec<String>>>,
    work: T,
}

/// Marks a future or a stream as the work of a caller who may see these accounts, or all. The mark does not reach tasks
/// that it spawns.
pub fn with_account_scope<T>(accounts: Option<Vec<String>>, work: T) -> ScopedFuture<T> {
    let accounts = accounts.map(Arc::new);
    ScopedFuture { accounts, work }
}

impl<T: Unpin> ScopedFuture<T> {
    fn step<R>(&mut self, step: impl FnOnce(Pin<&mut T>) -> R) -> R {
        let Self { accounts, work } = self;
        match accounts {
            None => step(Pin::new(work)),
            Some(accounts) => ACCOUNTS.sync_scope(accounts.clone(), || step(Pin::new(work))),
        }
    }
}

impl<F: Future + Unpin> Future for ScopedFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.step(|work| work.poll(context))
    }
}

impl<S: Stream + Unpin> Stream for ScopedFuture<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.step(|work| work.poll_next(context))
    }
}

/// Opens the pool of such connections. They are made when they are needed: before the first migration there is no role.
pub(super) fn pool(
    options: PgConnectOptions,
    settings: &PoolSettings,
    last_outage: LastOutage,
) -> DatabaseConnection {
    let pool = pool_options(settings, settings.scoped_connections)
        .after_connect(|connection, _| Box::pin(set_session_accounts(connection)))
        .before_acquire(move |connection, meta| {
            let is_newer =
                last_outage.is_newer_than_outage(meta.age) && STALE_PLANS.is_newer_than_outage(meta.age);
            // The answer also proves that the connection is alive.
            Box::pin(async move { answers(is_newer, set_session_accounts(connection)).await })
        })
        .connect_lazy_with(options.options([("role", READER)]));
    SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
}

/// Checks that the role can be had, that it may read its tables, and that these have row-level security for it.
pub async fn verify_row_security(pool: &DatabaseConnection) -> Result<()> {
    // PostgreSQL looks at the rights of a statement even if no row can come of it.
    let tables = migration::READER_TABLES.map(|name| format!("SELECT FROM {name} WHERE false"));
    let proof = format!(
        "SELECT bool_and(row_security_active(name)) AS is_active
           FROM unnest(ARRAY['resources', 'virtual_tags', 'tag_audit', 'ml_inferences']) name
          WHERE NOT EXISTS ({})",
        tables.join(" UNION ALL ")
    );
    let proof = Box::pin(sql::row::<RowSecurityRow>(pool, &proof, []));
    match with_account_scope(Some(Vec::new()), proof).await? {
        Some(RowSecurityRow { is_active: true }) => Ok(()),
        _ => Err(Error::internal(format!(
            "row-level security does not hold for the role {READER}"
        ))),
    }
}

#[derive(FromQueryResult)]
struct RowSecurityRow {
    is_active: bool,
}

/// Statement with which a transaction in the name of a caller limited to accounts begins: from there to its end triggers
/// refuse it rows of others (the migration of 0013). Nothing for other work.
pub(super) fn limit() -> Option<Statement> {
    let accounts = ACCOUNTS.try_with(|accounts| accounts.to_vec()).ok()?;
    let limit = "SELECT set_config('virtual_tagging.accounts', $1::text[]::text, true)";
    Some(sql::statement(limit, [accounts.into()]))
}

/// Accounts of the present work; none at all for work without a mark.
pub(super) fn accounts() -> Arc<Vec<String>> {
    ACCOUNTS.try_with(Arc::clone).unwrap_or_else(|_unmarked| {
        tracing::error!("a statement of a caller limited to accounts ran outside of the caller's account scope, and saw no rows");
        Arc::default()
    })
}

/// Sets the accounts of the present work on a connection.
pub(super) async fn set_session_accounts(connection: &mut PgConnection) -> sqlx::Result<()> {
    let accounts = accounts();
    // An array as PostgreSQL writes it, whatever the accounts are called.
    sqlx::query("SELECT set_config('virtual_tagging.accounts', $1::text[]::text, false)")
        .bind(&*accounts)
        .execute(connection)
        .await
        .map(drop)
}
