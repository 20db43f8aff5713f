//! The trail's seals find what was done to it behind the service's back, and months leave it and come back.

use crate::support::fixture::Fixture;
use crate::support::process::run;
use crate::support::wait::wait_until;
use chrono::Utc;
use sea_orm::ConnectionTrait;
use serde_json::Value;
use std::time::Duration;
use virtual_tagging::db::sql;
use virtual_tagging::domain::audit::partitions::{self, PartitionState};
use virtual_tagging::domain::audit::verify::{PartitionVerification, SealFault, verify};
use virtual_tagging::domain::audit::{Month, seal};

/// Does to the trail what its owner can do if he wants to.
async fn tamper(fixture: &Fixture, statement: &str) {
    let table = this_month().partition();
    let forced = format!(
        "GRANT UPDATE, DELETE ON {table}, tag_audit, tag_audit_seals TO CURRENT_USER;
         ALTER TABLE {table} DISABLE TRIGGER append_only; ALTER TABLE tag_audit DISABLE TRIGGER append_only;
         ALTER TABLE tag_audit_seals DISABLE TRIGGER append_only;
         {statement};
         ALTER TABLE {table} ENABLE TRIGGER append_only; ALTER TABLE tag_audit ENABLE TRIGGER append_only;
         ALTER TABLE tag_audit_seals ENABLE TRIGGER append_only"
    );
    fixture.pool.execute_unprepared(&forced).await.unwrap();
}

fn this_month() -> Month {
    Month::of(Utc::now())
}

async fn verdict(fixture: &Fixture, month: Month, kept: &[Vec<u8>]) -> PartitionVerification {
    let all = partitions::all(&fixture.pool).await.unwrap();
    let partition = all.iter().find(|partition| partition.name == month.partition());
    verify(&fixture.pool, partition.unwrap(), kept).await.unwrap()
}

/// Seals all that was written, at once: other tests' transactions may keep that from being possible for a while.
async fn seal_all(fixture: &Fixture, month: Month) -> PartitionVerification {
    let uncertain = "SELECT 1 FROM tag_audit WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1";
    wait_until(Duration::from_mins(1), "every row to be sealed", async || {
        let uncertain = fixture.pool.query_one_raw(sql::statement(uncertain, [])).await;
        if uncertain.unwrap().is_none() {
            seal::seal(&fixture.pool, None).await.unwrap();
        }
        let verdict = verdict(fixture, month, &[]).await;
        if verdict.unsealed == 0 || verdict.fault.is_some() {
            Ok(verdict)
        } else {
            Err(verdict)
        }
    })
    .await
}

/// A trail with three seals of some rows each; gives a row in the middle.
async fn sealed(fixture: &Fixture) -> i64 {
    let resource = fixture.resource("one").await;
    for key in ["a", "b", "c"] {
        for value in ["1", "2", "3"] {
            fixture.tag(resource, key, value, 0.8).await;
        }
        let verdict = seal_all(fixture, this_month()).await;
        assert_eq!(verdict.fault, None);
    }
    let middle = "SELECT id FROM tag_audit WHERE tag_key = 'b' AND new_value = '2'";
    fixture.number(middle, []).await
}

#[tokio::test]
async fn an_untouched_trail_is_intact_and_its_heads_stay_in_the_chain() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("one").await;
    fixture.tag(resource, "a", "1", 0.8).await;
    let first = seal_all(&fixture, this_month()).await;
    assert_eq!((first.rows, first.seals, first.fault.clone()), (1, 1, None));
    fixture.tag(resource, "b", "1", 0.8).await;
    let second = seal_all(&fixture, this_month()).await;
    assert_eq!((second.rows, second.seals, second.fault), (2, 2, None));
    let kept = [first.head.clone().unwrap()];
    assert_eq!(verdict(&fixture, this_month(), &kept).await.fault, None);
    let foreign = [vec![0; 32]];
    assert_eq!(
        verdict(&fixture, this_month(), &foreign).await.fault,
        Some(SealFault::Head)
    );
    assert!(!seal::is_due(&fixture.pool).await.unwrap());
}

#[tokio::test]
async fn a_row_changed_taken_away_or_put_in_is_found_in_its_place() {
    let fixture = Fixture::new().await;
    let row = sealed(&fixture).await;
    let fault = async || match verdict(&fixture, this_month(), &[]).await.fault {
        Some(SealFault::Rows {
            seal, sealed, found, ..
        }) => (seal, sealed, found),
        other => panic!("{other:?}"),
    };
    tamper(
        &fixture,
        &format!("UPDATE tag_audit SET actor = 'somebody else' WHERE id = {row}"),
    )
    .await;
    assert_eq!(fault().await, (2, 3, 3));
    tamper(
        &fixture,
        &format!("UPDATE tag_audit SET actor = 'system:test' WHERE id = {row}"),
    )
    .await;
    assert_eq!(verdict(&fixture, this_month(), &[]).await.fault, None, "undone");

    tamper(&fixture, &format!("DELETE FROM tag_audit WHERE id = {row}")).await;
    assert_eq!(fault().await, (2, 3, 2));
}

