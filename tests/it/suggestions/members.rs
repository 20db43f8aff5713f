//! Members: the resources that match a pattern now, page by page.

use super::suggest;
use crate::support::fixture::{Fixture, limited, resource};
use std::collections::BTreeSet;
use tagging::suggestions::{Pattern, PatternTerm};
use virtual_tagging::auth::AccountScope;
use virtual_tagging::db::keyset::{Key, Window};
use virtual_tagging::domain::suggestions::members;

async fn pages(fixture: &Fixture, scope: &AccountScope, id: i64, size: u64) -> Vec<String> {
    let (mut found, mut window) = (Vec::new(), Window::first(size));
    loop {
        let mut pages = members::of_suggestions(&fixture.pool, scope, vec![id], &window)
            .await
            .unwrap();
        let Some(page) = pages.remove(&id) else {
            return found;
        };
        let Some(last) = page.rows.last() else {
            return found;
        };
        window.after = Some(vec![Key::Int(last.id)]);
        found.extend(page.rows.into_iter().map(|resource| resource.name));
        if !page.has_next {
            return found;
        }
    }
}

/// Names of all members, page by page from the end.
async fn pages_backward(fixture: &Fixture, id: i64, size: u64) -> Vec<String> {
    let (mut found, mut window) = (Vec::new(), Window::first(size));
    window.backward = true;
    loop {
        let mut pages = members::of_suggestions(&fixture.pool, &AccountScope::All, vec![id], &window)
            .await
            .unwrap();
        let page = pages.remove(&id).unwrap();
        window.before = page.rows.first().map(|first| vec![Key::Int(first.id)]);
        found.extend(page.rows.into_iter().rev().map(|resource| resource.name));
        if !page.has_previous {
            found.reverse();
            return found;
        }
    }
}

#[tokio::test]
async fn pages_have_each_member_once_whatever_the_pattern_is() {
    let fixture = Fixture::new().await;
    let mut reports = Vec::new();
    for (number, name) in [
        "pay_a%b-x",
        "pay_a%b-y",
        "payXaYb-z",
        "PAY-api",
        "repay",
        "api.pay",
        "apis",
        "",
    ]
    .iter()
    .enumerate()
    {
        let mut report = resource(name);
        report.resource_id = format!("/groups/g_{}/{number}", number % 2);
        report.resource_type = if number < 4 { "queue" } else { "topic" }.into();
        report.account_id = format!("account-{}", number % 3);
        report
            .native_tags
            .insert("Stack".into(), format!("s{}-dev", number % 2));
        reports.push(report);
    }
    let mut retired = resource("pay_a%b-retired");
    retired.account_id = "account-0".into();
    reports.push(retired);
    fixture.report(&reports).await;
    let retire = "UPDATE resources SET retired_at = now() WHERE name = 'pay_a%b-retired' RETURNING id";
    fixture.number(retire, []).await;

    let terms = [
        PatternTerm::NamePrefix {
            prefix: "pay_a%b-".into(),
        },
        PatternTerm::NameToken { token: "pay".into() },
        PatternTerm::IdPrefix {
            prefix: "/groups/g_1/".into(),
        },
        PatternTerm::ResourceType {
            resource_type: "queue".into(),
        },
        PatternTerm::Account {
            account_id: "account-1".into(),
        },
        PatternTerm::NativeTag {
            key: "Stack".into(),
            value: "s1-dev".into(),
        },
        PatternTerm::NativeTagPrefix {
            key: "Stack".into(),
            prefix: "s0-".into(),
        },
    ];
    let subjects: Vec<_> = reports.iter().take(8).collect();
    for term in terms {
        let pattern = Pattern::new([term.clone()]).unwrap();
        let id = suggest(&fixture, &pattern, &[("team", "x")]).await;
        let expected: BTreeSet<&str> = subjects
            .iter()
            .filter(|report| term.contains(&subject(report)))
            .map(|report| report.name.as_str())
            .collect();
        assert!(!expected.is_empty(), "{term:?}");
        for size in [1, 2, 100] {
            let found = pages(&fixture, &AccountScope::All, id, size).await;
            assert_eq!(found.len(), expected.len(), "{term:?}: {found:?}");
            assert_eq!(
                found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
                expected,
                "{term:?}"
            );
            assert_eq!(pages_backward(&fixture, id, size).await, found, "{term:?}");
        }
    }
}

#[tokio::test]
async fn who_is_limited_to_accounts_is_shown_no_others() {
    let fixture = Fixture::new().await;
    let mut other = resource("orders-b");
    other.account_id = "999".into();
    fixture.report(&[resource("orders-a")]).await;
    let id = suggest(&fixture, &super::named("orders-"), &[("team", "x")]).await;
    fixture.report(&[other]).await;
    assert_eq!(
        pages(&fixture, &limited("111122223333").scope, id, 10).await,
        ["orders-a"]
    );
    assert_eq!(pages(&fixture, &AccountScope::All, id, 10).await.len(), 2);
    assert_eq!(
        pages(&fixture, &limited("999").scope, id, 10).await,
        Vec::<String>::new()
    );
}

fn subject(report: &virtual_tagging::domain::discovery::ResourceReport) -> tagging::Subject {
    tagging::Subject {
        resource_id: report.resource_id.clone(),
        name: report.name.clone(),
        cloud: report.cloud.into(),
        account_id: report.account_id.clone(),
        resource_type: report.resource_type.clone(),
        region: report.region.clone(),
        native_tags: report.native_tags.clone(),
        approved: std::collections::BTreeMap::new(),
        applied: std::collections::BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}
