//! Transactions whose callers are dropped.

use crate::support::db::TestDb;
use futures::FutureExt;
use virtual_tagging::db::{Begin, sql};

#[tokio::test]
async fn a_transaction_is_rolled_back_when_its_caller_is_dropped_during_the_end_of_a_savepoint() {
    let database = TestDb::create().await;
    let db = database.connect().await;
    sql::execute(&db, "CREATE TABLE noted (number integer)", [])
        .await
        .unwrap();
    let insert = "INSERT INTO noted VALUES (1)";
    for _ in 0..20 {
        let outer = db.begin().await.unwrap();
        let savepoint = outer.begin().await.unwrap();
        sql::execute(&savepoint, insert, []).await.unwrap();
        let mut released = Box::pin(savepoint.commit());
        // On a machine that is busy PostgreSQL may have answered already.
        let _ = released.as_mut().now_or_never();
        // Whatever the commit has begun on a task of its own.
        tokio::task::yield_now().await;
        drop(released);
        drop(outer);
    }
    // No connection is left within a transaction: the row is there for all.
    sql::execute(&db, insert, []).await.unwrap();
    let others = database.connect().await;
    assert_eq!(sql::execute(&others, "DELETE FROM noted", []).await.unwrap(), 1);
}
