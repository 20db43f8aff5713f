//! Imports of bills: sums, the join with resources, replacement, refused rows, uploads.

use super::bills::{BUCKET, FOCUS_HEADER, INSTANCE, Row, focus, import, import_with, lines, report, texts};
use crate::support::fixture::Fixture;
use crate::support::process::program;
use crate::support::service::Service;
use crate::support::uploads::import_with as upload;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use virtual_tagging::domain::{Cloud, cost};

/// A bill with what bills have: several rows of a resource, ids in every form, charges of nothing, credits, two months and two
/// currencies.
fn bill() -> String {
    focus(&[
        Row {
            cost: "0.10",
            resource: INSTANCE,
            ..Row::default()
        },
        Row {
            cost: "0.20000000001",
            resource: INSTANCE,
            day: "2024-09-30T23:00:00Z",
            ..Row::default()
        },
        Row {
            cost: "4.6296296296296296E-06",
            resource: "i-0aa1",
            ..Row::default()
        },
        Row {
            cost: "2",
            resource: "acme-raw",
            region: "us-east-1",
            ..Row::default()
        },
        Row {
            cost: "0.7",
            resource: "vol-unknown",
            ..Row::default()
        },
        Row {
            cost: "-3.00",
            ..Row::default()
        },
        Row {
            cost: "5",
            day: "2024-10-01 00:00:00",
            ..Row::default()
        },
        Row {
            cost: "1.25",
            currency: "EUR",
            resource: INSTANCE,
            ..Row::default()
        },
    ])
}

async fn with_resources() -> Fixture {
    let fixture = Fixture::new().await;
    let account = "111122223333";
    fixture
        .report(&[
            report(INSTANCE, account, Some("eu-west-1")),
            report(BUCKET, account, None),
        ])
        .await;
    fixture
}

/// Cents of the file, of resources and of what is unallocated, by currency.
async fn sums(fixture: &Fixture) -> Vec<String> {
    let sums = "SELECT concat_ws(' ', currency, trim_scale(sum(amount)),
            trim_scale(coalesce(sum(amount) FILTER (WHERE resource_id IS NOT NULL), 0)),
            trim_scale(coalesce(sum(amount) FILTER (WHERE resource_id IS NULL), 0)))
       FROM cost_lines GROUP BY currency ORDER BY currency";
    texts(fixture, sums).await
}

#[tokio::test]
async fn a_bill_is_the_sum_of_its_resources_and_of_what_is_unallocated() {
    let fixture = with_resources().await;
    let done = import(&fixture, bill()).await;
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_eq!(
        done.stdout,
        "AWS 1234567890123 2024-09: 1.25 EUR, of which 1.25 of 1 resources and 0 unallocated\n\
         AWS 1234567890123 2024-09: 5.0000046296396296296296 USD, of which 2.3000046296396296296296 of 2 resources and 2.7 \
         unallocated\nrows 8, rejected 0\n"
    );
    assert_eq!(
        sums(&fixture).await,
        [
            "EUR 1.25 1.25 0",
            "USD 5.0000046296396296296296 2.3000046296396296296296 2.7",
        ]
    );
    let by_account = texts(
        &fixture,
        "SELECT concat_ws(' ', month, currency, trim_scale(amount)) FROM cost_totals ORDER BY 1",
    )
    .await;
    assert_eq!(
        by_account,
        [
            "2024-09-01 EUR 1.25",
            "2024-09-01 USD 0.0000046296396296296296",
            "2024-10-01 USD 5"
        ]
    );
    assert_eq!(
        fixture.count("cost_staged_rows").await + fixture.count("cost_imports").await,
        0
    );
}

#[tokio::test]
async fn importing_again_changes_nothing_and_a_bill_replaces_its_earlier_one_alone() {
    let fixture = with_resources().await;
    import(&fixture, bill()).await;
    let other = focus(&[Row::default()]).replace("1234567890123", "999");
    import(&fixture, &other).await;
    let before = lines(&fixture).await;
    for _ in 0..2 {
        assert_eq!(import(&fixture, bill()).await.code, 0);
        assert_eq!(lines(&fixture).await, before);
    }
    // In two parts, packed, and with lines in another order.
    let (header, rows) = bill()
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let mut rows: Vec<&str> = rows.lines().rev().collect();
    let second = rows.split_off(3);
    let part = |rows: &[&str]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        write!(gzip, "{header}\r\n{}\r\n", rows.join("\r\n")).unwrap();
        gzip.finish().unwrap()
    };
    let parts = [part(&rows), part(&second)];
    let done = import_with(&fixture, &[&parts[0], &parts[1]], &[]).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(lines(&fixture).await, before);

    let corrected = focus(&[Row {
        cost: "7",
        ..Row::default()
    }]);
    import(&fixture, &corrected).await;
    assert_eq!(
        lines(&fixture).await,
        [
            "AWS|1234567890123|2024-09-01|2024-09-01|USD|111122223333|-|-|7|1",
            "AWS|999|2024-09-01|2024-09-01|USD|111122223333|-|-|1|1",
        ]
    );
}

