use super::{RawResource, name_from_id, parse_time, region_from_id};
use crate::domain::Cloud;

fn raw() -> RawResource {
    RawResource {
        cloud: Some(" AWS ".into()),
        account_id: Some("123".into()),
        resource_type: Some("sqs/queue".into()),
        resource_id: Some("arn:aws:sqs:eu-west-2:123:orders".into()),
        ..RawResource::default()
    }
}

#[test]
fn absent_fields_are_derived() {
    let report = raw().finish().unwrap();
    assert_eq!((report.cloud, report.name.as_str()), (Cloud::Aws, "orders"));
    assert_eq!(report.region.as_deref(), Some("eu-west-2"));
    assert_eq!(region_from_id("arn:aws:s3:::bucket"), None);
    assert_eq!(region_from_id("arn:aws:x:eu-west-1"), None);
    assert_eq!(region_from_id("/subscriptions/a:b:c:d:e"), None);
    assert_eq!(name_from_id("a/b/"), "b");
    assert_eq!(name_from_id("://"), "://");
}

#[test]
fn all_faults_are_told_at_once() {
    let mut raw = RawResource {
        cloud: Some("ibm".into()),
        created_at: Some("soon".into()),
        ..RawResource::default()
    };
    raw.add_tags(r#"{"ok": 1, "nested": {"a": 1}}"#);
    let columns: Vec<_> = raw
        .finish()
        .unwrap_err()
        .into_iter()
        .map(|f| f.column.unwrap())
        .collect();
    let expected = [
        "native_tags",
        "cloud",
        "account_id",
        "resource_type",
        "resource_id",
        "created_at",
    ];
    assert_eq!(columns, expected);
}

#[test]
fn tag_values_become_text() {
    let mut raw = raw();
    raw.add_tags(r#"{"n": 7, "b": true, "z": null, "s": " kept "}"#);
    raw.add_tag("n".into(), "7".into());
    let tags = raw.finish().unwrap().native_tags;
    let pairs: Vec<_> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("b", "true"), ("n", "7"), ("s", " kept "), ("z", "")]);
}

#[test]
fn numbers_keep_their_digits() {
    let mut raw = raw();
    for number in ["72225e2", "1.10", "100000000000000000000", "-0", "1E400"] {
        raw.add_tags(&format!("{{\"{number}\": {number}}}"));
    }
    let tags = raw.finish().unwrap().native_tags;
    assert_eq!(tags.len(), 5);
    assert!(tags.iter().all(|(key, value)| key == value), "{tags:?}");
}

#[test]
fn a_tag_given_twice_must_agree() {
    let mut json = raw();
    json.add_tags(r#"{"env": "prod", "env": "dev"}"#);
    assert_eq!(json.finish().unwrap_err()[0].column.as_deref(), Some("tag:env"));
    let mut raw = raw();
    raw.add_tag("env".into(), "prod".into());
    raw.add_tag("env".into(), "dev".into());
    assert_eq!(raw.finish().unwrap_err()[0].column.as_deref(), Some("tag:env"));
}

#[test]
fn tags_of_their_own_fields_edit_the_native_ones() {
    let mut raw = raw();
    raw.add_tags(r#"{"env": "prod", "team": "a"}"#);
    raw.edit_tag("env".into(), "dev".into());
    let report = raw.finish().unwrap();
    assert_eq!(
        (
            report.native_tags["env"].as_str(),
            report.native_tags["team"].as_str()
        ),
        ("dev", "a")
    );
    assert!(!report.unstated.native_tags && report.unstated.name && report.unstated.region);
    let mut azure = RawResource {
        cloud: Some("azure".into()),
        ..self::raw()
    };
    azure.resource_id = Some("/subscriptions/123/x".into());
    azure.add_tags(r#"{"Env": "prod"}"#);
    azure.edit_tag("env".into(), "dev".into());
    assert_eq!(
        azure
            .finish()
            .unwrap()
            .native_tags
            .into_iter()
            .collect::<Vec<_>>(),
        [("env".into(), "dev".into())]
    );
    let mut twice = RawResource {
        cloud: Some("azure".into()),
        resource_id: Some("/subscriptions/123/x".into()),
        ..self::raw()
    };
    twice.add_tags(r#"{"Env": "prod", "env": "dev"}"#);
    assert_eq!(twice.finish().unwrap_err()[0].column.as_deref(), Some("tag:env"));
}

#[test]
fn a_resource_without_a_name_takes_the_one_of_its_tags() {
    for (tags, name) in [
        (r#"{"Name": "web 1", "name": "other"}"#, "web 1"),
        (r#"{"name": " web "}"#, "web"),
        (r#"{"Name": " "}"#, "orders"),
        (r#"{"Hostname": "web"}"#, "orders"),
    ] {
        let mut raw = raw();
        raw.add_tags(tags);
        assert_eq!(raw.finish().unwrap().name, name, "{tags}");
    }
}

#[test]
fn accounts_that_a_spreadsheet_spoiled_are_mended_or_refused() {
    let account = |cloud: &str, account: &str, id: &str| {
        let raw = RawResource {
            cloud: Some(cloud.into()),
            account_id: Some(account.into()),
            resource_type: Some("t".into()),
            resource_id: Some(id.into()),
            ..RawResource::default()
        };
        raw.finish()
            .map(|report| report.account_id)
            .map_err(|faults| faults[0].reason.clone())
    };
    let arn = "arn:aws:sqs:eu-west-1:012345678901:q";
    for spoiled in [
        "12345678901",
        "1.23457E+10",
        "1,23457e+10",
        "0123-4567-8901",
        "012345678901.0",
        "'012345678901",
    ] {
        assert_eq!(
            account("aws", spoiled, arn).as_deref(),
            Ok("012345678901"),
            "{spoiled}"
        );
    }
    for (cloud, spoiled, id) in [
        ("aws", "1.23457E+11", "arn:aws:s3:::bucket"),
        ("aws", "1.23457E+11", arn),
        ("aws", "12345678901", "arn:aws:s3:::bucket"),
        ("gcp", "1.23457E+11", "//storage.googleapis.com/b"),
    ] {
        let refused = account(cloud, spoiled, id).unwrap_err();
        assert!(refused.contains("spreadsheet"), "{spoiled}: {refused}");
    }
    assert!(
        account("aws", "12345678902", arn)
            .unwrap_err()
            .contains("names the account")
    );
    assert_eq!(account("aws", "payments", arn).as_deref(), Ok("payments"));
    assert_eq!(
        account("aws", "1234-5678-9012", "arn:aws:s3:::b").as_deref(),
        Ok("123456789012")
    );
}

#[test]
fn times() {
    let iso = |text: &str| parse_time(text).map(|t| t.to_rfc3339());
    assert_eq!(
        iso("2019-06-06T00:20:10.885-07:00").unwrap(),
        "2019-06-06T07:20:10.885+00:00"
    );
    assert_eq!(
        iso("2021-06-02T20:47:49.227281396Z").unwrap(),
        "2021-06-02T20:47:49.227281+00:00"
    );
    assert_eq!(iso("2024-02-29").unwrap(), "2024-02-29T00:00:00+00:00");
    assert_eq!(iso("2024-02-29 13:05").unwrap(), "2024-02-29T13:05:00+00:00");
    assert_eq!(iso("2023-02-29"), None);
    assert_eq!(iso("1700000000"), None);
}
