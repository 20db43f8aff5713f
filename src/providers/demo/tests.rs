use std::collections::{BTreeMap, BTreeSet};

use tagging::Vocabulary;

use super::{Demo, DemoResource};
use crate::domain::Cloud;
use crate::domain::discovery::{DiscoveryContext, Provider as _};
use crate::providers::testing::Collected;

fn count(resources: &[DemoResource], is: impl Fn(&DemoResource) -> bool) -> usize {
    resources.iter().filter(|resource| is(resource)).count()
}

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
        assert!((4500..=5500).contains(&resources.len()), "{}", resources.len());
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
fn the_company_has_accounts_of_three_clouds_some_without_any_tag() {
    let resources = Demo::default().resources();
    for cloud in [Cloud::Aws, Cloud::Gcp, Cloud::Azure] {
        let share = count(&resources, |each| each.report.cloud == cloud) * 100 / resources.len();
        assert!((15..60).contains(&share), "{cloud:?}: {share} %");
    }
    let mut accounts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for each in &resources {
        let (all, tagged) = accounts.entry(&each.report.account_id).or_default();
        *all += 1;
        *tagged += usize::from(
            each.report
                .native_tags
                .keys()
                .any(|key| key != "Name" && key != "CreatedBy"),
        );
    }
    assert_eq!(accounts.len(), 25);
    assert!(accounts.values().all(|(all, _)| *all >= 20), "{accounts:?}");
    let bare = accounts.values().filter(|(_, tagged)| *tagged == 0).count();
    assert!((2..=6).contains(&bare), "{accounts:?}");
}

#[test]
fn tags_are_partial_in_many_spellings_and_mostly_right() {
    let (resources, vocabulary) = (Demo::default().resources(), Vocabulary::default());
    let mut spellings: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut stated: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for DemoResource { report, truth } in &resources {
        for (key, value) in &report.native_tags {
            let canonical = vocabulary.canonical(key, value);
            if let Some(right) = truth.get(canonical.key.as_str()) {
                let (all, agreeing) = stated.entry(canonical.key.clone()).or_default();
                *all += 1;
                *agreeing +=
                    usize::from(canonical.value == vocabulary.canonical(&canonical.key, right).value);
                spellings
                    .entry(canonical.key)
                    .or_default()
                    .insert((key.clone(), value.clone()));
            }
        }
    }
    assert_eq!(stated.len(), 6, "{stated:?}");
    for (key, (all, agreeing)) in &stated {
        assert!((all * 100 / resources.len()) > 20, "{key}: {all}");
        assert!((all * 100 / resources.len()) < 65, "{key}: {all}");
        let right = agreeing * 100 / all;
        assert!((70..=100).contains(&right), "{key}: {agreeing} of {all}");
    }
    let (all, agreeing) = stated["environment"];
    assert!(agreeing < all, "some contradict");
    assert!(
        spellings["environment"].len() >= 25,
        "{:?}",
        spellings["environment"]
    );
    assert!(
        spellings["cost-center"]
            .iter()
            .any(|(key, _)| key == "CostCentre")
    );
}

#[test]
#[ignore = "prints what there is, for whoever changes it"]
fn show() {
    let resources = Demo::default().resources();
    println!("{} resources", resources.len());
    let mut accounts: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for each in &resources {
        let account = (
            each.truth["business-unit"].as_str(),
            each.report.account_id.as_str(),
        );
        let (all, tagged) = accounts.entry(account).or_default();
        *all += 1;
        *tagged += usize::from(!each.report.native_tags.is_empty());
    }
    println!("{accounts:#?}");
    for each in resources.iter().step_by(61) {
        println!(
            "{} {} {:?}",
            each.report.resource_type, each.report.name, each.report.native_tags
        );
    }
}
