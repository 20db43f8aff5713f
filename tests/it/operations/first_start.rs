//! First start of the program in an empty directory: everything, with a PostgreSQL of its own.

use crate::support::process::{Serving, run};
use crate::support::scratch::Scratch;
use crate::support::service::client;
use serde_json::Value;

const FIGURES: &str = "{ resources { totalCount } approvals(first: 1) { totalCount nodes { id } }
    jobRuns(filter: {status: SUCCEEDED}) { nodes { jobName } } tagAudit { totalCount } }";

fn count(data: &Value, list: &str) -> i64 {
    data[list]["totalCount"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_in_an_empty_directory_discovers_tags_keeps_and_recovers() {
    let (scratch, client) = (Scratch::new(), client());
    let data_dir = scratch.path().join("data").to_str().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap();
    let settings = [("DATA_DIR", data_dir.as_str()), ("PATH", path.as_str())];
    let service = Serving::start(&settings).await;
    for words in [
        "web client",
        "GraphiQL",
        "/readyz",
        &data_dir,
        "psql",
        "NONE: everybody",
    ] {
        assert!(service.told.contains(words), "{words}: {}", service.told);
    }
    let ready = client
        .get(format!("{}/readyz", service.url))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);
    // A discovery and the evaluation after it come by themselves.
    let first = service
        .until(&client, FIGURES, |data| {
            count(data, "resources") >= 20 && count(data, "approvals") > 0
        })
        .await;

    // Beside the running service, on its database.
    let file = scratch.path().join("own.csv");
    let line = "cloud,account_id,resource_type,resource_id,name\naws,42,ec2/instance,i-own,shop-prod-web-1\n";
    std::fs::write(&file, line).unwrap();
    let imported = run(&settings, &["import", file.to_str().unwrap()]).await;
    assert_eq!(
        imported.stdout, "inserted 1, updated 0, unchanged 0, rejected 0\n",
        "{}",
        imported.stderr
    );
    // Otherwise the tick of the next minute would ask for it.
    service
        .data(&client, "mutation { runAutoTagging { run { id } } }")
        .await;
    let own =
        "{ resource(resourceId: \"i-own\") { virtualTags { nodes { id tagKey tagValue approvalStatus } } } }";
    let tags = |data: &Value| {
        data["resource"]["virtualTags"]["nodes"]
            .as_array()
            .unwrap()
            .clone()
    };
    let own_tags = service.until(&client, own, |data| !tags(data).is_empty()).await;
    let environment = tags(&own_tags)
        .into_iter()
        .find(|tag| tag["tagKey"] == "environment")
        .expect("a guess");
    assert_eq!(environment["tagValue"], "production");
    let approve = format!(
        "mutation {{ approveTags(input: {{ids: [{}]}}) {{ decided }} }}",
        environment["id"]
    );
    assert_eq!(service.data(&client, &approve).await["approveTags"]["decided"], 1);
    let (status, log) = service.end("-TERM").await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        !scratch.path().join("data/postgres/postmaster.pid").exists(),
        "{log}"
    );

    // All is there again, also after a start that had no end.
    for signal in ["-KILL", "-INT"] {
        let service = Serving::start(&settings).await;
        let again = service.data(&client, FIGURES).await;
        assert!(count(&again, "resources") > count(&first, "resources"), "{again}");
        assert!(count(&again, "tagAudit") > count(&first, "tagAudit"), "{again}");
        let decided = tags(&service.data(&client, own).await);
        assert!(
            decided.iter().any(|tag| tag["approvalStatus"] == "APPROVED"),
            "{decided:?}"
        );
        let (status, log) = service.end(signal).await;
        assert_eq!(status.code(), (signal == "-INT").then_some(0), "{log}");
    }
}
