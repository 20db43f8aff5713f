//! Metrics that Prometheus scrapes: their format, their conventions, their documentation, and their truth.

use crate::support::db::TestDb;
use crate::support::process::Serving;
use crate::support::service::client;
use crate::support::wait::wait_until;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use virtual_tagging::telemetry::names;

/// A metric of a page.
#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    /// Names, labels and values as they stand there.
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

type Page = BTreeMap<String, Family>;

/// `name{label="value",...} value`; the values have no quotes and no commas.
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').expect("closed");
    let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once('=').unwrap();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        (name.to_owned(), value.expect("quoted").to_owned())
    });
    (name.to_owned(), labels.collect(), value.parse().unwrap())
}

/// Reads a page as strictly as promtool: HELP and TYPE come once, before their samples, which stand together.
fn parse(text: &str) -> Page {
    let mut page = Page::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            name.clone_into(&mut current);
            let family = page.entry(current.clone()).or_default();
            assert!(family.help.is_empty() && family.samples.is_empty(), "{line}");
            help.clone_into(&mut family.help);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, current, "HELP is before TYPE");
            let family = page.get_mut(name).unwrap();
            assert!(family.kind.is_empty(), "{line}");
            kind.clone_into(&mut family.kind);
        } else {
            let sample = sample(line);
            let family = page.get_mut(&current).unwrap();
            let suffixes: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                "counter" | "gauge" => &[""],
                other => panic!("{current} is of type {other:?}"),
            };
            let fits = suffixes
                .iter()
                .any(|suffix| sample.0 == format!("{current}{suffix}"));
            assert!(fits, "{line} below {current}");
            family.samples.push(sample);
        }
    }
    page
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The rules of <https://prometheus.io/docs/practices/naming> as far as a machine can tell.
fn check(page: &Page) {
    for (name, family) in page {
        assert!(is_name(name), "{name}");
        assert!(
            name.starts_with("virtual_tagging_") || name.starts_with("process_"),
            "{name} has another prefix"
        );
        assert!(!family.help.is_empty() && !family.samples.is_empty(), "{name}");
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
        for unit in [
            "_ms",
            "_milliseconds",
            "_minutes",
            "_hours",
            "_kb",
            "_mb",
            "_percent",
        ] {
            assert!(!name.contains(unit), "{name} has no base unit");
        }
        assert_eq!(
            name.ends_with("_seconds") && !name.ends_with("_timestamp_seconds"),
            name.contains("duration")
                || name.contains("_age_")
                || name.contains("_wait_")
                || name.contains("_lag_")
                || name.ends_with("start_time_seconds"),
            "{name}"
        );
        let mut seen = BTreeSet::new();
        for (sample, labels, value) in &family.samples {
            assert!(seen.insert((sample, labels)), "{sample} {labels:?} twice");
            for label in labels.keys() {
                assert!(is_name(label), "{name}: {label}");
                assert!(
                    !["job", "instance", "quantile"].contains(&label.as_str()),
                    "{name}: {label}"
                );
                assert!(label != "le" || sample.ends_with("_bucket"), "{name}: {label}");
            }
            assert!(value.is_finite() || labels.contains_key("le"), "{name}: {value}");
        }
        assert!(
            family.samples.len() < 400,
            "{name} has {} series",
            family.samples.len()
        );
        if family.kind == "histogram" {
            let last = family
                .samples
                .iter()
                .any(|(_, labels, _)| labels.get("le").is_some_and(|le| le == "+Inf"));
            assert!(last, "{name} has no last bucket");
        }
    }
}

async fn scrape(url: &str) -> Page {
    let answer = client().get(format!("{url}/metrics")).send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    parse(&answer.text().await.unwrap())
}

/// The page as soon as it meets the condition.
async fn until(url: &str, condition: impl Fn(&Page) -> bool) -> Page {
    wait_until(Duration::from_mins(1), "a state of the metrics", async || {
        let page = scrape(url).await;
        if condition(&page) { Ok(page) } else { Err(page) }
    })
    .await
}

fn value(page: &Page, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
    let samples = page.get(name)?.samples.iter();
    let mut found = samples.filter(|(_, labels, _)| {
        label.is_none_or(|(label, value)| labels.get(label).is_some_and(|found| found == value))
    });
    found.next().map(|(_, _, value)| *value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_scraped_by_the_conventions_and_tells_what_is_so() {
    let database = TestDb::create().await;
    let url = database.url();
    let serving = Serving::start(&[("DATABASE_URL", &url), ("DISCOVERY_INTERVAL", "* * * * * *")]).await;
    let page = until(&serving.url, |page| {
        value(page, names::PENDING_TAGS, None) > Some(0.0)
            && value(page, names::DUE_RESOURCES, None) == Some(0.0)
            && value(page, names::RUN_SECONDS, Some(("job_name", "auto_tag"))).is_some()
            && value(page, names::DISCOVERY_SUCCESS, Some(("source", "simulated"))) > Some(0.0)
    })
    .await;
    check(&page);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_secs_f64();
    for moment in [
        names::DISCOVERY_SUCCESS,
        names::CLUSTER_STATS_TAKEN,
        names::FEED_READ,
        "process_start_time_seconds",
    ] {
        let at = value(&page, moment, None).expect(moment);
        assert!((now - at).abs() < 120.0, "{moment}: {at}, now {now}");
    }
    assert_eq!(
        value(
            &page,
            names::BUILD_INFO,
            Some(("version", env!("CARGO_PKG_VERSION")))
        ),
        Some(1.0)
    );
    assert_eq!(value(&page, names::DATABASE_UP, None), Some(1.0));
    assert!(value(&page, "process_resident_memory_bytes", None) > Some(1e6));
    assert!(value(&page, "process_open_fds", None) > Some(3.0));
    for histogram in [
        names::STATEMENT_SECONDS,
        names::POOL_WAIT_SECONDS,
        names::RUN_SECONDS,
    ] {
        let count = format!("{histogram}_count");
        let counted = page[histogram].samples.iter().find(|(name, _, _)| *name == count);
        assert!(counted.unwrap().2 > 0.0, "{histogram}");
    }
    // The others appear once they were recorded; all of them are known.
    let known: BTreeSet<&str> = names::ALL
        .iter()
        .copied()
        .chain(names::PROCESS.iter().map(|each| each.0))
        .collect();
    let scraped: BTreeSet<&str> = page.keys().map(String::as_str).collect();
    assert!(
        scraped.is_subset(&known),
        "{:?}",
        scraped.difference(&known).collect::<Vec<_>>()
    );
    serving.end("-TERM").await;
}

#[test]
fn every_metric_is_in_the_documentation() {
    let text = include_str!("../../../docs/operations.md");
    let documented: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.starts_with("virtual_tagging_") || name.starts_with("process_"))
        .collect();
    let known: BTreeSet<&str> = names::ALL
        .iter()
        .copied()
        .chain(names::PROCESS.iter().map(|each| each.0))
        .collect();
    assert_eq!(documented, known);
}
