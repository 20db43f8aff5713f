//! Reads: statements that are transactions of their own, over the driver's pool.
//!
//! The driver's pool asks a connection whether it is alive whenever it is given back, and has its hooks run whenever one
//! is given out: round trips that cost as much as a small statement. So a connection that has finished a read is kept for
//! the next one, for a moment: [`LEASE`] after the pool gave it out at the latest, or [`IDLE`] after its last statement, it
//! goes back. A read that waits for the pool, where others have all connections, takes it before. All else remains the
//! pool's: how many connections there are, who waits how long, which are tested, replaced or closed. A read that fails or is
//! dropped keeps nothing: its connection goes back to the pool, which finds out what became of it (see
//! [`super::cancellation`]).
//!
//! Statements that look rows up by keys keep one plan, see [`by_key`]; all others are planned each time, for the values that
//! they have.

use super::pools::measure;
use super::row_security;
use crate::telemetry::names;
use parking_lot::Mutex;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement,
};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use std::ops::Deref;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// Lease: time after which a connection goes back to the pool. Others who wait there, for changes, get it in their turn,
/// and the pool's tests of connections are late by no more.
const LEASE: Duration = Duration::from_millis(250);

/// Time without a read after which a connection goes back.
const IDLE: Duration = Duration::from_millis(50);

/// Pool for reads. It is the driver's pool, too, for what has no need of this one.
#[derive(Clone)]
pub struct ReadPool {
    db: DatabaseConnection,
    shared: Arc<SharedReads>,
}

/// State that clones of a pool share.
struct SharedReads {
    name: &'static str,
    /// True for the pool whose connections show the rows of some accounts alone.
    is_scoped: bool,
    pool: PgPool,
    /// One permit for each connection of the pool, so that reads wait here for a connection that is kept.
    permits: Semaphore,
    kept: Mutex<Vec<KeptConnection>>,
    /// Wakes a read that waits for the pool when a connection is kept.
    was_kept: Notify,
    is_swept: AtomicBool,
}

/// Mark of statements that look rows up by keys.
const BY_KEY: &str = " /* by key */";

/// A statement that looks rows up by keys, whose plan is the same for all values: [`ReadPool`] has PostgreSQL plan it once a
/// connection, which costs more than the lookup. For statements alone in which an index of keys leads to all rows.
pub fn by_key(mut statement: Statement) -> Statement {
    statement.sql.push_str(BY_KEY);
    statement
}

/// Way in which PostgreSQL plans the statements of a connection: settings of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlanMode {
    /// Each time, for the values of the parameters, as sessions begin.
    Custom,
    /// Once, for all values. A plan that was made while a table was small must not read all of it when it has grown.
    Generic,
}

impl PlanMode {
    fn of(statement: &Statement) -> Self {
        if statement.sql.ends_with(BY_KEY) {
            Self::Generic
        } else {
            Self::Custom
        }
    }

    async fn set(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let settings = match self {
            Self::Custom => "SET plan_cache_mode = force_custom_plan; SET enable_seqscan = on",
            Self::Generic => "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off",
        };
        sqlx::raw_sql(settings).execute(connection).await.map(drop)
    }
}

/// Accounts of which a connection shows the rows; nothing where it shows all.
type ShownAccounts = Option<Arc<Vec<String>>>;

struct KeptConnection {
    connection: PoolConnection<Postgres>,
    accounts: ShownAccounts,
    plans: PlanMode,
    /// End of the lease.
    until: Instant,
    used: Instant,
}

impl KeptConnection {
    /// Connection that the pool has just given out.
    fn new(connection: PoolConnection<Postgres>, accounts: ShownAccounts) -> Self {
        let now = Instant::now();
        Self {
            connection,
            accounts,
            plans: PlanMode::Custom,
            until: now + LEASE,
            used: now,
        }
    }

    /// The same connection, once it shows the rows of these accounts and no others, and plans in this way.
    async fn prepared(mut self, accounts: ShownAccounts, plans: PlanMode) -> Result<Self, DbErr> {
        if self.accounts != accounts {
            let set = row_security::set_session_accounts(&mut self.connection).await;
            set.map_err(query_error)?;
            self.accounts = accounts;
        }
        self.plan(plans).await.map_err(query_error)?;
        Ok(self)
    }

    async fn plan(&mut self, plans: PlanMode) -> sqlx::Result<()> {
        if self.plans != plans {
            plans.set(&mut self.connection).await?;
            self.plans = plans;
        }
        Ok(())
    }

    /// Gives the connection back to the pool, in the mode of those that it gives out. One that fails is closed.
    async fn give_back(mut self) {
        if let Err(error) = self.plan(PlanMode::Custom).await {
            tracing::debug!(%error, "a connection is closed");
        }
    }

    fn may_stay(&self, now: Instant) -> bool {
        now < self.until && now.saturating_duration_since(self.used) < IDLE
    }
}

impl Drop for KeptConnection {
    fn drop(&mut self) {
        if self.plans != PlanMode::Custom {
            self.connection.close_on_drop();
        }
    }
}

/// Connection during a read.
struct ReadLease<'a> {
    kept: KeptConnection,
    _permit: SemaphorePermit<'a>,
}

impl ReadPool {
    /// Reads over the pool whose connections show everything.
    pub fn all(db: DatabaseConnection) -> Self {
        Self::new(db, "all", false)
    }

