//! Settings that come from files, as containers have their secrets.

use crate::support::db::TestDb;
use crate::support::process::{Serving, program, run};
use crate::support::service::SECRET;

#[tokio::test]
async fn secrets_come_from_files_and_a_flag_wins_over_them() {
    let (database, directory) = (TestDb::create().await, tempfile::tempdir().unwrap());
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let url = database.url();
    let url_file = write("database_url", &format!("{url}\n"));
    let secret_file = write("jwt_secret", &format!("{SECRET}\n"));
    let settings = [
        ("DATABASE_URL_FILE", url_file.as_str()),
        ("JWT_SECRET_FILE", &secret_file),
        ("ENVIRONMENT", "production"),
        ("ENABLE_WORKERS", "false"),
    ];
    let token = run(&settings, &["token", "--sub", "ada"]).await;
    assert_eq!(token.code, 0, "{}", token.stderr);
    let service = Serving::start(&settings).await;
    let client = reqwest::Client::new();
    let request = client.post(format!("{}/graphql", service.url));
    let query = r#"{"query": "{ viewer { subject } }"}"#;
    let request = request.header("Content-Type", "application/json").body(query);
    let answer = request.bearer_auth(token.stdout.trim()).send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["data"]["viewer"]["subject"], "ada");
    assert!(service.end("-TERM").await.0.success());

    let elsewhere = write("elsewhere", "postgres://nobody@127.0.0.1:1/nothing");
    let settings = [("DATABASE_URL_FILE", elsewhere.as_str())];
    let flag = run(&settings, &["--database-url", &url, "migrate", "status"]).await;
    assert_eq!(flag.code, 0, "{}", flag.stderr);
}

#[tokio::test]
async fn a_file_of_the_environment_wins_over_a_value_in_dot_env() {
    let directory = tempfile::tempdir().unwrap();
    let secret_file = directory.path().join("jwt_secret");
    std::fs::write(&secret_file, SECRET).unwrap();
    std::fs::write(directory.path().join(".env"), "JWT_SECRET=short\n").unwrap();
    let settings = [("JWT_SECRET_FILE", secret_file.to_str().unwrap())];
    let mut token = program(&settings, &["token", "--sub", "ada"]);
    let ended = token.current_dir(directory.path()).output().await.unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_or_is_given_twice_stops_the_start() {
    for (settings, words) in [
        (
            &[("JWT_SECRET_FILE", "/nowhere/jwt_secret")][..],
            "JWT_SECRET_FILE=/nowhere/jwt_secret: No such file",
        ),
        (
            &[("JWT_SECRET_FILE", "/dev/null"), ("JWT_SECRET", SECRET)],
            "JWT_SECRET and JWT_SECRET_FILE are both set",
        ),
        (&[("JWT_SECRET_FILE", "/dev/null")], "the file is empty"),
    ] {
        let ended = run(settings, &["serve"]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{settings:?}");
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn only_who_answers_callers_needs_a_secret_of_theirs() {
    let database = TestDb::create().await;
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("ENVIRONMENT", "production")];
    let migrated = run(&settings, &["migrate", "up"]).await;
    assert_eq!(migrated.code, 0, "{}", migrated.stderr);
    let serving = run(&settings, &["serve"]).await;
    assert_eq!(serving.code, 1);
    assert!(serving.stderr.contains("JWT_SECRET"), "{}", serving.stderr);
}
