use std::collections::{BTreeMap, BTreeSet, HashSet};

use tagging::Vocabulary;

use super::{Demo, DemoResource};
use crate::domain::Cloud;
use crate::domain::discovery::{DiscoveryContext, Provider as _};
use crate::providers::testing::Collected;

#[test]
fn the_same_seed_gives_the_same_company_and_another_gives_another() {
    let first = Demo::new(7).resources();
    assert_eq!(first, Demo::new(7).resources());
    assert_ne!(first, Demo::new(8).resources());
}

#[tokio::test]
async fn every_report_is_the_whole_company_at_any_time() {
    let mut sink = Collected::default();
    for (tick, seconds) in [(1, 1_790_000_000), (2, 1_800_000_000)] {
        let now = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let context = DiscoveryContext { tick, now };
        Demo::default().report(&context, &mut sink).await.unwrap();
    }
    let reported = sink.resources();
    let (first, second) = reported.split_at(reported.len() / 2);
    assert_eq!(first, second);
}

#[test]
fn ids_are_unique_and_valid_in_their_cloud() {
    for seed in 0..5 {
        let resources = Demo::new(seed).resources();
        assert!((4700..=5700).contains(&resources.len()), "{}", resources.len());
        let ids: BTreeSet<_> = resources.iter().map(|each| &each.report.resource_id).collect();
        assert_eq!(ids.len(), resources.len());
        for DemoResource { report, .. } in &resources {
            assert_eq!(report.validate(), Ok(()), "{report:?}");
            let beginning = match report.cloud {
                Cloud::Aws => "arn:aws:",
                Cloud::Gcp => "//",
                Cloud::Azure => "/subscriptions/",
            };
            assert!(report.resource_id.starts_with(beginning), "{report:?}");
            assert!(!report.resource_id.contains(['{', '}']), "{report:?}");
        }
    }
}

#[test]
fn every_account_is_of_one_cloud_and_some_are_hardly_tagged() {
    let resources = Demo::default().resources();
    for cloud in [Cloud::Aws, Cloud::Gcp, Cloud::Azure] {
        let of_cloud = resources.iter().filter(|each| each.report.cloud == cloud);
        let share = of_cloud.count() * 100 / resources.len();
        assert!((15..60).contains(&share), "{cloud:?}: {share} %");
    }
    let mut accounts: BTreeMap<&str, HashSet<Cloud>> = BTreeMap::new();
    let mut shares: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for DemoResource { report, truth, .. } in &resources {
        let account = report.account_id.as_str();
        accounts.entry(account).or_default().insert(report.cloud);
        let (all, stated) = shares.entry(account).or_default();
        *all += truth.len();
        let vocabulary = Vocabulary::default();
        let keys = report.native_tags.keys();
        *stated += keys
            .filter(|key| truth.contains_key(vocabulary.canonical(key, "x").key.as_str()))
            .count();
        let is_of_cloud = match report.cloud {
            Cloud::Aws => account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()),
            Cloud::Gcp => account.starts_with("quillmoor-"),
            Cloud::Azure => account.len() == 36 && account.split('-').count() == 5,
        };
        assert!(is_of_cloud, "{report:?}");
    }
    assert!(accounts.values().all(|clouds| clouds.len() == 1), "{accounts:?}");
    assert!((25..=35).contains(&accounts.len()), "{accounts:?}");
    assert!(
        shares.values().all(|(all, stated)| *all >= 120 && *stated >= 6),
        "{shares:?}"
    );
    let hardly = shares.values().filter(|(all, stated)| stated * 20 < *all).count();
    assert!((8..=12).contains(&hardly), "{shares:?}");
}

#[test]
fn tags_are_partial_in_many_spellings_and_right_except_where_marked() {
    let vocabulary = Vocabulary::default();
    for seed in 0..5 {
        let resources = Demo::new(seed).resources();
        let mut spellings: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        let mut stated: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for each in &resources {
            for (key, value) in &each.report.native_tags {
                let canonical = vocabulary.canonical(key, value);
                let Some(right) = each.truth.get(canonical.key.as_str()) else {
                    continue;
                };
                let is_right = canonical.value == vocabulary.canonical(&canonical.key, right).value;
                assert_ne!(
                    is_right,
                    each.misstated.contains(canonical.key.as_str()),
                    "{each:?}"
                );
                let (all, misstated) = stated.entry(canonical.key.clone()).or_default();
                *all += 1;
                *misstated += usize::from(!is_right);
                let spelling = (key.clone(), value.clone());
                spellings.entry(canonical.key).or_default().insert(spelling);
            }
        }
        assert_eq!(stated.len(), 6, "{stated:?}");
        for (key, (all, misstated)) in &stated {
            assert!((all * 100 / resources.len()) > 20, "{key}: {all}");
            assert!((all * 100 / resources.len()) < 65, "{key}: {all}");
            assert!(misstated * 100 / all <= 20, "{key}: {misstated} of {all}");
        }
        assert!(stated["environment"].1 > 0, "{stated:?}");
        assert!(stated["cost-center"].1 > 0, "{stated:?}");
        assert!(
            spellings["environment"].len() >= 20,
            "{:?}",
            spellings["environment"]
        );
        let mut cost_centers = spellings["cost-center"].iter();
        assert!(cost_centers.any(|(key, _)| key == "CostCentre"));
    }
}

#[test]
fn every_right_value_is_one_of_the_vocabulary() {
    let vocabulary = Vocabulary::default();
    for each in Demo::default().resources() {
        for (key, value) in &each.truth {
            assert!(vocabulary.key(key).is_some(), "{key}");
            assert!(!vocabulary.canonical(key, value).value.is_empty(), "{each:?}");
        }
    }
}

#[test]
#[ignore = "prints what there is, as JSON Lines, for whoever changes it"]
fn show() {
    for DemoResource { report, truth, .. } in Demo::default().resources() {
        let line = serde_json::json!({
            "resource_id": report.resource_id, "resource_type": report.resource_type, "name": report.name,
            "account_id": report.account_id, "native_tags": report.native_tags, "truth": truth,
        });
        println!("{line}");
    }
}
