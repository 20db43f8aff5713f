//! Reads use a connection again without giving it back in between, and keep it from nobody.

use crate::support::db::TestDb;
use crate::support::wait::wait_until;
use futures::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use virtual_tagging::db::{Begin, ReadPool, by_key, row_security, sql};

/// First column of the only row of a statement.
async fn number(db: &impl ConnectionTrait, statement: &str) -> i64 {
    let row = db.query_one_raw(sql::statement(statement, [])).await;
    row.unwrap().expect("a row").try_get_by_index(0).unwrap()
}

const SESSION: &str = "SELECT pg_backend_pid()::bigint";

fn idle(db: &DatabaseConnection) -> usize {
    db.get_postgres_connection_pool().num_idle()
}

#[tokio::test]
async fn reads_one_after_the_other_have_one_connection_which_goes_back_when_they_end() {
    let database = TestDb::create().await;
    let db = database.pools().await.all;
    let reads = ReadPool::all(db.clone());
    wait_until(Duration::from_secs(10), "the pool is idle", async || {
        idle(&db) >= 1
    })
    .await;
    let before = idle(&db);
    // A connection that is not used for a moment is given back: a machine that is busy may take that long.
    wait_until(Duration::from_secs(30), "reads have one connection", async || {
        let mut sessions = HashSet::new();
        for _ in 0..20 {
            sessions.insert(number(&reads, SESSION).await);
            if idle(&db) != before - 1 {
                return false;
            }
        }
        sessions.len() == 1
    })
    .await;
    wait_until(Duration::from_secs(10), "it is given back", async || {
        idle(&db) == before
    })
    .await;
}