    /// Reads over the pool whose connections show the rows of the caller's accounts; see [`row_security`].
    pub fn scoped(db: DatabaseConnection) -> Self {
        Self::new(db, "scoped", true)
    }

    fn new(db: DatabaseConnection, name: &'static str, is_scoped: bool) -> Self {
        let pool = db.get_postgres_connection_pool().clone();
        let shared = SharedReads {
            name,
            is_scoped,
            permits: Semaphore::new(pool.options().get_max_connections() as usize),
            pool,
            kept: Mutex::default(),
            was_kept: Notify::new(),
            is_swept: AtomicBool::new(false),
        };
        Self {
            db,
            shared: Arc::new(shared),
        }
    }

    /// Runs a statement and reads all of its rows, so that nothing is left on the connection for the next one.
    async fn read(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let shared = &self.shared;
        let timeout = shared.pool.options().get_acquire_timeout();
        let lease = tokio::time::timeout(timeout, shared.lease(PlanMode::of(&statement))).await;
        let mut lease = lease.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))?;
        let values = statement.values.unwrap_or(sea_orm::sea_query::Values(Vec::new()));
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values));
        let started = Instant::now();
        let rows = query.fetch_all(&mut *lease.kept.connection).await;
        let now = Instant::now();
        measure(shared.name, now - started);
        let rows = rows.map_err(query_error)?;
        lease.kept.used = now;
        shared.keep(lease);
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

impl SharedReads {
    /// Takes a connection that is kept, or one of the pool, whichever is there first.
    async fn lease(&self, plans: PlanMode) -> Result<ReadLease<'_>, DbErr> {
        let asked = Instant::now();
        let closed = |_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        let permit = self.permits.acquire().await.map_err(closed)?;
        let accounts = self.is_scoped.then(row_security::accounts);
        let mut kept = match self.take_kept(accounts.as_ref(), plans) {
            // Reads of both kinds that take turns would set the same connection each time.
            None if self.pool.num_idle() == 0 => self.take_any_kept(),
            kept => kept,
        };
        let is_used_up = self.is_used_up();
        let mut given = pin!(self.pool.acquire());
        let kept = loop {
            if let Some(kept) = kept {
                // The driver tells it of those that it gives out.
                metrics::histogram!(names::POOL_WAIT_SECONDS).record(asked.elapsed());
                break kept;
            }
            kept = tokio::select! {
                biased;
                connection = &mut given => {
                    break KeptConnection::new(connection.map_err(acquire_error)?, accounts.clone());
                }
                () = self.was_kept.notified(), if is_used_up => self.take_any_kept(),
            };
        };
        Ok(ReadLease {
            kept: kept.prepared(accounts, plans).await?,
            _permit: permit,
        })
    }

    /// True if a read can only wait for the pool until a connection is given back. Those of the pool for some accounts are
    /// set to the accounts as they are given out, and would be closed if the wait ended meanwhile.
    fn is_used_up(&self) -> bool {
        let most = self.pool.options().get_max_connections();
        !self.is_scoped && self.pool.size() >= most && self.pool.num_idle() == 0
    }

    /// Takes a connection that is kept, shows what the read may see and plans as it needs.
    fn take_kept(&self, accounts: Option<&Arc<Vec<String>>>, plans: PlanMode) -> Option<KeptConnection> {
        self.take_kept_if(|each| each.accounts.as_ref() == accounts && each.plans == plans)
    }

    /// Takes a connection that is kept, whatever it shows and however it plans.
    fn take_any_kept(&self) -> Option<KeptConnection> {
        self.take_kept_if(|_| true)
    }

    /// Takes the last one used of the kept connections that suit, so that the others go back.
    fn take_kept_if(&self, suits: impl Fn(&KeptConnection) -> bool) -> Option<KeptConnection> {
        let now = Instant::now();
        let mut kept = self.kept.lock();
        let found = kept.iter().rposition(|each| each.may_stay(now) && suits(each))?;
        Some(kept.remove(found))
    }

    /// Keeps a connection for the next read until its lease ends.
    fn keep(self: &Arc<Self>, lease: ReadLease<'_>) {
        let ReadLease { kept, _permit } = lease;
        if self.pool.is_closed() || !kept.may_stay(kept.used) {
            if kept.plans != PlanMode::Custom {
                tokio::spawn(kept.give_back());
            }
            return;
        }
        self.kept.lock().push(kept);
        self.was_kept.notify_one();
        if !self.is_swept.swap(true, Ordering::SeqCst) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Gives back what may not stay; true if nothing is left.
    async fn give_back(&self) -> bool {
        let now = Instant::now();
        let is_closed = self.pool.is_closed();
        let (late, is_empty) = {
            let mut kept = self.kept.lock();
            let late: Vec<_> = kept
                .extract_if(.., |each| is_closed || !each.may_stay(now))
                .collect();
            if kept.is_empty() {
                self.is_swept.store(false, Ordering::SeqCst);
            }
            (late, kept.is_empty())
        };
        futures::future::join_all(late.into_iter().map(KeptConnection::give_back)).await;
        is_empty
    }
}

/// Gives back connections that are kept, until there are none.
async fn sweep(shared: Weak<SharedReads>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(shared) = shared.upgrade() else { return };
        if shared.give_back().await {
            return;
        }
    }
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Error of a connection that was not to be had, as the driver's pool has it in statements of its own.
fn acquire_error(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))),
    }
}

impl Deref for ReadPool {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        &self.db
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for ReadPool {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.db.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.db.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.read(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement).await
    }
}
