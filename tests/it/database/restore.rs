//! A dump of a database that is in use is restored into a new cluster, by the script that docs/operations.md names.

use crate::support::cluster::Cluster;
use crate::support::process::Serving;
use crate::support::service::client;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/rehearse-restore.sh");

/// Directory of the programs of the cluster's server. Fails where `pg_dump` is not among them, for a test that does
/// nothing must not look as if it had passed.
fn programs(cluster: &Cluster) -> PathBuf {
    let link = format!("/proc/{}/exe", cluster.server.pid());
    let server = std::fs::read_link(link).expect("the program of the server");
    let programs = server.parent().unwrap().to_path_buf();
    let missing: Vec<_> = ["pg_dump", "pg_restore", "psql", "pg_resetwal", "pg_ctl"]
        .into_iter()
        .filter(|program| !programs.join(program).is_file())
        .collect();
    assert!(
        missing.is_empty(),
        "{missing:?} are not in {}: install PostgreSQL's client programs",
        programs.display()
    );
    programs
}

fn rehearse(url: &str, programs: &Path, kept: &Path) -> Output {
    Command::new(SCRIPT)
        .env("DATABASE_URL", url)
        .env("BIN", env!("CARGO_BIN_EXE_virtual-tagging"))
        .env("PG_BIN", programs)
        .env("PG_PORT", "54871")
        .env("API_PORT", free_port().to_string())
        .env("KEEP", kept)
        .output()
        .expect("bash")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_is_restored_whole_into_a_new_cluster() {
    let cluster = Cluster::start().await;
    let programs = programs(&cluster);
    let url = cluster.server.url();
    // It discovers, infers and schedules by itself.
    let service = Serving::start(&[("DATABASE_URL", url.as_str())]).await;
    let client = client();
    let queue = "{ approvals(first: 3) { totalCount nodes { id } } }";
    let found = service
        .until(&client, queue, |data| {
            data["approvals"]["totalCount"].as_i64() >= Some(10)
        })
        .await;
    let ids = found["approvals"]["nodes"].as_array().unwrap().iter();
    let ids: Vec<String> = ids.map(|node| node["id"].to_string()).collect();
    let approve = format!(
        "mutation {{ approveTags(input: {{ids: [{}]}}) {{ decided results {{ outcome userError {{ message }} }} userErrors {{ message }} }} }}",
        ids.join(", ")
    );
    let approved = service.data(&client, &approve).await;
    assert_eq!(approved["approveTags"]["decided"], 3, "{approved}");

    let kept = cluster.scratch.path().to_path_buf();
    let output = tokio::task::spawn_blocking(move || rehearse(&url, &programs, &kept));
    let output = output.await.unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("restored and ready:"), "{told}");
    let dump = std::fs::metadata(cluster.scratch.path().join("virtual-tagging.dump")).unwrap();
    assert!(dump.len() > 10_000);
    service.end("-TERM").await;
    cluster.server.stop().await.unwrap();
}
