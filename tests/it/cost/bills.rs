//! Bills by hand, in the shape of exports of FOCUS 1.0 and CUR 2.0, and the import of files by the command.

use crate::support::fixture::Fixture;
use crate::support::process::{Ended, run};
use std::fmt::Write as _;
use virtual_tagging::domain::Cloud;
use virtual_tagging::domain::discovery::ResourceReport;

pub const FOCUS_HEADER: &str = "AvailabilityZone,BilledCost,BillingAccountId,BillingCurrency,BillingPeriodEnd,\
    BillingPeriodStart,ChargeCategory,ChargeDescription,ChargePeriodStart,EffectiveCost,ProviderName,RegionId,ResourceId,\
    ResourceName,ServiceName,SubAccountId,Tags";

pub const INSTANCE: &str = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0aa1";
pub const BUCKET: &str = "arn:aws:s3:::acme-raw";

/// Row of a FOCUS bill of AWS.
pub struct Row<'a> {
    pub cost: &'a str,
    pub currency: &'a str,
    pub day: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    pub resource: &'a str,
}

impl Default for Row<'_> {
    fn default() -> Self {
        Self {
            cost: "1",
            currency: "USD",
            day: "2024-09-18 22:00:00",
            account: "111122223333",
            region: "eu-west-1",
            resource: "NULL",
        }
    }
}

/// A bill for September 2024.
pub fn focus(rows: &[Row<'_>]) -> String {
    let mut text = format!("{FOCUS_HEADER}\n");
    for row in rows {
        writeln!(
            text,
            "NULL,9.99,\"1234567890123\",\"{}\",\"2024-10-01 00:00:00\",\"2024-09-01 00:00:00\",\"Usage\",\
             \"$0.005, per hour\",\"{}\",{},\"AWS\",\"{}\",\"{}\",NULL,\"Amazon Elastic Compute Cloud\",\"{}\",\
             \"{{\"\"application\"\": \"\"a, b\"\"}}\"",
            row.currency, row.day, row.cost, row.region, row.resource, row.account
        )
        .unwrap();
    }
    text
}

/// Report of a resource of AWS.
pub fn report(resource_id: &str, account_id: &str, region: Option<&str>) -> ResourceReport {
    ResourceReport {
        cloud: Cloud::Aws,
        account_id: account_id.to_owned(),
        resource_type: "ec2/instance".to_owned(),
        resource_id: resource_id.to_owned(),
        name: resource_id.rsplit('/').next().unwrap().to_owned(),
        region: region.map(str::to_owned),
        created_at: None,
        native_tags: [("team".to_owned(), "core".to_owned())].into(),
        unstated: virtual_tagging::domain::discovery::UnstatedFields::default(),
    }
}

/// Runs the command on a file with this content.
pub async fn import(fixture: &Fixture, content: impl AsRef<[u8]>) -> Ended {
    import_with(fixture, &[content.as_ref()], &[]).await
}

pub async fn import_with(fixture: &Fixture, contents: &[&[u8]], options: &[&str]) -> Ended {
    let (url, scratch) = (fixture.db.url(), tempfile::tempdir().unwrap());
    let mut arguments = vec!["import-cost".to_owned()];
    arguments.extend(options.iter().map(|&option| option.to_owned()));
    for (number, content) in contents.iter().enumerate() {
        let path = scratch.path().join(format!("bill-{number}.csv"));
        std::fs::write(&path, content).unwrap();
        arguments.push(path.to_str().unwrap().to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&[("DATABASE_URL", &url)], &arguments).await
}

/// All lines of all bills but for the number of their import, in an order.
pub async fn lines(fixture: &Fixture) -> Vec<String> {
    let lines = "SELECT concat_ws('|', b.provider, b.billing_account_id, b.period_start, l.month, l.currency, l.account_id,
            coalesce(l.billed_id, '-'), coalesce(r.resource_id, '-'), trim_scale(l.amount), l.row_count) AS line
       FROM cost_lines l JOIN cost_bills b ON b.id = l.bill_id LEFT JOIN resources r ON r.id = l.resource_id ORDER BY 1";
    texts(fixture, lines).await
}

/// Texts that a statement gives.
pub async fn texts(fixture: &Fixture, statement: &str) -> Vec<String> {
    let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(statement));
    rows.fetch_all(fixture.pool.get_postgres_connection_pool())
        .await
        .unwrap()
}
