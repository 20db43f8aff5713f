//! Tags made by hand, and taking back what they did, on a real database.

use crate::support::decisions::{decide, refusal, undo};
use crate::support::fixture::{Fixture, actor, approver, shipped_vocabulary};
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;
use virtual_tagging::domain::ApprovalStatus::{Approved, Superseded};
use virtual_tagging::domain::approvals::{self, Decision, NewTag};
use virtual_tagging::domain::{TagSource, inventory};
use virtual_tagging::error::ProblemCode;

fn new_tag(resource_id: i64, key: &str, value: &str) -> NewTag {
    NewTag {
        resource_id,
        tag_key: key.into(),
        tag_value: value.into(),
        reason: None,
    }
}

#[tokio::test]
async fn a_tag_made_by_hand_holds_at_once_and_takes_the_place_of_others() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let inferred = fixture.tag(resource, "environment", "test", 0.95).await;
    decide(&fixture, &approver("ann"), Decision::Approve, &[inferred]).await;
    let ann = approver("ann");
    let made = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, "Env", "Prod"),
    )
    .await
    .unwrap();
    assert_eq!((made.approval_status, made.source), (Approved, TagSource::Manual));
    assert_eq!(
        (made.tag_key.as_str(), made.tag_value.as_str()),
        ("environment", "production")
    );
    assert_eq!(fixture.status(inferred).await, Superseded);
    let twice = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, "environment", "production"),
    )
    .await;
    assert_eq!(refusal(twice.unwrap_err()), ProblemCode::Conflict);

    let changed = approvals::update(&fixture.pool, shipped_vocabulary(), &ann, made.id, "stg", None)
        .await
        .unwrap();
    assert_eq!(changed.tag_value, "staging");
    let taken = approvals::update(&fixture.pool, shipped_vocabulary(), &ann, made.id, "test", None).await;
    assert_eq!(refusal(taken.unwrap_err()), ProblemCode::Conflict);
    let of_inferred = approvals::update(&fixture.pool, shipped_vocabulary(), &ann, inferred, "x", None).await;
    assert_eq!(refusal(of_inferred.unwrap_err()), ProblemCode::Conflict);

    approvals::delete(&fixture.pool, &ann, made.id, None)
        .await
        .unwrap();
    assert_eq!(fixture.status(inferred).await, Approved);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_tag_made_by_hand_of_a_value_that_was_denied_revives_it() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let denied = fixture.tag(resource, "environment", "test", 0.95).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied]).await;
    let made = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &approver("bob"),
        new_tag(resource, "environment", "test"),
    )
    .await;
    let made = made.unwrap();
    assert_eq!(
        (made.id, made.approval_status, made.source),
        (denied, Approved, TagSource::Manual)
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_resource_has_so_many_tags_and_no_more() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    fixture.add_tags(resource, 999).await;
    let ann = approver("ann");
    let last = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, "last", "value"),
    )
    .await;
    let more = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, "more", "value"),
    )
    .await;
    assert_eq!(refusal(more.unwrap_err()), ProblemCode::TooMany);
    // A tag that exists can be changed.
    approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, "key1", "value"),
    )
    .await
    .unwrap();
    approvals::update(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        last.unwrap().id,
        "other",
        None,
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn unusable_tags_are_refused() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let ann = approver("ann");
    let long = "x".repeat(1025);
    let wide: String = (0..1000_u32)
        .filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000))
        .collect();
    for (key, value) in [
        ("", "v"),
        ("k", " "),
        ("k", long.as_str()),
        ("k", wide.as_str()),
        ("k\u{0}", "v"),
        ("k", "a\nb"),
    ] {
        let refused = approvals::create(
            &fixture.pool,
            shipped_vocabulary(),
            &ann,
            new_tag(resource, key, value),
        )
        .await;
        assert_eq!(
            refusal(refused.unwrap_err()),
            ProblemCode::Invalid,
            "{key:?} {value:?}"
        );
    }
    let nowhere = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource + 1, "k", "v"),
    )
    .await;
    assert_eq!(refusal(nowhere.unwrap_err()), ProblemCode::NotFound);
    assert_eq!(fixture.count("virtual_tags").await, 0);

    let (key, value): (String, String) = (wide.chars().take(128).collect(), wide.chars().take(600).collect());
    let widest = approvals::create(
        &fixture.pool,
        shipped_vocabulary(),
        &ann,
        new_tag(resource, &key, &value),
    )
    .await;
    assert_eq!(widest.unwrap().tag_value, value);
    let admin = actor("ada", Role::Admin);
    for reason in ["a\u{0}b".to_owned(), "x".repeat(2001)] {
        let refused = inventory::delete(&fixture.pool, &admin, resource, Some(reason)).await;
        assert_eq!(refusal(refused.unwrap_err()), ProblemCode::Invalid);
    }
}

