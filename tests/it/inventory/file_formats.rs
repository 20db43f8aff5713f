//! Files of clouds' command lines, exports and Terraform, imported as they are: each format with the fields of its
//! resources, and what a dry run tells of it.

use super::file_contents::read;
use crate::support::db::TestDb;
use crate::support::fixture::Fixture;
use crate::support::process::{program, run};
use crate::support::service::Service;
use crate::support::uploads::{import_with, until_idle, versions};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use virtual_tagging::domain::discovery::{InventoryEntry, ResourceReport};

const IMPORT: &str = "mutation($file: Upload!, $dryRun: Boolean!, $accountId: String) {
    import: importInventory(input: {file: $file, dryRun: $dryRun, accountId: $accountId}) {
        run { id } userErrors { code field message } } }";
const PLAN: &str = "query($id: ID!) { jobRun(id: $id) {
    importPlan { format complete incompleteReasons mapping { field source } accounts { accountId resources }
        inserted rejected samples { action resourceId } }
    importSummary { format complete incompleteReasons accounts { accountId resources } }
    rejections(first: 20) { nodes { line column reason } } } }";

/// File of one format, and what it has.
struct FormatCase {
    format: &'static str,
    file: &'static str,
    /// Beginnings of the reasons for which it may lack resources.
    gaps: &'static [&'static str],
    /// Resources as `id | account | type | name | region | tags`.
    resources: &'static [&'static str],
    /// Rejected entries as `number reason`.
    rejected: &'static [&'static str],
}