#[tokio::test]
async fn bad_rows_are_named_by_their_lines_and_a_file_that_cannot_be_read_changes_nothing() {
    let fixture = with_resources().await;
    import(&fixture, bill()).await;
    let before = lines(&fixture).await;
    let mut cut = GzEncoder::new(Vec::new(), Compression::fast());
    cut.write_all(focus(&[Row::default()]).as_bytes()).unwrap();
    let mut cut = cut.finish().unwrap();
    cut.truncate(cut.len() - 9);
    for (content, words) in [
        (cut, "broke off"),
        (b"resource_id,name\na,b\n".to_vec(), "EffectiveCost"),
        (format!("{FOCUS_HEADER}\n").into_bytes(), "no row"),
        (
            focus(&[Row {
                cost: "free",
                ..Row::default()
            }])
            .into_bytes(),
            "no row",
        ),
    ] {
        let ended = import(&fixture, content).await;
        assert_eq!(ended.code, 1, "{words}");
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        assert_eq!(lines(&fixture).await, before);
    }
    assert_eq!(
        fixture.count("cost_staged_rows").await + fixture.count("cost_imports").await,
        0
    );
    let rows = [
        Row::default(),
        Row {
            cost: "1,000.5x",
            ..Row::default()
        },
        Row {
            day: "18.9.2024",
            ..Row::default()
        },
        Row::default(),
    ];
    let done = import_with(&fixture, &[focus(&rows).as_bytes()], &["--strict"]).await;
    assert_eq!(done.code, 2);
    for words in [
        "line 3",
        "line 4, ChargePeriodStart",
        "line 5 is the same",
        "both count",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    assert!(
        done.stdout.contains("2 USD") && done.stdout.ends_with("rows 4, rejected 2\n"),
        "{}",
        done.stdout
    );
}

#[tokio::test]
async fn ids_join_within_their_account_and_only_one_resource() {
    let fixture = Fixture::new().await;
    let (mine, other) = ("111122223333", "444455556666");
    fixture
        .report(&[
            report("payments", mine, Some("eu-west-1")),
            report(
                "arn:aws:sqs:eu-west-1:444455556666:orders",
                other,
                Some("eu-west-1"),
            ),
            report(
                "arn:aws:rds:eu-west-1:444455556666:db:orders",
                other,
                Some("eu-west-1"),
            ),
            report(
                "arn:aws:ec2:eu-west-1:444455556666:volume/vol-1",
                other,
                Some("eu-west-1"),
            ),
            report(
                "arn:aws:ec2:us-east-1:444455556666:volume/vol-2",
                other,
                Some("us-east-1"),
            ),
        ])
        .await;
    let row = |account, resource| Row {
        account,
        resource,
        ..Row::default()
    };
    let rows = [
        row(mine, "payments"),
        row(other, "payments"),
        row(other, "orders"),
        row(other, "vol-1"),
        row(mine, "vol-1"),
        row(other, "vol-2"),
        row(mine, "arn:aws:sqs:eu-west-1:444455556666:orders"),
        row(mine, "arn:aws:sns:eu-west-1:111122223333:payments"),
    ];
    import(&fixture, focus(&rows)).await;
    let joined = texts(
        &fixture,
        "SELECT l.account_id || ' ' || billed_id || ' ' || r.resource_id FROM cost_lines l
        JOIN resources r ON r.id = l.resource_id ORDER BY 1",
    )
    .await;
    assert_eq!(
        joined,
        [
            // The end of an ARN of the account is the bare id of a resource.
            "111122223333 arn:aws:sns:eu-west-1:111122223333:payments payments",
            "111122223333 arn:aws:sqs:eu-west-1:444455556666:orders arn:aws:sqs:eu-west-1:444455556666:orders",
            "111122223333 payments payments",
            "444455556666 vol-1 arn:aws:ec2:eu-west-1:444455556666:volume/vol-1",
        ]
    );
}

#[tokio::test]
async fn ids_of_azure_have_no_case() {
    let fixture = Fixture::new().await;
    let account = "3f2a9c1e-0000-4000-8000-000000000001";
    let id = format!("/subscriptions/{account}/resourceGroups/Web/providers/Microsoft.Web/sites/Shop");
    let mut site = report(&id, account, Some("westeurope"));
    (site.cloud, site.resource_type) = (Cloud::Azure, "microsoft.web/sites".to_owned());
    fixture.report(&[site]).await;
    for written in [id.clone(), id.to_lowercase(), id.to_uppercase()] {
        let rows = [Row {
            account,
            resource: &written,
            ..Row::default()
        }];
        let done = import(&fixture, focus(&rows)).await;
        assert!(
            done.stdout.contains("of which 1 of 1 resources"),
            "{}",
            done.stdout
        );
    }
}

#[tokio::test]
async fn cost_is_joined_with_resources_that_come_later_and_released_by_those_that_go() {
    let fixture = Fixture::new().await;
    import(&fixture, bill()).await;
    assert_eq!(fixture.count("cost_lines WHERE resource_id IS NOT NULL").await, 0);
    fixture
        .report(&[report(INSTANCE, "111122223333", Some("eu-west-1"))])
        .await;
    assert_eq!(cost::match_unallocated(&fixture.pool).await.unwrap(), 3);
    assert_eq!(sums(&fixture).await[0], "EUR 1.25 1.25 0");
    assert_eq!(cost::match_unallocated(&fixture.pool).await.unwrap(), 0);
    let gone = virtual_tagging::db::sql::execute(&fixture.pool, "DELETE FROM resources", []).await;
    assert_eq!(gone.unwrap(), 1);
    assert_eq!(sums(&fixture).await[0], "EUR 1.25 0 1.25");
}

#[tokio::test]
async fn a_cost_and_usage_report_is_a_bill_too() {
    let fixture = with_resources().await;
    let header = "identity_line_item_id,bill_payer_account_id,bill_billing_period_start_date,line_item_usage_account_id,\
        line_item_usage_start_date,line_item_currency_code,line_item_unblended_cost,line_item_product_code,\
        line_item_resource_id,product_region_code,resource_tags";
    let row = "a1,999,2024-09-01T00:00:00.000Z,111122223333,2024-09-03T01:00:00.000Z,USD,0.5,AmazonEC2,i-0aa1,eu-west-1,\
        \"{\"\"user_team\"\":\"\"a, b\"\"}\"";
    let done = import(
        &fixture,
        format!(
            "{header}\n{row}\n{}\n{row}\n",
            row.replace("a1,", "a2,").replace("0aa2,", "0aa1,")
        ),
    )
    .await;
    assert!(
        done.stderr.contains("line 4, identity_line_item_id"),
        "{}",
        done.stderr
    );
    assert_eq!(
        done.stdout,
        "AWS 999 2024-09: 1 USD, of which 1 of 1 resources and 0 unallocated\nrows 3, rejected 1\n"
    );
}

#[tokio::test]
async fn the_standard_input_is_a_file_too() {
    let fixture = Fixture::new().await;
    let url = fixture.db.url();
    let mut command = program(&[("DATABASE_URL", &url)], &["import-cost", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(bill().as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .ends_with("rows 8, rejected 0\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_uploaded_and_read_by_a_run() {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    fixture
        .report(&[report(INSTANCE, "111122223333", Some("eu-west-1"))])
        .await;
    let mutation = "mutation($file: Upload!) { import: importCost(input: {file: $file}) {
        run { id } userErrors { code message } } }";
    let bad = focus(&[Row {
        cost: "x",
        ..Row::default()
    }]);
    let file = bill() + bad.lines().last().unwrap() + "\n";
    for _ in 0..2 {
        let run = upload(&service, mutation, &file, json!({})).await;
        assert_eq!(run["status"], "SUCCEEDED", "{run}");
        assert_eq!(run["counts"], json!({"bills": 1, "rejected": 1, "rows": 9}));
        assert!(fixture.count("import_rejections WHERE line = 10").await > 0);
        assert_eq!(sums(&fixture).await[0], "EUR 1.25 1.25 0");
        assert_eq!(
            texts(&fixture, "SELECT imported_by FROM cost_bills").await,
            ["ada"]
        );
    }
    let run = upload(&service, mutation, "a,b\n1,2\n", json!({})).await;
    assert_eq!(run["status"], "FAILED", "{run}");
    assert!(run["error"].as_str().unwrap().contains("EffectiveCost"), "{run}");
}

/// A thousand real rows, of which the inventory has one resource.
#[tokio::test]
#[ignore = "needs FIXTURES_DIR"]
async fn a_real_bill_adds_up_to_the_cent() {
    let directory = std::env::var("FIXTURES_DIR").expect("FIXTURES_DIR names the fixtures");
    let path = std::path::Path::new(&directory).join("clouds/bills/focus-1.0-sample-500.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    // In units of 10^-11, which all amounts of the file are whole numbers of.
    let units = |cost: &str| {
        let (whole, fraction) = cost.split_once('.').unwrap();
        format!("{whole}{fraction:0<11}").parse::<i64>().unwrap()
    };
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let total: i64 = rows.iter().map(|row| units(&row[at("EffectiveCost")])).sum();
    let charged = rows.iter().find(|row| &row[at("ResourceId")] != "NULL").unwrap();
    let fixture = Fixture::new().await;
    fixture
        .report(&[report(&charged[at("ResourceId")], "347410479675", None)])
        .await;
    let done = import(&fixture, &text).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.ends_with("rows 500, rejected 0\n"), "{}", done.stdout);
    let sum = |condition: &str| {
        let sum = format!(
            "SELECT coalesce(sum(amount) * 100000000000, 0)::bigint FROM cost_lines WHERE {condition}"
        );
        let fixture = &fixture;
        async move { fixture.number(&sum, []).await }
    };
    assert_eq!(sum("currency = 'USD'").await, total);
    assert_eq!(
        sum("resource_id IS NOT NULL").await + sum("resource_id IS NULL").await,
        total
    );
    assert_eq!(fixture.count("cost_lines WHERE resource_id IS NOT NULL").await, 1);
    let before = lines(&fixture).await;
    import(&fixture, &text).await;
    assert_eq!(lines(&fixture).await, before);
}
