//! Notifications of transactions: sent with the commit, and only then.

use crate::support::db::TestDb;
use futures::FutureExt;
use sqlx::postgres::PgListener;
use std::time::Duration;
use virtual_tagging::db::{Begin, Notification};

const FIRST: Notification = Notification("test_first");
const LAST: Notification = Notification("test_last");

#[tokio::test]
async fn notifications_follow_the_commit_and_each_comes_once() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let mut listener = PgListener::connect_with(db.get_postgres_connection_pool())
        .await
        .unwrap();
    listener.listen_all([FIRST.0, LAST.0]).await.unwrap();

    let undone = db.begin().await.unwrap();
    undone.on_commit(FIRST);
    undone.rollback().await.unwrap();
    let dropped = db.begin().await.unwrap();
    dropped.on_commit(FIRST);
    drop(dropped);

    let txn = db.begin().await.unwrap();
    let savepoint = txn.begin().await.unwrap();
    savepoint.on_commit(FIRST);
    savepoint.rollback().await.unwrap();
    let savepoint = txn.begin().await.unwrap();
    savepoint.on_commit(LAST);
    savepoint.on_commit(LAST);
    savepoint.commit().await.unwrap();
    txn.on_commit(LAST);
    let early = tokio::time::timeout(Duration::from_millis(100), listener.recv()).await;
    assert!(early.is_err(), "nothing before the commit: {early:?}");
    txn.commit().await.unwrap();
    assert_eq!(listener.recv().await.unwrap().channel(), LAST.0);

    // Commits that follow each other closely share notifications.
    for _ in 0..50 {
        let txn = db.begin().await.unwrap();
        txn.on_commit(FIRST);
        txn.commit().await.unwrap();
    }
    let txn = db.begin().await.unwrap();
    txn.on_commit(LAST);
    txn.commit().await.unwrap();
    let mut firsts = 0;
    while listener.recv().await.unwrap().channel() == FIRST.0 {
        firsts += 1;
    }
    assert!((1..=50).contains(&firsts), "{firsts} notifications of 50 commits");
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_any_longer_is_made_and_its_notification_sent() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let mut listener = PgListener::connect_with(db.get_postgres_connection_pool())
        .await
        .unwrap();
    listener.listen(FIRST.0).await.unwrap();
    for _ in 0..20 {
        let txn = db.begin().await.unwrap();
        txn.on_commit(FIRST);
        let polled_once = txn.commit().now_or_never();
        assert!(
            polled_once.is_none(),
            "a commit that is done when it is polled first"
        );
        let told = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
        assert_eq!(told.expect("a notification").unwrap().channel(), FIRST.0);
    }
}
