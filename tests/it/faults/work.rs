//! Work that the service does when the fault occurs.

use super::dataset;
use super::service_under_test::{Replica, ServiceUnderTest};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::audit::{self, Cause};

/// Some long work, of so many resources, rows or tags.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// Evaluates resources.
    AutoTag(usize),
    /// Takes in rows of CSV, and evaluates them afterwards.
    Import(usize),
    /// Approves tags that one filter selects.
    Bulk(usize),
}
use Work::{AutoTag, Bulk, Import};

const UPLOAD: &str = "mutation($file: Upload!) { importInventory(input: {file: $file}) {
    run { id } userErrors { message } } }";
const APPROVE: &str = "mutation { approveTags(input: {filter: {minConfidence: 0.5}, reason: \"all\"}) {
    run { id } userErrors { message } } }";

impl Work {
    pub fn size(self) -> usize {
        match self {
            AutoTag(size) | Import(size) | Bulk(size) => size,
        }
    }

    /// Settings of the processes. Approving leaves resources to be evaluated again, which is not looked at.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            AutoTag(_) | Import(_) => &[],
            Bulk(_) => &[("ENABLE_SCHEDULER", "false")],
        }
    }

    /// Makes what there must be before. Schedules tick, but for the training of models: one that is put into use at any
    /// moment would leave another trail.
    pub async fn prepare(self, under_test: &ServiceUnderTest) {
        let pause = "INSERT INTO schedules (job_name, cron, active_from, paused_at, paused_by)
             VALUES ('train_model', '0 0 1 1 *', now(), now(), 'test')";
        sql::execute(&under_test.pool, pause, []).await.unwrap();
        match self {
            AutoTag(size) => dataset::evaluate(&under_test.pool, size).await,
            Import(_) => {}
            Bulk(size) => {
                dataset::evaluate(&under_test.pool, size.div_ceil(2)).await;
                propose(under_test, size).await;
            }
        }
    }

    pub async fn ask(self, replica: &Replica) {
        match self {
            AutoTag(_) => {
                let ask = "mutation { runAutoTagging { run { id } userErrors { message } } }";
                let answer = replica.data(ask, json!({})).await;
                assert!(answer["runAutoTagging"]["run"].is_object(), "{answer}");
            }
            Import(size) => {
                let answer = upload(replica, csv(size)).await;
                assert!(answer["data"]["importInventory"]["run"].is_object(), "{answer}");
            }
            Bulk(_) => {
                let answer = replica.data(APPROVE, json!({})).await;
                assert!(answer["approveTags"]["run"].is_object(), "{answer}");
            }
        }
    }

    /// A statement that counts how much of the size is done.
    pub fn done(self) -> &'static str {
        match self {
            AutoTag(_) => "SELECT count(*) FROM ml_inferences",
            Import(_) => {
                // Read, and taken in: half of the work each.
                "SELECT ((SELECT coalesce(max(entries), 0) FROM imports) + (SELECT count(*) FROM resources)) / 2"
            }
            Bulk(_) => "SELECT count(*) FROM virtual_tags WHERE approval_status = 'APPROVED'",
        }
    }

    /// A statement that gives 0 when nothing is left to do.
    pub fn left(self) -> &'static str {
        match self {
            AutoTag(_) => "SELECT count(*) FROM evaluations WHERE revision < (SELECT revision FROM engine_state)",
            Import(_) => {
                "SELECT (SELECT count(*) FROM evaluations WHERE revision < (SELECT revision FROM engine_state))
                      + (SELECT count(*) FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING'))"
            }
            Bulk(_) => "SELECT count(*) FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING')",
        }
    }

    /// Rows of the trail: one for each change.
    pub fn changes(self, tags: usize) -> usize {
        match self {
            AutoTag(_) | Import(_) => tags,
            Bulk(_) => 2 * tags,
        }
    }
}

/// Tags that wait, two of a resource.
async fn propose(under_test: &ServiceUnderTest, count: usize) {
    let propose = "changed AS (INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence,
            auto_applied, approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT r.id, k.key, 'value', 'PATTERN', 0.8, false, 'PENDING', '{}', 'PATTERN:test', r.cloud, r.account_id,
            r.resource_type FROM resources r, unnest(ARRAY['one', 'two']) AS k(key) ORDER BY r.id, k.key LIMIT $1
         RETURNING *, 'PROPOSED'::text AS action, NULL::text AS old_value, NULL::text AS old_status)";
    let cause = Cause {
        actor: "system:test".into(),
        reason: None,
        run_id: None,
    };
    let txn = under_test.pool.begin().await.unwrap();
    let made = audit::count_with_trail(&txn, propose, vec![(count as i64).into()], &cause).await;
    txn.commit().await.unwrap();
    assert_eq!(made.unwrap(), count as u64);
    sql::execute(&under_test.pool, "ANALYZE", []).await.unwrap();
}

fn csv(rows: usize) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "cloud",
        "account_id",
        "resource_type",
        "resource_id",
        "name",
        "region",
        "created_at",
        "native_tags",
    ];
    writer.write_record(header).unwrap();
    for report in (0..rows).map(dataset::report) {
        let tags = serde_json::to_string(&report.native_tags).unwrap();
        let created = report.created_at.unwrap().to_rfc3339();
        let region = report.region.unwrap();
        let columns = [
            "aws",
            &report.account_id,
            &report.resource_type,
            &report.resource_id,
            &report.name,
        ];
        let columns = columns.into_iter().chain([region.as_str(), &created, &tags]);
        writer.write_record(columns).unwrap();
    }
    writer.into_inner().unwrap()
}

async fn upload(replica: &Replica, content: Vec<u8>) -> Value {
    let operations = json!({"query": UPLOAD, "variables": {"file": null}});
    let form = Form::new()
        .text("operations", operations.to_string())
        .text("map", json!({"0": ["variables.file"]}).to_string())
        .part("0", Part::bytes(content).file_name("all.csv"));
    let request = replica.client.post(format!("{}/graphql", replica.serving().url));
    let request = request
        .header("apollo-require-preflight", "true")
        .header("x-actor", "ann");
    request
        .multipart(form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}
