//! Reads use a connection again without giving it back in between, and keep it from nobody.

use crate::support::db::TestDb;
use crate::support::wait::wait_until;
use futures::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use virtual_tagging::db::{Begin, ReadPool, row_security, sql};

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
    let mut sessions = HashSet::new();
    for _ in 0..20 {
        sessions.insert(number(&reads, SESSION).await);
        assert_eq!(idle(&db), before - 1, "it was given back");
    }
    assert_eq!(sessions.len(), 1);
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
    assert!(changes_of_turn > 40, "{changes_of_turn} of {}", turns.len());
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