#[tokio::test]
async fn a_read_that_is_dropped_or_fails_keeps_no_connection() {
    let database = TestDb::create().await;
    let db = database.pools().await.all;
    let reads = ReadPool::all(db.clone());
    let session = number(&reads, SESSION).await;
    let slow = sql::statement("SELECT pg_sleep(20)", []);
    let dropped = tokio::time::timeout(Duration::from_millis(100), reads.query_all_raw(slow));
    assert!(dropped.await.is_err());
    let started = Instant::now();
    assert_ne!(number(&reads, SESSION).await, session, "it still sleeps");
    assert!(started.elapsed() < Duration::from_secs(10));

    let wrong = reads.query_all_raw(sql::statement("SELECT 1 / (random() * 0)::integer", []));
    assert!(wrong.await.is_err());
    assert_eq!(number(&reads, "SELECT 7::bigint").await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_get_their_turn_while_reads_take_all_connections() {
    let database = TestDb::create().await;
    let db = database.pools().await.all;
    let reads = ReadPool::all(db.clone());
    let until = Instant::now() + Duration::from_secs(3);
    let readers = (0..64).map(|_| {
        let reads = reads.clone();
        tokio::spawn(async move {
            let mut count = 0;
            while Instant::now() < until {
                number(&reads, SESSION).await;
                count += 1;
            }
            count
        })
    });
    let readers: Vec<_> = readers.collect();
    let mut changes = 0;
    while Instant::now() < until {
        db.begin().await.unwrap().commit().await.unwrap();
        changes += 1;
    }
    for read in join_all(readers).await {
        assert!(read.unwrap() > 0, "a reader never had its turn");
    }
    assert!(changes > 3, "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_waits_for_the_pool_gets_what_another_read_no_longer_needs() {
    let database = TestDb::create().await;
    let db = database.pools().await.all;
    let reads = ReadPool::all(db.clone());
    // Changes have all connections but one.
    let most = db.get_postgres_connection_pool().options().get_max_connections();
    let changes = join_all((1..most).map(|_| db.begin())).await;
    assert!(changes.iter().all(Result::is_ok));
    // A lease ends eight times in two seconds; a machine that is busy gives few turns.
    wait_until(Duration::from_mins(1), "readers take turns", async || {
        let turns = Arc::new(Mutex::new(Vec::new()));
        let until = Instant::now() + Duration::from_secs(2);
        let readers = (0..2).map(|reader| {
            let (reads, turns) = (reads.clone(), Arc::clone(&turns));
            tokio::spawn(async move {
                while Instant::now() < until {
                    number(&reads, SESSION).await;
                    turns.lock().unwrap().push(reader);
                }
            })
        });
        for reader in join_all(readers).await {
            reader.unwrap();
        }
        let turns = turns.lock().unwrap();
        let changes_of_turn = turns.windows(2).filter(|two| two[0] != two[1]).count();
        if changes_of_turn > 40 {
            Ok(())
        } else {
            Err((changes_of_turn, turns.len()))
        }
    })
    .await;
}

/// Settings that tell how a connection plans.
const PLANS: &str =
    "SELECT concat_ws(' ', current_setting('plan_cache_mode'), current_setting('enable_seqscan'))";

async fn text(db: &impl ConnectionTrait, statement: Statement) -> String {
    let row = db.query_one_raw(statement).await;
    row.unwrap().expect("a row").try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn lookups_by_key_are_planned_once_and_other_statements_for_their_values() {
    let database = TestDb::create().await;
    let pools = database.pools().await;
    let accounts = vec!["1".to_owned()];
    let scoped =
        row_security::with_account_scope(Some(accounts), Box::pin(plan_both(pools.scoped.clone(), true)));
    scoped.await;
    plan_both(pools.all.clone(), false).await;
}

async fn plan_both(db: DatabaseConnection, is_scoped: bool) {
    let reads = if is_scoped {
        ReadPool::scoped(db.clone())
    } else {
        ReadPool::all(db.clone())
    };
    let with_value = |sql: &str| sql::statement(&format!("{sql} WHERE $1 > 0"), [1i64.into()]);
    for _ in 0..3 {
        assert_eq!(
            text(&reads, by_key(with_value(PLANS))).await,
            "force_generic_plan off"
        );
        assert_eq!(text(&reads, with_value(PLANS)).await, "force_custom_plan on");
    }
    // A lookup that is dropped leaves its settings to nobody, nor does one that has finished.
    let slow = by_key(sql::statement("SELECT pg_sleep(20)", []));
    let dropped = tokio::time::timeout(Duration::from_millis(100), reads.query_all_raw(slow));
    assert!(dropped.await.is_err());
    text(&reads, by_key(with_value(PLANS))).await;
    wait_until(Duration::from_secs(10), "all are given back", async || {
        let pool = db.get_postgres_connection_pool();
        pool.num_idle() == pool.size() as usize
    })
    .await;
    let held = join_all((0..db.get_postgres_connection_pool().size()).map(|_| db.begin())).await;
    for transaction in held {
        let transaction = transaction.unwrap();
        let settings = text(&transaction, sql::statement(PLANS, [])).await;
        assert_eq!(settings, "force_custom_plan on");
    }
}

#[tokio::test]
async fn a_connection_of_one_caller_is_not_used_for_another() {
    let database = TestDb::create().await;
    let reads = ReadPool::scoped(database.pools().await.scoped);
    let accounts = "SELECT current_setting('virtual_tagging.accounts') AS accounts";
    for round in 0..5 {
        for account in ["111", "222"] {
            for _ in 0..2 {
                let read = Box::pin(reads.query_one_raw(sql::statement(accounts, [])));
                let row = row_security::with_account_scope(Some(vec![account.to_owned()]), read).await;
                let shown: String = row.unwrap().expect("a row").try_get_by_index(0).unwrap();
                assert_eq!(shown, format!("{{{account}}}"), "{round}");
            }
        }
    }
    let unmarked = reads.query_one_raw(sql::statement(accounts, [])).await;
    let shown: String = unmarked.unwrap().expect("a row").try_get_by_index(0).unwrap();
    assert_eq!(shown, "{}");
}
