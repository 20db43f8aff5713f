//! The program as a person at a terminal has it: its commands, what they print and how they end.

use crate::support::db::TestDb;
use crate::support::fixture::Fixture;
use crate::support::process::{program, run};
use crate::support::service::{SECRET, Service};
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use virtual_tagging::app::{App, Mode};

#[tokio::test]
async fn every_command_explains_itself() {
    for (arguments, words) in [
        (
            &["--help"][..],
            &[
                "serve",
                "worker",
                "migrate",
                "import",
                "schema",
                "token",
                "Exit codes",
            ][..],
        ),
        (&["serve", "--help"], &["GraphQL", "--port", "API_PORT"]),
        (&["worker", "--help"], &["WORKER_PORT", "--database-url"]),
        (&["migrate", "--help"], &["up", "down", "status"]),
        (&["migrate", "up", "--help"], &["--steps"]),
        (&["migrate", "down", "--help"], &["data", "--steps", "--yes"]),
        (&["migrate", "status", "--help"], &["migrations"]),
        (
            &["import", "--help"],
            &["JSON Lines or CSV", "--strict", "--rejects", "--source"],
        ),
        (
            &["evaluate", "--help"],
            &[
                "--protocol",
                "cold",
                "sparse",
                "warm",
                "--approver",
                "--json",
                "--seed",
                "ECE",
            ],
        ),
        (&["schema", "--help"], &["GraphQL schema"]),
        (
            &["token", "--help"],
            &["--sub", "--role", "approver", "--accounts", "--ttl"],
        ),
        (&["health", "--help"], &["ready"]),
    ] {
        let ended = run(&[], arguments).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments:?}");
        for word in words {
            assert!(
                ended.stdout.contains(word),
                "{arguments:?} lacks {word}:\n{}",
                ended.stdout
            );
        }
    }
    let version = run(&[], &["--version"]).await;
    assert_eq!(
        version.stdout,
        format!("virtual-tagging {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_2() {
    for (arguments, words) in [
        (&["serv"][..], "serve"),
        (&["import"], "<FILE>"),
        (&["token"], "--sub"),
        (&["token", "--sub", "ada", "--ttl", "5w"], "from 1s to 366d"),
        (&["token", "--sub", "ada", "--role", "king"], "approver"),
        (&["--port", "80000"], "80000"),
    ] {
        let ended = run(&[], arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn wrong_settings_are_named_with_their_value_and_what_is_allowed() {
    for (variable, value, allowed) in [
        ("API_PORT", "80000", "65535"),
        ("API_HOST", "here", "IP address"),
        ("AUTO_APPLY_THRESHOLD", "1.5", "from 0 to 1"),
        ("ENVIRONMENT", "staging", "production"),
        ("ENABLE_SCHEDULER", "maybe", "true or false"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("DATABASE_MAX_CONNECTIONS", "0", "from 5 to 1000"),
        ("DISCOVERY_INTERVAL", "soon", "cron"),
        ("DISCOVERY_SOURCES", "moon", "simulated"),
    ] {
        let database = TestDb::create().await;
        let mut settings = vec![("API_PORT", "0"), ("DATABASE_URL", "")];
        let url = database.url();
        settings[1].1 = &url;
        settings.retain(|(name, _)| *name != variable);
        settings.push((variable, value));
        let ended = run(&settings, &["serve"]).await;
        assert_eq!(ended.code, 1, "{variable}: {}", ended.stderr);
        for words in [variable, value, allowed] {
            assert!(
                ended.stderr.contains(words),
                "{variable} lacks {words}: {}",
                ended.stderr
            );
        }
    }
    for (variable, secret, words) in [
        ("JWT_SECRET", "too short", "at least 32 bytes"),
        (
            "DATABASE_URL",
            "mysql://ada:hidden@127.0.0.1/x",
            "must be like postgres://",
        ),
        (
            "DATABASE_URL",
            "ada:hidden@127.0.0.1/x",
            "must be like postgres://",
        ),
    ] {
        let ended = run(&[("API_PORT", "0"), (variable, secret)], &["serve"]).await;
        assert_eq!(ended.code, 1);
        let told = ended.stderr;
        assert!(told.contains(variable) && told.contains(words), "{told}");
        assert!(!told.contains(secret) && !told.contains("hidden"), "{told}");
    }
}

#[tokio::test]
async fn the_schema_is_the_committed_one() {
    let ended = run(&[], &["schema"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(ended.stdout == include_str!("../../../schema.graphql"));
}

#[tokio::test]
async fn migrations_go_up_and_down_and_tell_where_they_stand() {
    let database = TestDb::create().await;
    let url = database.url();
    let migrate = async |arguments: &[&str]| {
        let ended = run(&[("DATABASE_URL", &url)], arguments).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let lines = ended
            .stdout
            .lines()
            .map(|line| line.split_once("  ").unwrap().0.to_owned());
        lines.collect::<Vec<String>>()
    };
    let all = migrate(&["migrate", "status"]).await;
    assert!(
        all.len() >= 3 && all.iter().all(|state| state == "applied"),
        "{all:?}"
    );
    let down = migrate(&["migrate", "down", "--yes"]).await;
    assert_eq!(down.iter().filter(|state| *state == "missing").count(), 1);
    assert_eq!(down.last().unwrap(), "missing");
    assert_eq!(migrate(&["migrate", "status"]).await, down);
    let steps = all.len().to_string();
    let none = migrate(&["migrate", "down", "--yes", "--steps", &steps]).await;
    assert!(none.iter().all(|state| state == "missing"), "{none:?}");
    let one = migrate(&["migrate", "up", "--steps", "1"]).await;
    assert_eq!(one.iter().filter(|state| *state == "applied").count(), 1);
    assert_eq!(one[0], "applied");
    assert_eq!(migrate(&["migrate", "up"]).await, all);
    assert_eq!(migrate(&["migrate", "up"]).await, all);
}

const INVENTORY: &str = r#"{"cloud":"aws","account_id":"1","resource_type":"ec2","resource_id":"i-1","name":"web-prod","native_tags":{"Env":"prd"},"x":1}

{"cloud":"moon","account_id":"1","resource_type":"ec2","resource_id":"i-2","name":"web"}
not json
{"cloud":"gcp","account_id":"2","resource_type":"vm","resource_id":"i-3","created_at":"yesterday"}
{"cloud":"gcp","account_id":"2","resource_type":"vm","resource_id":"i-4","created_at":"2024-01-02"}
{"cloud":"aws","account_id":"1","resource_type":"ec2","resource_id":"i-1"}
"#;

#[tokio::test]
async fn an_import_says_what_it_did_and_what_it_refused() {
    let database = Arc::new(TestDb::create().await);
    let (url, scratch) = (database.url(), tempfile::tempdir().unwrap());
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let (file, rejects) = (path("inventory.jsonl"), path("rejects.csv"));
    std::fs::write(&file, INVENTORY).unwrap();
    let settings = [("DATABASE_URL", url.as_str())];
    let first = run(&settings, &["import", &file, "--rejects", &rejects]).await;
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(first.stdout, "inserted 2, updated 0, unchanged 0, rejected 4\n");
    for words in [
        "line 3, cloud",
        "\"moon\"",
        "line 4",
        "line 5, created_at",
        "line 7, resource_id",
    ] {
        assert!(first.stderr.contains(words), "{words}: {}", first.stderr);
    }
    let mut refused = csv::Reader::from_path(&rejects).unwrap();
    assert_eq!(
        refused.headers().unwrap(),
        &["line", "column", "value", "reason"][..]
    );
    let refused: Vec<_> = refused.records().map(Result::unwrap).collect();
    let lines: Vec<&str> = refused.iter().map(|row| &row[0]).collect();
    assert_eq!(lines, ["3", "4", "5", "7"]);
    assert_eq!(&refused[0][1], "cloud");
    assert!(refused.iter().all(|row| !row[3].is_empty()));

    std::fs::write(&file, INVENTORY.replace("web-prod", "web-test")).unwrap();
    let strict = run(&settings, &["import", "--strict", "--source", "test", &file]).await;
    assert_eq!(
        (strict.code, strict.stdout.as_str()),
        (2, "inserted 0, updated 1, unchanged 1, rejected 4\n")
    );
    std::fs::write(&file, INVENTORY.lines().next().unwrap()).unwrap();
    let clean = run(&settings, &["--database-url", &url, "import", "--strict", &file]).await;
    assert_eq!(
        (clean.code, clean.stdout.as_str()),
        (0, "inserted 0, updated 1, unchanged 0, rejected 0\n")
    );
    let fixture = Fixture::on(database).await;
    assert_eq!(fixture.count("resources").await, 2);
}

#[tokio::test]
async fn an_import_that_cannot_be_done_ends_with_1_and_says_why() {
    let database = TestDb::create().await;
    let (url, scratch) = (database.url(), tempfile::tempdir().unwrap());
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("picture.csv"), "name,size\na,1\n").unwrap();
    std::fs::write(path("array.json"), "[{\"cloud\":\"aws\"}]").unwrap();
    std::fs::write(path("cut.jsonl.gz"), [0x1f, 0x8b, 8, 0, 0]).unwrap();
    for (name, words) in [
        ("nowhere.csv", "No such file"),
        ("picture.csv", "lacks the columns"),
        ("array.json", "JSON array"),
        ("cut.jsonl.gz", "broke off"),
    ] {
        let ended = run(&[("DATABASE_URL", &url)], &["import", &path(name)]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{name}");
        assert!(
            ended.stderr.contains(words) && ended.stderr.contains(name),
            "{}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_yet_is_waited_for_and_named_with_the_cause() {
    let url = ("DATABASE_URL", "postgres://nobody:hidden@127.0.0.1:1/nothing");
    let mut waiting = program(&[url], &["migrate", "status"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(10), lines.next_line());
    let line = line.await.unwrap().unwrap().unwrap();
    for words in [
        "postgres://nobody@127.0.0.1:1/nothing",
        "next attempt in",
        "refused",
    ] {
        assert!(line.contains(words), "{words}: {line}");
    }
    waiting.kill().await.unwrap();
}

#[tokio::test]
async fn a_token_opens_a_service_with_the_same_secret() {
    let settings = [("JWT_SECRET", SECRET)];
    let arguments = [
        "token",
        "--sub",
        "ada",
        "--role",
        "approver",
        "--accounts",
        "1,2",
        "--ttl",
        "1m",
    ];
    let ended = run(&settings, &arguments).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let service = Service::start_authenticated().await;
    let query = json!({"query": "{ viewer { subject role accounts } }"});
    let request = service
        .client
        .post(service.url("/graphql"))
        .bearer_auth(ended.stdout.trim());
    let answer: Value = request.json(&query).send().await.unwrap().json().await.unwrap();
    let viewer = json!({"subject": "ada", "role": "APPROVER", "accounts": ["1", "2"]});
    assert_eq!(answer["data"]["viewer"], viewer);
    let unset = run(&[], &["token", "--sub", "ada"]).await;
    assert_eq!(unset.code, 1);
    assert!(unset.stderr.contains("JWT_SECRET"), "{}", unset.stderr);
}

#[tokio::test]
async fn health_tells_whether_a_service_is_ready() {
    let service = Service::start().await;
    let port = service.address().port().to_string();
    let ready = run(&[("API_PORT", &port)], &["health"]).await;
    assert_eq!(ready.code, 0, "{}", ready.stderr);
    assert_eq!(
        serde_json::from_str::<Value>(&ready.stdout).unwrap()["ready"],
        true
    );
    let by_flag = run(&[], &["health", "--port", &port]).await;
    assert_eq!(by_flag.code, 0, "{}", by_flag.stderr);
    let worker = App::start(service.config.clone(), Mode::Work).await.unwrap();
    let worker_port = worker.address().port().to_string();
    let by_setting = run(&[("WORKER_PORT", &worker_port)], &["health", "--worker"]).await;
    assert_eq!(by_setting.code, 0, "{}", by_setting.stderr);
    let by_flag = run(&[], &["health", "--worker", "--port", &worker_port]).await;
    assert_eq!(by_flag.code, 0, "{}", by_flag.stderr);
    worker.shutdown().await;
    let gone = run(&[], &["health", "--worker", "--port", &worker_port]).await;
    assert_eq!((gone.code, gone.stdout.as_str()), (1, ""));
    service.app.shutdown().await;
    let gone = run(&[("API_PORT", &port)], &["health"]).await;
    assert_eq!((gone.code, gone.stdout.as_str()), (1, ""));
}

#[tokio::test]
async fn help_lists_the_options_of_its_command_and_no_others() {
    let database = &["--data-dir", "--database-url"][..];
    let listen = &["--host", "--port"][..];
    for (command, options) in [
        (&["serve"][..], &[listen, database][..]),
        (&["worker"], &[listen, database]),
        (&["migrate"], &[]),
        (&["migrate", "up"], &[&["--steps"], database]),
        (&["migrate", "status"], &[database]),
        (
            &["import"],
            &[
                &["--source", "--account", "--dry-run", "--rejects", "--strict"],
                database,
            ],
        ),
        (&["import-cost"], &[&["--rejects", "--strict"], database]),
        (&["audit"], &[]),
        (&["audit", "attach"], &[database]),
        (&["schema"], &[&["--sql"], database]),
        (&["settings"], &[]),
        (&["token"], &[&["--sub", "--role", "--accounts", "--ttl"]]),
        (&["health"], &[&["--worker"], listen]),
    ] {
        let arguments = [command, &["--help"]].concat();
        let told = run(&[], &arguments).await.stdout;
        let words = told
            .lines()
            .map(|line| line.trim_start().split(' ').next().unwrap());
        let listed: Vec<&str> = words.filter(|word| word.starts_with("--")).collect();
        assert_eq!(listed, options.concat(), "{command:?}:\n{told}");
    }
}

#[tokio::test]
async fn faults_in_env_files_are_told_with_their_line_and_without_what_it_says() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join(".env");
    let told = async |text: &str, settings: &[(&str, &str)]| {
        std::fs::write(&path, text).unwrap();
        let mut program = program(settings, &["token", "--sub", "ada"]);
        let output = program.current_dir(scratch.path()).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let secret = format!("JWT_SECRET={SECRET:?}");
    for (text, line) in [
        (format!("# first\n\n{secret}\nAPI_PORT=hidden words\n"), 4),
        (format!("{secret}\nLOG_FORMAT='hidden\n"), 2),
        (format!("{secret}\n\nLOG_FORMAT=text\nhidden\n"), 4),
    ] {
        let (code, error) = told(&text, &[]).await;
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(&format!(".env, line {line}")), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    let wrong = format!("export LOG_FORMAT=text\n{secret}\n  export API_PORT = 80000\n");
    let (code, error) = told(&wrong, &[]).await;
    assert_eq!(code, Some(1), "{error}");
    for words in [".env, line 3", "API_PORT=80000", "65535"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    // It is not the file's fault when the environment overrides it.
    let (code, error) = told(&format!("{secret}\nAPI_PORT=8000\n"), &[("API_PORT", "80000")]).await;
    assert_eq!(code, Some(1), "{error}");
    assert!(!error.contains(".env"), "{error}");
    let (code, error) = told(&secret, &[]).await;
    assert_eq!(code, Some(0), "{error}");
}
