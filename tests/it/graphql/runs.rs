//! Visibility of runs by actor.

use crate::support::api::{Api, actor};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::db::sql;

/// Everything that a run shows.
const RUN: &str = "id jobName source dryRun decision status attempt maxAttempts priority helps runAt scheduledFor
    progressDone progressTotal rate estimatedEndAt counts { name count } error requestedBy worker heartbeatAt
    cancelRequestedAt cancelRequestedBy createdAt startedAt attemptStartedAt finishedAt isRedacted
    importPlan { inserted updated unchanged rejected samples { line } } rejections { totalCount nodes { reason } }
    decisions { totalCount nodes { outcome tag { tagKey } } }";

/// Fields that callers limited to accounts may not read.
const SECRET: &str = "aws_secret_first_line";

/// Failed and done runs that say a lot: of discovery, imports, and bulk decisions about both accounts, and about one.
const RUNS: [&str; 3] = [
    "INSERT INTO scheduler_jobs (job_name, arguments, status, attempt, progress_done, progress_total, counts, error,
            requested_by, worker, cancel_requested_at, cancel_requested_by, singleton_key, started_at, claimed_at,
            progress_claimed, finished_at, accounts)
     SELECT job, arguments::jsonb, status, 2, 7777, 8888, '{\"inserted\": 7777, \"approved\": 7777}', error,
            'aws_secret_first_line', 'aws_secret_first_line', now(), 'aws_secret_first_line',
            job || ':aws_secret_first_line', now() - interval '1 hour', now() - interval '1 hour', 0, now(),
            accounts::text[]
       FROM (VALUES
         ('discover', '{\"source\": \"file:/aws_secret_first_line\"}', 'FAILED', 'file: aws_secret_first_line', NULL),
         ('import', '{\"file_id\": 1, \"dry_run\": true, \"mode\": \"good_rows\"}', 'SUCCEEDED', NULL, NULL),
         ('import', '{\"file_id\": 2, \"dry_run\": false, \"mode\": \"good_rows\"}', 'FAILED',
          'the header lacks the column cloud (found: aws_secret_first_line)', NULL),
         ('auto_tag', '{}', 'FAILED', 'aws_secret_first_line', NULL),
         ('decide', '{\"decision\": \"deny\", \"reason\": \"aws_secret_first_line\"}', 'FAILED', 'aws_secret_first_line',
          '{account-0,account-1}'),
         ('decide', '{\"decision\": \"deny\", \"reason\": \"theirs\"}', 'FAILED', 'about account-1', '{account-1}')
       ) runs(job, arguments, status, error, accounts)",
    "INSERT INTO decision_items (run_id, position, resource_id, virtual_tag_id, account_id, seen_at)
     SELECT j.id, row_number() OVER (PARTITION BY j.id ORDER BY t.id), t.resource_id, t.id, t.account_id, t.updated_at
       FROM scheduler_jobs j JOIN virtual_tags t ON t.account_id = ANY (j.accounts)",
    "UPDATE scheduler_jobs SET requested_by = 'bob', cancel_requested_by = 'bob', worker = 'w'
      WHERE accounts = '{account-1}'",
];

async fn with_runs() -> Api {
    let api = Api::with_rows(4).await;
    for statement in RUNS {
        sql::execute(&api.fixture.pool, statement, []).await.unwrap();
    }
    api
}

fn limited(role: Role) -> Actor {
    actor(role, AccountScope::Only(vec!["account-1".into()]))
}

async fn asked(api: &Api, who: Actor, query: &str, variables: Value) -> Value {
    serde_json::to_value(api.answer_to(Some(who), query, variables).await).unwrap()
}