#[tokio::test]
async fn rows_put_between_others_and_seals_taken_away_are_found() {
    let fixture = Fixture::new().await;
    let row = sealed(&fixture).await;
    let columns =
        "\"timestamp\", resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action,
        tag_key, source, confidence, auto_applied, actor";
    let insert = format!(
        "INSERT INTO tag_audit (id, xid, {columns}) SELECT 1000000, xid, {columns} FROM tag_audit WHERE id = {row}"
    );
    tamper(&fixture, &insert).await;
    // Into a transaction in the middle of the second seal.
    let found = verdict(&fixture, this_month(), &[]).await.fault;
    assert!(
        matches!(
            found,
            Some(SealFault::Rows {
                seal: 2,
                sealed: 3,
                found: 4,
                ..
            })
        ),
        "{found:?}"
    );
    tamper(&fixture, "DELETE FROM tag_audit WHERE id = 1000000").await;
    assert_eq!(verdict(&fixture, this_month(), &[]).await.fault, None);
    tamper(&fixture, "DELETE FROM tag_audit_seals WHERE seq = 2").await;
    assert_eq!(
        verdict(&fixture, this_month(), &[]).await.fault,
        Some(SealFault::Seal(2))
    );
}

#[tokio::test]
async fn seals_refuse_to_be_changed() {
    let fixture = Fixture::new().await;
    sealed(&fixture).await;
    for statement in [
        "UPDATE tag_audit_seals SET row_count = 0",
        "DELETE FROM tag_audit_seals",
        "TRUNCATE tag_audit_seals",
    ] {
        let refused = fixture
            .pool
            .execute_unprepared(statement)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("append-only"),
            "{refused}"
        );
    }
}

/// A month that is over, with two rows.
async fn old_month(fixture: &Fixture) -> Month {
    let month = this_month().earlier(14);
    let (table, next) = (month.partition(), this_month().earlier(13));
    let columns = "resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key, source,
        confidence, auto_applied, actor";
    let make = format!(
        "CREATE TABLE {table} PARTITION OF tag_audit FOR VALUES FROM ('{month}-01 00:00+00') TO ('{next}-01 00:00+00');
         INSERT INTO tag_audit (\"timestamp\", {columns}) SELECT '{month}-05 12:00+00', 1, 'arn', 'aws', '1', 't', 1,
             'PROPOSED', 'k', 'NATIVE', 0.9, true, 'test' FROM generate_series(1, 2)"
    );
    fixture.pool.execute_unprepared(&make).await.unwrap();
    month
}

#[tokio::test]
async fn months_leave_the_trail_are_verified_outside_of_it_and_come_back() {
    let fixture = Fixture::new().await;
    let month = old_month(&fixture).await;
    let (url, path) = (fixture.db.url(), std::env::var("PATH").unwrap());
    let settings = [("DATABASE_URL", url.as_str()), ("PATH", path.as_str())];
    let audit = async |arguments: &[&str]| run(&settings, &[&["audit"], arguments].concat()).await;
    seal_all(&fixture, month).await;

    let refused = audit(&[
        "detach",
        "--before",
        &this_month().earlier(0).to_string().replace("20", "21"),
    ])
    .await;
    assert_eq!(refused.code, 1, "a month to come is not over: {}", refused.stdout);
    let next = this_month().earlier(13).to_string();
    let detached = audit(&["detach", "--before", &next]).await;
    assert_eq!(detached.code, 0, "{}", detached.stderr);
    assert!(detached.stdout.contains(&month.to_string()) && detached.stdout.contains("pg_dump"));
    assert_eq!(fixture.count("tag_audit").await, 0);
    assert_eq!(fixture.count(&month.partition()).await, 2);
    let again = audit(&["detach", "--before", &next]).await;
    assert!(again.stdout.contains("nothing"), "{}", again.stdout);

    let verified = audit(&["verify", "--month", &month.to_string(), "--json"]).await;
    let told: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(
        (verified.code, &told["intact"], &told["rows"]),
        (0, &Value::from(true), &Value::from(2)),
        "{told}"
    );
    assert_eq!(told["place"], "detached");

    let attached = audit(&["attach", &month.to_string()]).await;
    assert_eq!(attached.code, 0, "{}", attached.stderr);
    assert_eq!(fixture.count("tag_audit").await, 2);
    let head = format!("{month}={}", told["head"].as_str().unwrap());
    assert_eq!(audit(&["verify", "--expect", &head]).await.code, 0);
    let forged = format!("{month}={}", "0".repeat(64));
    let expected = audit(&["verify", "--expect", &forged]).await;
    assert!(
        expected.code == 1 && expected.stdout.contains("NOT INTACT"),
        "{}",
        expected.stdout
    );
}

#[tokio::test]
async fn a_month_that_was_dropped_is_told_from_one_that_vanished() {
    let fixture = Fixture::new().await;
    let month = old_month(&fixture).await;
    seal_all(&fixture, month).await;
    partitions::detach(&fixture.pool, this_month(), Utc::now())
        .await
        .unwrap();
    let drop = format!("DROP TABLE {}", month.partition());
    fixture.pool.execute_unprepared(&drop).await.unwrap();
    let dropped = verdict(&fixture, month, &[]).await;
    assert_eq!((dropped.state, dropped.fault), (PartitionState::Dropped, None));
    let vanish = "DELETE FROM tag_audit_detached";
    fixture.pool.execute_unprepared(vanish).await.unwrap();
    assert_eq!(verdict(&fixture, month, &[]).await.fault, Some(SealFault::Table));
}
