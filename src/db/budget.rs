//! Budget of connections: how many of PostgreSQL's connections this process may open.
//!
//! PostgreSQL refuses connections beyond its `max_connections` to everybody, so that processes which open as many as
//! they like lock each other out, and people with them. Therefore each process shows by the application name of its
//! connections how many it may open at most, and a new one takes of what the others leave: all that it wants where
//! there is plenty, half of the rest where there is not, so that others find room after it; and it does not start where
//! fewer are left than it can work with. The budget of a process ends with its last connection, however that ends.

use crate::error::Result;
use sqlx::postgres::PgConnection;

/// Connections that a process opens outside its pools: the health probe, and the lock of a worker or of a migration.
pub const OUTSIDE_POOLS: u32 = 2;

/// Least size of a pool: two connections listen, and three work.
const LEAST_MAIN: u32 = 5;
const LEAST_SCOPED: u32 = 1;

/// Connections that no process takes: for people, backups and commands such as `migrate`.
pub const SPARE: u32 = 5;

/// Key of the advisory lock; any number that nothing else in the database uses.
const LOCK_KEY: i64 = 0x0076_745f_6275_6467;

/// Sizes of a process's pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSizes {
    /// For the service itself, callers of all accounts and every change.
    pub main: u32,
    /// For what callers limited to accounts read.
    pub scoped: u32,
}

impl PoolSizes {
    /// Connections that the process may open at most.
    fn total(self) -> u32 {
        self.main + self.scoped + OUTSIDE_POOLS
    }

    fn least(self) -> Self {
        Self {
            main: self.main.min(LEAST_MAIN),
            scoped: self.scoped.min(LEAST_SCOPED),
        }
    }

    /// Reduces the sizes to `room` connections; nothing if even the least sizes do not fit.
    fn fit_into(self, room: u32) -> Option<Self> {
        let least = self.least();
        if room < least.total() {
            return None;
        }
        let total = self.total().min((room / 2).max(least.total()));
        let open = total - OUTSIDE_POOLS;
        let main = self.main * open / (self.main + self.scoped);
        let main = main.clamp(least.main, open - least.scoped);
        Some(Self {
            main,
            scoped: (open - main).min(self.scoped),
        })
    }
}

/// Budget that a process has reserved.
#[derive(Clone, Debug)]
pub struct Budget {
    pub sizes: PoolSizes,
    /// Name that shows the budget to others; every connection of the process must have it.
    pub application_name: String,
}

/// Lack of room for a process.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "PostgreSQL has no room for {least} more connections, which this process needs at least: {places} are for the \
     service's role and database (max_connections, less those reserved for superusers); {processes} processes of the \
     service take {taken}, others {others}, and {SPARE} are kept for others. Stop a process, lower \
     DATABASE_MAX_CONNECTIONS and DATABASE_SCOPED_CONNECTIONS, or raise max_connections"
)]
pub struct NoRoom {
    least: u32,
    places: i64,
    taken: i64,
    processes: i64,
    others: i64,
}