/// The runs of [`RUNS`] in their order.
async fn runs(api: &Api, who: Actor) -> Vec<Value> {
    let query = format!(
        "{{ jobRuns(last: 6, filter: {{createdFrom: \"2025-01-01T00:00:00Z\"}}) {{ nodes {{ {RUN} }} }} }}"
    );
    let answer = asked(api, who, &query, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let mut nodes = answer["data"]["jobRuns"]["nodes"].as_array().unwrap().clone();
    nodes.reverse();
    assert_eq!(nodes.len(), 6);
    nodes
}

#[tokio::test]
async fn runs_about_other_accounts_show_where_they_stand_and_nothing_else() {
    let api = with_runs().await;
    let whole = runs(&api, actor(Role::Viewer, AccountScope::All)).await;
    assert!(
        whole
            .iter()
            .all(|run| run["isRedacted"] == false && run["progressDone"] == 7777)
    );
    assert_eq!(whole[1]["importPlan"]["inserted"], 7777);
    assert_eq!(whole[0]["source"], format!("file:/{SECRET}"));
    assert!(whole[2]["error"].as_str().unwrap().contains(SECRET));

    let seen = runs(&api, limited(Role::Admin)).await;
    for (run, whole) in seen[..5].iter().zip(&whole) {
        let text = run.to_string();
        assert!(
            !text.contains(SECRET) && !text.contains("7777") && !text.contains("8888"),
            "{text}"
        );
        for field in [
            "id",
            "jobName",
            "status",
            "attempt",
            "createdAt",
            "startedAt",
            "finishedAt",
        ] {
            assert_eq!(run[field], whole[field], "{field}");
        }
        assert_eq!(run["isRedacted"], true);
        let nothing = [
            "source",
            "dryRun",
            "decision",
            "progressTotal",
            "rate",
            "worker",
            "importPlan",
        ];
        assert!(nothing.iter().all(|field| run[field].is_null()), "{text}");
        assert_eq!(run["error"].is_null(), whole["error"].is_null(), "{text}");
        assert_eq!(
            (&run["counts"], &run["requestedBy"]),
            (&json!([]), &json!("another caller"))
        );
    }
    // Decisions in the caller's own account are the caller's to know, whoever made them.
    let own = |run: &Value| run["decisions"]["totalCount"].clone();
    assert_eq!((own(&seen[4]), own(&whole[4])), (json!(6), json!(8_888)));
    let (seen, mut whole) = (&seen[5], whole[5].clone());
    whole["decisions"] = seen["decisions"].clone();
    assert_eq!((seen, own(seen)), (&whole, json!(6)));
}

#[tokio::test]
async fn every_way_to_a_run_shows_the_same_of_it() {
    let api = with_runs().await;
    let ids: Vec<Value> = runs(&api, limited(Role::Viewer))
        .await
        .iter()
        .map(|run| run["id"].clone())
        .collect();
    let schedules = "INSERT INTO schedules (job_name, cron, active_from)
         SELECT unnest(ARRAY['discover', 'auto_tag']), '0 0 1 1 *', now()";
    sql::execute(&api.fixture.pool, schedules, []).await.unwrap();
    let ways = format!(
        "query($ids: [ID!]!, $id: ID!) {{ jobRun(id: $id) {{ {RUN} }} nodes(ids: $ids) {{ ... on JobRun {{ {RUN} }} }}
           schedules {{ lastRun {{ {RUN} }} }} dashboard {{ lastRuns {{ {RUN} }} openRuns }} }}"
    );
    let variables = json!({"ids": ids[..5], "id": ids[0]});
    let answer = asked(&api, limited(Role::Admin), &ways, variables).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let text = answer.to_string();
    assert!(
        !text.contains(SECRET) && text.matches("another caller").count() > 8,
        "{text}"
    );
    // A filter meets what is shown.
    for (who, shown) in [(SECRET, json!([])), ("bob", json!([{ "id": ids[5] }]))] {
        let by = format!("{{ jobRuns(filter: {{requestedBy: \"{who}\"}}) {{ totalCount nodes {{ id }} }} }}");
        let found = asked(&api, limited(Role::Admin), &by, json!({})).await;
        assert_eq!(found["data"]["jobRuns"]["nodes"], shown, "{who}");
    }
}

/// A requester who may see fewer accounts by now controls the run without seeing more of it than others do.
#[tokio::test]
async fn a_changed_run_shows_no_more_than_one_that_is_read() {
    let api = with_runs().await;
    let asked_for = "UPDATE scheduler_jobs SET requested_by = 'ada' WHERE accounts = '{account-0,account-1}'";
    sql::execute(&api.fixture.pool, asked_for, []).await.unwrap();
    let id = runs(&api, limited(Role::Approver)).await[4]["id"].clone();
    for verb in ["retryRun", "cancelRun"] {
        let change = format!(
            "mutation($id: ID!) {{ {verb}(input: {{id: $id}}) {{ run {{ {RUN} }} userErrors {{ code }} }} }}"
        );
        let answer = asked(&api, limited(Role::Approver), &change, json!({ "id": id })).await;
        let run = &answer["data"][verb]["run"];
        assert_eq!((&run["id"], &run["isRedacted"]), (&id, &json!(true)), "{answer}");
        assert!(!answer.to_string().contains("7777"), "{answer}");
    }
}

