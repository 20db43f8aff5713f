//! Resources by the thousand, the same at each call, with all that makes tags of several kinds.

use sea_orm::DatabaseConnection;
use std::collections::BTreeMap;
use virtual_tagging::db::Begin;
use virtual_tagging::domain::Cloud;
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::inventory::reconcile;

const SERVICES: [&str; 7] = ["orders", "bills", "search", "mail", "stock", "login", "reports"];
const STAGES: [&str; 5] = ["prod", "dev", "staging", "test", "x"];
const OWNERS: [&str; 3] = ["payments@example.com", "platform", "Data Team"];

pub fn report(number: usize) -> ResourceReport {
    let (service, stage) = (SERVICES[number % 7], STAGES[number % 5]);
    let account = format!("{:012}", 111_122_223_333 + (number % 11) as u64);
    let name = format!("{service}-{stage}-{number}");
    let mut native_tags = BTreeMap::new();
    if number.is_multiple_of(3) {
        native_tags.insert("Env".to_owned(), stage.to_uppercase());
    }
    if number.is_multiple_of(4) {
        native_tags.insert("Owner".to_owned(), OWNERS[number % 3].to_owned());
    }
    ResourceReport {
        unstated: virtual_tagging::domain::discovery::UnstatedFields::default(),
        resource_id: format!("arn:aws:rds:eu-west-1:{account}:db:{name}"),
        name,
        cloud: Cloud::Aws,
        account_id: account,
        resource_type: ["rds/db", "sqs/queue"][number % 2].into(),
        region: Some("eu-west-1".into()),
        native_tags,
        created_at: Some("2024-05-06T07:08:09Z".parse().unwrap()),
    }
}

/// Puts so many into a database that has none.
pub async fn evaluate(pool: &DatabaseConnection, count: usize) {
    for first in (0..count).step_by(1000) {
        let reports: Vec<_> = (first..count.min(first + 1000)).map(report).collect();
        let txn = pool.begin().await.unwrap();
        reconcile::batch(&txn, "test", &reports).await.unwrap();
        txn.commit().await.unwrap();
    }
}
