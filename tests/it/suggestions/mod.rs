//! Suggestions on a real database: mined, listed, accepted, dismissed and revoked, and what becomes of their tags.

mod accept;
mod members;
mod mining;
mod properties;
mod retraining;
mod revoke;

use crate::support::fixture::{Fixture, settings};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;
use tagging::suggestions::{Pattern, PatternTerm};
use virtual_tagging::auth::Actor;
use virtual_tagging::db::sql;
use virtual_tagging::domain::suggestions::{self, Accepted, SuggestionAcceptance, TagChoice};
use virtual_tagging::entities::virtual_tag::{self, Model as Tag};
use virtual_tagging::error::Result;

fn named(prefix: &str) -> Pattern {
    let prefix = prefix.to_owned();
    Pattern::new([PatternTerm::NamePrefix { prefix }]).unwrap()
}

/// An open suggestion, as if it had been mined.
async fn suggest(fixture: &Fixture, pattern: &Pattern, tags: &[(&str, &str)]) -> i64 {
    let offers: Vec<_> = tags
        .iter()
        .map(|(key, value)| {
            json!({"key": key, "value": value, "agreeing": 5, "contradicting": 0, "open": 5,
                "precision_lower_bound": 0.6, "conflicts": []})
        })
        .collect();
    let keys: Vec<String> = tags.iter().map(|(key, _)| (*key).to_owned()).collect();
    let insert = "INSERT INTO rule_suggestions (pattern_key, pattern, condition, description, accounts, resource_count,
            gain, tags, tag_keys, signature, samples)
         SELECT $3, $1, $2, $3, coalesce((SELECT array_agg(DISTINCT account_id) FROM resources WHERE starts_with(name, $6)), '{}'),
            10, 10, $4, $5, 'signed', '{}' RETURNING id";
    let prefix = match pattern.terms() {
        [PatternTerm::NamePrefix { prefix }] => prefix.clone(),
        _ => String::new(),
    };
    let binds = [
        serde_json::to_value(pattern).unwrap().into(),
        pattern.condition().into(),
        pattern.to_string().into(),
        serde_json::Value::from(offers).into(),
        keys.into(),
        prefix.into(),
    ];
    fixture.number(insert, binds).await
}

async fn accept(
    fixture: &Fixture,
    actor: &Actor,
    id: i64,
    tags: Option<&[(&str, &str)]>,
) -> Result<Accepted> {
    let choice = |(key, value): &(&str, &str)| TagChoice {
        key: (*key).into(),
        value: (*value).into(),
    };
    let input = SuggestionAcceptance {
        id,
        tags: tags.map(|tags| tags.iter().map(choice).collect()),
        signature: None,
        reason: Some("they are theirs".into()),
    };
    suggestions::accept(&fixture.pool, actor, &settings().vocabulary, input).await
}

/// The tags of a resource with this key, oldest first.
async fn tags_of(fixture: &Fixture, resource: i64, key: &str) -> Vec<Tag> {
    let tags = virtual_tag::Entity::find().order_by_asc(virtual_tag::Column::Id);
    let mut tags = tags.all(&fixture.pool).await.unwrap();
    tags.retain(|tag| tag.resource_id == resource && tag.tag_key == key);
    tags
}

async fn tag_of(fixture: &Fixture, resource: i64, key: &str) -> Tag {
    let mut tags = tags_of(fixture, resource, key).await;
    assert_eq!(tags.len(), 1, "{tags:?}");
    tags.remove(0)
}

async fn make_all_due(fixture: &Fixture) {
    let due = "UPDATE evaluations SET revision = 0";
    sql::execute(&fixture.pool, due, []).await.unwrap();
}

async fn evaluate_all_again(fixture: &Fixture) {
    make_all_due(fixture).await;
    fixture.auto_tag().await;
}