/// The answers say neither which sources there are nor what runs about other accounts did.
#[tokio::test]
async fn refusals_tell_limited_callers_nothing_of_sources_and_runs() {
    let api = with_runs().await;
    let messages = async |query: String| {
        let answer = asked(&api, limited(Role::Admin), &query, json!({})).await;
        let data = answer["data"]
            .as_object()
            .and_then(|data| data.values().next().cloned());
        let errors = answer
            .get("errors")
            .cloned()
            .or_else(|| Some(data?["userErrors"].clone()));
        let each = errors.unwrap().as_array().unwrap()[0].clone();
        (
            each["message"].clone(),
            each["code"].clone(),
            each["extensions"]["code"].clone(),
        )
    };
    let discover = |source: &str| {
        messages(format!(
            "mutation {{ runDiscovery(input: {{source: \"{source}\"}}) {{ userErrors {{ code message }} }} }}"
        ))
    };
    let known = discover("simulated").await;
    assert_eq!(known.2, "FORBIDDEN");
    assert_eq!(discover("file:/none").await, known);
    let undo = |run: i64| {
        let id = URL_SAFE_NO_PAD.encode(format!("JobRun:{run}"));
        messages(format!(
            "mutation {{ undoDecisions(input: {{run: \"{id}\"}}) {{ userErrors {{ code message }} }} }}"
        ))
    };
    let unknown = undo(1_000_000).await;
    assert_eq!(unknown.1, "NOT_FOUND");
    let newest = api.fixture.number("SELECT max(id) FROM scheduler_jobs", []).await;
    sql::execute(
        &api.fixture.pool,
        "DELETE FROM decision_items WHERE account_id = 'account-1'",
        [],
    )
    .await
    .unwrap();
    for run in newest - 5..=newest {
        assert_eq!(undo(run).await, unknown, "{run}");
    }
}

/// The table itself is closed to who reads for limited callers.
#[tokio::test]
async fn a_finder_that_forgets_the_scope_finds_no_runs() {
    let mut api = with_runs().await;
    api.services.db = api.fixture.scoped.clone();
    api.services.reads = api.services.scoped.clone();
    api.schema = virtual_tagging::graphql::schema::build(api.services.clone());
    let query = format!("{{ jobRuns {{ nodes {{ {RUN} }} }} }}");
    let forgetful = actor(Role::Admin, AccountScope::All);
    let own = AccountScope::Only(vec!["account-1".into()]);
    let answer = asked(&api, forgetful, &query, json!({}));
    let answer = virtual_tagging::auth::with_account_scope(&own, Box::pin(answer)).await;
    assert!(!answer.to_string().contains(SECRET), "{answer}");
}

#[tokio::test]
async fn what_is_no_id_costs_its_own_result_and_not_the_others() {
    let api = Api::with_rows(2).await;
    let tags = api
        .ask("{ virtualTags { nodes { id } } resources { nodes { id } } }")
        .await;
    let tag = |n: usize| tags["virtualTags"]["nodes"][n]["id"].clone();
    let ids = json!([
        tag(0),
        "nonsense",
        tags["resources"]["nodes"][0]["id"],
        tag(1),
        tag(0),
        "",
        7
    ]);
    let decide = |verb: &str, kind: &str| {
        format!(
            "mutation($input: {kind}!) {{ {verb}(input: $input) {{ decided refused userErrors {{ code }}
            results {{ id tagId outcome tag {{ id }} userError {{ code field message }} }} }} }}"
        )
    };
    let mut seen = std::collections::HashSet::new();
    for (verb, kind, outcome) in [
        ("approveTags", "ApproveTagsInput", "APPROVED"),
        ("undoDecisions", "UndoDecisionsInput", "UNDONE"),
        ("denyTags", "DenyTagsInput", "DENIED"),
    ] {
        let answer = api
            .data(&decide(verb, kind), json!({"input": {"ids": ids}}))
            .await[verb]
            .take();
        assert_eq!(
            (&answer["decided"], &answer["refused"]),
            (&json!(2), &json!(4)),
            "{answer}"
        );
        let results = answer["results"].as_array().unwrap();
        let outcomes: Vec<_> = results
            .iter()
            .map(|result| (&result["tagId"], &result["outcome"]))
            .collect();
        let (done, none) = (json!(outcome), json!("NOT_FOUND"));
        let given = [&ids[0], &ids[1], &ids[2], &ids[3], &ids[5], &json!("7")];
        let expected = [&done, &none, &none, &done, &none, &none];
        assert_eq!(
            outcomes,
            given.into_iter().zip(expected).collect::<Vec<_>>(),
            "{answer}"
        );
        assert_eq!(
            results[2]["userError"],
            json!({"code": "NOT_FOUND", "field": "ids",
            "message": "this is the id of a Resource, not of a VirtualTag"})
        );
        // A cache that keeps objects by their ids keeps all of them.
        assert!(
            results.iter().all(|result| seen.insert(result["id"].to_string())),
            "{answer}"
        );
    }
}