const CASES: &[FormatCase] = &[
    FormatCase {
        format: "AWS_TAGGING_API",
        file: include_str!("../../fixtures/clouds/get-resources.json"),
        gaps: &[
            "GetResources lists only",
            "the answer has a PaginationToken",
            "1 entries were rejected",
        ],
        resources: &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1 | 111122223333 | ec2/instance | web-1 | eu-west-1 | Env=prod,Name=web-1",
            "arn:aws:s3:::acme-logs | 999988887777 | s3/bucket | acme-logs | - | ",
            "arn:aws:sqs:eu-west-1:111122223333:orders | 111122223333 | sqs/queue | orders | eu-west-1 | Owner=",
        ],
        rejected: &["4 is not an ARN"],
    },
    FormatCase {
        format: "AWS_RESOURCE_EXPLORER",
        file: include_str!("../../fixtures/clouds/resource-explorer.json"),
        gaps: &["Count.Complete is false", "the answer has 3 of 1500 resources"],
        resources: &[
            "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1 | 111122223333 | ec2/volume | vol-1 | eu-west-1 | ",
            "arn:aws:iam::111122223333:role/deploy | 111122223333 | iam/role | deploy | - | ",
            "arn:aws:s3:::acme-data | 111122223333 | s3/bucket | acme-data | us-east-1 | team=data",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "AWS_TAG_EDITOR",
        file: include_str!("../../fixtures/clouds/tag-editor.csv"),
        gaps: &["an export of Tag Editor"],
        resources: &[
            "arn:aws:ec2:us-east-1:111122223333:instance/i-0b2 | 111122223333 | ec2/instance | db, \"main\" | us-east-1 | Name=db, \"main\",env=prod",
            "arn:aws:lambda:us-east-1:111122223333:function:resize | 111122223333 | lambda/function | resize | us-east-1 | env=",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "AWS_CONFIG",
        file: include_str!("../../fixtures/clouds/select-resource-config.json"),
        gaps: &["the answer has a NextToken", "1 entries were rejected"],
        resources: &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0c3 | 111122223333 | ec2/instance | batch | eu-west-1 | Name=batch",
            "arn:aws:iam::111122223333:role/audit | 111122223333 | iam/role | audit | - | ",
        ],
        rejected: &["3 has no arn: the query has to select arn"],
    },
    FormatCase {
        format: "AZURE_RESOURCE_LIST",
        file: include_str!("../../fixtures/clouds/az-resource-list.json"),
        gaps: &[],
        resources: &[
            "/subscriptions/0a1b2c3d-0000-4000-8000-00000000000a/resourcegroups/rg-web/providers/microsoft.compute/disks/data | 0a1b2c3d-0000-4000-8000-00000000000a | microsoft.compute/disks | data | westeurope | ",
            "/subscriptions/0a1b2c3d-0000-4000-8000-00000000000a/resourcegroups/rg-web/providers/microsoft.compute/virtualmachines/web | 0a1b2c3d-0000-4000-8000-00000000000a | microsoft.compute/virtualmachines | Web | westeurope | CostCenter=0042,Env=Prod",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "AZURE_RESOURCE_GRAPH",
        file: include_str!("../../fixtures/clouds/az-graph-query.json"),
        gaps: &["the answer has a skip token", "the answer has 1 of 2 records"],
        resources: &[
            "/subscriptions/0a1b2c3d-0000-4000-8000-00000000000a/resourcegroups/rg-web/providers/microsoft.network/publicipaddresses/ip | 0a1b2c3d-0000-4000-8000-00000000000a | microsoft.network/publicipaddresses | ip | westeurope | Env=Prod",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "GCP_ASSET_SEARCH",
        file: include_str!("../../fixtures/clouds/search-all-resources.json"),
        gaps: &[],
        resources: &[
            "//cloudresourcemanager.googleapis.com/folders/4711 | folders/4711 | cloudresourcemanager.googleapis.com/Folder | shared | global | ",
            "//compute.googleapis.com/projects/acme-web/zones/europe-west1-b/instances/web-1 | acme-web | compute.googleapis.com/Instance | web-1 | europe-west1-b | env=prod",
            "//storage.googleapis.com/acme-raw | acme-data | storage.googleapis.com/Bucket | acme-raw | eu | ",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "GCP_ASSET_EXPORT",
        file: include_str!("../../fixtures/clouds/asset-export.jsonl"),
        gaps: &["1 entries were rejected"],
        resources: &[
            "//cloudsql.googleapis.com/projects/acme-data/instances/main | acme-data | sqladmin.googleapis.com/Instance | main | europe-west1 | team=data",
            "//compute.googleapis.com/projects/acme-web/zones/europe-west1-b/disks/web-1 | acme-web | compute.googleapis.com/Disk | web-1 | europe-west1-b | env=prod",
            "//storage.googleapis.com/acme-export | 123456789 | storage.googleapis.com/Bucket | acme-export | EU | ",
        ],
        rejected: &["3 is not a JSON object"],
    },
    FormatCase {
        format: "GCP_SERVICE_API",
        file: include_str!("../../fixtures/clouds/instances-list.json"),
        gaps: &["the API of one service"],
        resources: &[
            "//compute.googleapis.com/projects/acme-web/zones/europe-west1-b/instances/web-2 | acme-web | compute.googleapis.com/Instance | web-2 | europe-west1-b | env=prod",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "TERRAFORM_SHOW",
        file: include_str!("../../fixtures/clouds/terraform-show.json"),
        gaps: &[
            "a Terraform state has only",
            "1 entries are no resources of a cloud by themselves: random_password",
            "1 data sources are not taken",
            "1 sensitive tags are not taken",
        ],
        resources: &[
            "//pubsub.googleapis.com/projects/acme-web/topics/orders | acme-web | pubsub.googleapis.com/Topic | orders | - | team=shop",
            "/subscriptions/0a1b2c3d-0000-4000-8000-00000000000a/resourcegroups/rg-web | 0a1b2c3d-0000-4000-8000-00000000000a | microsoft.resources/resourcegroups | rg-Web | westeurope | ",
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0d4 | 111122223333 | ec2/instance | app | eu-west-1 | Name=app,env=prod",
        ],
        rejected: &[],
    },
    FormatCase {
        format: "TERRAFORM_STATE",
        file: include_str!("../../fixtures/clouds/terraform.tfstate"),
        gaps: &[
            "a Terraform state has only",
            "1 data sources are not taken",
            "1 sensitive tags are not taken",
        ],
        resources: &[
            "//compute.googleapis.com/projects/acme-web/zones/europe-west1-b/instances/vm | acme-web | compute.googleapis.com/Instance | vm | europe-west1-b | env=prod,goog-terraform-provisioned=true",
            "arn:aws:rds:eu-west-1:111122223333:db:main-0 | 111122223333 | rds/db | main-0 | eu-west-1 | env=prod",
            "arn:aws:rds:eu-west-1:111122223333:db:main-1 | 111122223333 | rds/db | main-1 | eu-west-1 | ",
        ],
        rejected: &[],
    },
];

/// Secrets that stand in the states, and nowhere else.
const SECRETS: &[&str] = &["correct-horse-battery", "hunter2-of-outputs", "s3cr3t-tag"];

fn line(report: &ResourceReport) -> String {
    let tags: Vec<String> = report
        .native_tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let region = report.region.as_deref().unwrap_or("-");
    let (id, account) = (&report.resource_id, &report.account_id);
    let (kind, name) = (&report.resource_type, &report.name);
    format!(
        "{id} | {account} | {kind} | {name} | {region} | {}",
        tags.join(",")
    )
}

async fn stored(fixture: &Fixture) -> Vec<String> {
    #[derive(sea_orm::FromQueryResult)]
    struct Stored {
        resource: String,
    }
    let rows = "SELECT concat_ws(' | ', resource_id, account_id, resource_type, name, coalesce(region, '-'),
            coalesce((SELECT string_agg(key || '=' || value, ',' ORDER BY key COLLATE \"C\") FROM jsonb_each_text(native_tags)), ''))
            AS resource FROM resources ORDER BY resource_id COLLATE \"C\"";
    let rows: Vec<Stored> = virtual_tagging::db::sql::rows(&fixture.pool, rows, [])
        .await
        .unwrap();
    rows.into_iter().map(|row| row.resource).collect()
}

fn starts(found: &Value, expected: &[&str], what: &str) {
    let found: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{what}: {found} is not {expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_is_told_by_its_content_planned_and_imported_with_its_fields() {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    for case in CASES {
        let what = case.format;
        let resources = fixture.count("resources").await;
        let import = async |dry_run: bool| {
            let variables = json!({"dryRun": dry_run, "accountId": "999988887777"});
            import_with(&service, IMPORT, case.file, variables).await
        };
        let run = import(true).await;
        assert_eq!(run["status"], "SUCCEEDED", "{what}: {run}");
        let answer = service.data(PLAN, json!({"id": run["id"]})).await["jobRun"].take();
        let plan = &answer["importPlan"];
        assert_eq!(plan["format"], what);
        assert_eq!(plan["complete"], case.gaps.is_empty(), "{what}");
        starts(&plan["incompleteReasons"], case.gaps, what);
        assert_eq!(plan["inserted"], case.resources.len(), "{what}: {answer}");
        assert_eq!(
            plan["samples"].as_array().unwrap().len(),
            case.resources.len(),
            "{what}"
        );
        let mapped = plan["mapping"].as_array().unwrap().iter();
        assert!(
            mapped.clone().any(|field| field["field"] == "resource_id"),
            "{what}"
        );
        let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
        for resource in case.resources {
            *accounts.entry(resource.split(" | ").nth(1).unwrap()).or_default() += 1;
        }
        let told = plan["accounts"].as_array().unwrap().iter();
        let told = told.map(|each| {
            (
                each["accountId"].as_str().unwrap(),
                each["resources"].as_u64().unwrap(),
            )
        });
        assert_eq!(told.collect::<BTreeMap<_, _>>(), accounts, "{what}");
        let rejected = answer["rejections"]["nodes"].as_array().unwrap().iter();
        let rejected: Vec<_> = rejected
            .map(|fault| json!(format!("{} {}", fault["line"], fault["reason"].as_str().unwrap())))
            .collect();
        starts(&json!(rejected), case.rejected, what);
        assert_eq!(fixture.count("resources").await, resources, "{what}");

        let done = import(false).await;
        assert_eq!(done["status"], "SUCCEEDED", "{what}: {done}");
        let answer = service.data(PLAN, json!({"id": done["id"]})).await["jobRun"].take();
        assert_eq!(answer["importSummary"]["format"], what);
        assert_eq!(answer["importSummary"]["complete"], case.gaps.is_empty());
        let mut stored = stored(&fixture).await;
        stored.retain(|row| case.resources.contains(&row.as_str()));
        assert_eq!(stored, case.resources, "{what}: {:?}", read(case.file).0);
        let all = resources + i64::try_from(case.resources.len()).unwrap();
        assert_eq!(fixture.count("resources").await, all, "{what}");
        // Nothing changes when the same file comes again.
        until_idle(&fixture).await;
        let before = versions(&fixture).await;
        let again = import(false).await;
        assert_eq!(
            again["counts"]["unchanged"],
            case.resources.len(),
            "{what}: {again}"
        );
        assert_eq!(versions(&fixture).await, before, "{what}");
    }
    for secret in SECRETS {
        assert!(
            CASES.iter().any(|case| case.file.contains(secret)),
            "{secret} is in no file"
        );
        for table in [
            "resources",
            "import_rejections",
            "import_samples",
            "import_summaries",
            "scheduler_jobs",
        ] {
            let rows = format!("{table} t WHERE t::text LIKE '%{secret}%'");
            assert_eq!(fixture.count(&rows).await, 0, "{table} has {secret}");
        }
    }
}

#[tokio::test]
async fn the_command_reads_the_standard_input_and_shows_a_plan() {
    let database = std::sync::Arc::new(TestDb::create().await);
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str())];
    let piped = async |arguments: &[&str], input: &str| {
        let mut command = program(&settings, arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let ended = process.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (ended.status.code(), text(ended.stdout), text(ended.stderr))
    };
    let file = CASES[0].file;
    let (code, plan, _) = piped(&["import", "-", "--dry-run", "--account", "999988887777"], file).await;
    assert_eq!(code, Some(0));
    for words in [
        "format: aws resourcegroupstaggingapi get-resources",
        "complete: no",
        "resource_id: ResourceARN",
        "111122223333: 2",
        "insert arn:aws:s3:::acme-logs",
        "dry run: inserted 3, updated 0, unchanged 0, rejected 1",
    ] {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    let fixture = Fixture::on(database.clone()).await;
    assert_eq!(fixture.count("resources").await, 0);
    // Without the account the bucket is rejected.
    let (code, done, told) = piped(&["import", "-"], file).await;
    assert_eq!(
        (code, done.as_str()),
        (Some(0), "inserted 2, updated 0, unchanged 0, rejected 2\n"),
        "{told}"
    );
    for words in [
        "the ARN names no account",
        "may lack resources: GetResources lists only",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let changed = file.replace("\"prod\"", "\"dev\"");
    let (_, plan, _) = piped(&["import", "-", "--dry-run"], &changed).await;
    assert!(
        plan.contains("i-0a1: tag:Env Some(\"prod\") to Some(\"dev\")"),
        "{plan}"
    );
    let refused = run(&settings, &["import", "/nowhere.json"]).await;
    assert_eq!(refused.code, 1);
}

/// Recorded answers of real clouds, unchanged. `FIXTURES_DIR` names them: `cargo test fixtures -- --ignored`. The table
/// lists for each file the format, the number of rejected entries, and each resource; `PROJECT` stands for the project that
/// an id of Google Cloud names.
#[tokio::test]
#[ignore = "needs FIXTURES_DIR"]
async fn recorded_fixtures_are_imported_with_the_resources_expected() {
    let folder = std::env::var("FIXTURES_DIR").expect("FIXTURES_DIR names the recorded answers");
    let database = TestDb::create().await;
    let url = database.url();
    let mut expected: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for row in include_str!("../../fixtures/clouds/recorded.txt").lines() {
        match row.strip_prefix("  ") {
            Some(resource) => expected.last_mut().unwrap().1.push(resource),
            None => expected.push((row.split(" | ").collect(), Vec::new())),
        }
    }
    let mut files: Vec<String> = Vec::new();
    for cloud in ["aws", "azure", "gcp"] {
        let entries = std::fs::read_dir(format!("{folder}/clouds/{cloud}")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.extend(names.map(|name| format!("{cloud}/{name}")));
    }
    files.sort();
    let listed: Vec<&str> = expected.iter().map(|(head, _)| head[0]).collect();
    assert_eq!(files, listed, "the table lists other files");
    for (head, resources) in expected {
        let path = format!("{folder}/clouds/{}", head[0]);
        let (entries, summary) = read(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(json!(summary.format), head[1], "{path}");
        assert!(!summary.is_complete(), "{path} is a recording");
        let mut lines = Vec::new();
        let mut rejected = 0;
        for entry in entries {
            match entry {
                InventoryEntry::Resource(_, mut report) => {
                    if report
                        .resource_id
                        .contains(&format!("/projects/{}/", report.account_id))
                    {
                        let project = std::mem::replace(&mut report.account_id, "PROJECT".to_owned());
                        report.resource_id = report.resource_id.replacen(&project, "PROJECT", 1);
                    }
                    lines.push(line(&report));
                }
                InventoryEntry::Rejected(faults) => {
                    rejected += 1;
                    assert!(faults.iter().all(|fault| !fault.reason.is_empty()), "{path}");
                }
            }
        }
        lines.sort();
        let entries = lines.len();
        lines.dedup();
        // Recordings ask for the same resource several times.
        let repeated = entries - lines.len();
        assert_eq!(lines, resources, "{path}");
        assert_eq!((rejected + repeated).to_string(), head[2], "{path}");
        let imported = run(&[("DATABASE_URL", &url)], &["import", &path]).await;
        assert_eq!(imported.code, 0, "{path}: {}", imported.stderr);
        let taken: Vec<usize> = imported
            .stdout
            .split(|letter: char| !letter.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        assert_eq!(
            taken[..3].iter().sum::<usize>(),
            entries,
            "{path}: {}",
            imported.stdout
        );
        assert_eq!(taken[3], rejected, "{path}: {}", imported.stdout);
    }
    let bill = format!("{folder}/clouds/bills/focus-1.0-sample-500.csv");
    let refused = run(&[("DATABASE_URL", &url)], &["import", &bill]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("import-cost"), "{}", refused.stderr);
}