/// The tightest of the limits that hold for us: places, how many of them our processes have taken, how many processes
/// those are, how many other sessions there are, and whether we are a superuser. $1: what other sessions may have.
const ROOM: &str = r"
WITH sessions AS (
    SELECT usename = session_user AS of_role, datname = current_database() AS of_database, application_name,
           substring(application_name FROM '^virtual-tagging [0-9a-f]{8} \(([0-9]{1,4})\)$')::bigint AS budget
      FROM pg_stat_activity
     WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
), users AS (
    SELECT of_role, of_database, budget, 0 AS other FROM sessions WHERE budget IS NOT NULL
     GROUP BY of_role, of_database, application_name, budget
    UNION ALL
    SELECT of_role, of_database, NULL, 1 FROM sessions WHERE budget IS NULL
), limits AS (
    SELECT current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
           - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS places,
           sum(budget) AS taken, count(budget) AS processes, sum(other) AS others
      FROM users
    UNION ALL
    SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user), sum(budget), count(budget), sum(other)
      FROM users WHERE of_role
    UNION ALL
    SELECT (SELECT datconnlimit FROM pg_database WHERE datname = current_database()), sum(budget), count(budget), sum(other)
      FROM users WHERE of_database
)
SELECT places, coalesce(taken, 0)::bigint, processes, coalesce(others, 0)::bigint,
       (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
  FROM limits WHERE places >= 0
 ORDER BY places - coalesce(taken, 0) - greatest(coalesce(others, 0), $1) LIMIT 1";

/// Reserves a budget. The connection shows it at once, and holds it until the process has others.
pub async fn reserve(
    connection: &mut PgConnection,
    wanted: PoolSizes,
) -> Result<std::result::Result<Budget, NoRoom>> {
    // Of two that start together, the second sees what the first took.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK_KEY)
        .execute(&mut *connection)
        .await?;
    let (places, taken, processes, others, is_superuser): (i64, i64, i64, i64, bool) = sqlx::query_as(ROOM)
        .bind(i64::from(SPARE))
        .fetch_one(&mut *connection)
        .await?;
    if is_superuser {
        tracing::warn!(
            "the service connects as a superuser, which it need not be, and so may take the connections that PostgreSQL \
             reserves for administrators"
        );
    }
    let room = (places - taken - others.max(SPARE.into())).clamp(0, u32::MAX.into());
    let Some(sizes) = wanted.fit_into(u32::try_from(room).unwrap_or(u32::MAX)) else {
        let least = wanted.least().total();
        return Ok(Err(NoRoom {
            least,
            places,
            taken,
            processes,
            others,
        }));
    };
    if sizes != wanted {
        tracing::warn!(
            ?wanted,
            ?sizes,
            places,
            taken,
            processes,
            others,
            "the pools are smaller than configured, for PostgreSQL has no more connections"
        );
    }
    let application_name = format!(
        "virtual-tagging {:08x} ({})",
        rand::random::<u32>(),
        sizes.total()
    );
    sqlx::query("SELECT set_config('application_name', $1, false), pg_advisory_unlock($2)")
        .bind(&application_name)
        .bind(LOCK_KEY)
        .execute(&mut *connection)
        .await?;
    Ok(Ok(Budget {
        sizes,
        application_name,
    }))
}

#[cfg(test)]
mod tests {
    use super::{OUTSIDE_POOLS, PoolSizes};

    const SERVE: PoolSizes = PoolSizes { main: 16, scoped: 8 };
    const WORKER: PoolSizes = PoolSizes { main: 8, scoped: 1 };

    /// Budgets of processes that start one after the other.
    fn shares(mut room: u32, wanted: &[PoolSizes]) -> Vec<u32> {
        let mut shares = Vec::new();
        for each in wanted {
            let Some(sizes) = each.fit_into(room) else {
                break;
            };
            assert!(
                sizes.main <= each.main && sizes.scoped <= each.scoped,
                "{sizes:?}"
            );
            assert!(sizes.main >= 5 && sizes.scoped >= 1, "{sizes:?}");
            shares.push(sizes.main + sizes.scoped + OUTSIDE_POOLS);
            room -= sizes.main + sizes.scoped + OUTSIDE_POOLS;
        }
        shares
    }

    #[test]
    fn where_there_is_plenty_a_process_gets_what_it_wants_and_later_the_half_of_the_rest() {
        // PostgreSQL's default: 100, of which 3 are for superusers and 5 are kept free.
        let mut wanted = vec![SERVE];
        wanted.resize(20, WORKER);
        assert_eq!(shares(92, &wanted), [26, 11, 11, 11, 11, 11, 8]);
        assert_eq!(shares(32, &wanted), [16, 8, 8]);
        assert_eq!(shares(1000, &[SERVE; 4]), [26; 4]);
    }

    #[test]
    fn what_is_configured_is_never_exceeded_and_the_least_is_needed() {
        let tiny = PoolSizes { main: 5, scoped: 1 };
        assert_eq!(tiny.fit_into(8), Some(tiny));
        assert_eq!(tiny.fit_into(7), None);
        assert_eq!(SERVE.fit_into(8), Some(tiny));
        assert_eq!(SERVE.fit_into(52), Some(SERVE));
        for room in 8..200 {
            let sizes = SERVE.fit_into(room).unwrap();
            assert!(
                sizes.main + sizes.scoped + OUTSIDE_POOLS <= room,
                "{room}: {sizes:?}"
            );
        }
    }
}