async fn by_hand(fixture: &Fixture, resource: i64, value: &str) -> i64 {
    let new = new_tag(resource, "team", value);
    approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), new)
        .await
        .unwrap()
        .id
}

#[tokio::test]
async fn deleting_a_superseded_tag_restores_nothing() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let (one, two) = (
        by_hand(&fixture, resource, "one").await,
        by_hand(&fixture, resource, "two").await,
    );
    let three = by_hand(&fixture, resource, "three").await;
    let ann = approver("ann");
    approvals::delete(&fixture.pool, &ann, two, None).await.unwrap();
    assert_eq!(
        (fixture.status(one).await, fixture.status(three).await),
        (Superseded, Approved)
    );
    let left = fixture.tags().await;
    assert_eq!(left[0].superseded_by, Some(three), "turned down still");
    approvals::delete(&fixture.pool, &ann, three, None).await.unwrap();
    assert_eq!(
        fixture.status(one).await,
        Superseded,
        "the third had not taken it from the first"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn only_what_the_present_approval_took_is_given_back() {
    let fixture = Fixture::new().await;
    for delete in [false, true] {
        let resource = fixture.resource(&format!("orders-{delete}")).await;
        let (one, two) = (
            by_hand(&fixture, resource, "one").await,
            by_hand(&fixture, resource, "two").await,
        );
        let three = by_hand(&fixture, resource, "three").await;
        assert_eq!(by_hand(&fixture, resource, "two").await, two);
        let ann = approver("ann");
        if delete {
            approvals::delete(&fixture.pool, &ann, two, None).await.unwrap();
        } else {
            let undone = undo(&fixture.pool, &ann, vec![two], None).await.unwrap();
            assert_eq!(undone.decided(), 1);
        }
        assert_eq!(
            (fixture.status(one).await, fixture.status(three).await),
            (Superseded, Approved)
        );
    }
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_superseded_tag_that_was_given_another_value_is_given_back_all_the_same() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let (one, two) = (
        by_hand(&fixture, resource, "one").await,
        by_hand(&fixture, resource, "two").await,
    );
    let ann = approver("ann");
    approvals::update(&fixture.pool, shipped_vocabulary(), &ann, one, "uno", None)
        .await
        .unwrap();
    approvals::delete(&fixture.pool, &ann, two, None).await.unwrap();
    assert_eq!(fixture.status(one).await, Approved);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn nothing_of_a_retired_resource_comes_back_to_the_queue() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let approved = fixture.tag(resource, "team", "one", 0.8).await;
    let pending = fixture.tag(resource, "owner", "two", 0.8).await;
    decide(&fixture, &approver("ann"), Decision::Approve, &[approved]).await;
    let (team, owner) = (by_hand(&fixture, resource, "three").await, {
        let new = new_tag(resource, "owner", "four");
        approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), new)
            .await
            .unwrap()
            .id
    });
    let retire = "UPDATE resources SET retired_at = now()";
    sql::execute(&fixture.pool, retire, []).await.unwrap();
    undo(&fixture.pool, &approver("ann"), vec![team, owner], None)
        .await
        .unwrap();
    assert_eq!(
        (fixture.status(approved).await, fixture.status(pending).await),
        (Approved, Superseded)
    );
    assert_eq!(
        (fixture.status(team).await, fixture.status(owner).await),
        (Superseded, Superseded)
    );
    fixture.assert_trail_leads_to_tags().await;
}
