//! Models: trained, activated, turned down, rolled back, pinned, cancelled, and due by themselves.

use crate::support::decisions::decide;
use crate::support::fixture::{
    Fixture, actor, approver, limited, resource, rule, settings, shipped_vocabulary,
};
use crate::support::runs::{actor as requester, claim, request, run_of};
use sea_orm::EntityTrait;
use std::sync::Arc;
use virtual_tagging::auth::{Actor, Role};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::approvals::{self, Decision, NewTag};
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::evaluation::{self, DryRuns, EngineSettings, load_engine};
use virtual_tagging::domain::models::{self, ModelStatus, ModelVersion, TrainModelJob, load};
use virtual_tagging::domain::{RunStatus, revision};
use virtual_tagging::entities::trained_model;
use virtual_tagging::error::Error;
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, Job};

/// A resource of a service, tagged with the team that runs it if there is one.
pub(super) fn member(service: &str, number: usize, team: Option<&str>) -> ResourceReport {
    let mut report = resource(&format!("{service}-worker-{number}"));
    report.account_id = format!("account-of-{service}");
    if let Some(team) = team {
        report.native_tags.insert("team".into(), team.into());
    }
    report
}

/// Two services with tagged and untagged resources.
pub(super) async fn estate() -> Fixture {
    let fixture = Fixture::new().await;
    let reports: Vec<_> = (0..60)
        .flat_map(|number| {
            let tagged = number < 40;
            [
                member("ledger", number, tagged.then_some("finance")),
                member("parcel", number, tagged.then_some("logistics")),
            ]
        })
        .collect();
    fixture.report(&reports).await;
    fixture
}

/// A run of the training, from its request to its end.
pub async fn train(fixture: &Fixture, settings: &EngineSettings) -> ModelVersion {
    let id = request(&fixture.pool, TrainModelJob {}).await.id;
    let handle = claim(&fixture.pool, id, "trainer").await.unwrap();
    let context = (fixture.pool.clone(), settings.clone());
    TrainModelJob {}.run(&context, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
    assert_eq!(run_of(&fixture.pool, id).await.status, RunStatus::Succeeded);
    all(fixture).await.pop().unwrap()
}

async fn all(fixture: &Fixture) -> Vec<ModelVersion> {
    let mut all = trained_model::Entity::find().all(&fixture.pool).await.unwrap();
    all.sort_by_key(|model| model.version);
    all
}

async fn model_in_use(fixture: &Fixture, settings: &EngineSettings) -> String {
    load_engine(&fixture.pool, settings).await.unwrap().model_version
}

async fn revision_now(fixture: &Fixture) -> i64 {
    revision::current(&fixture.pool).await.unwrap().revision
}

/// Tags the untagged half of a service with another team than its other half has.
async fn tag_the_rest(fixture: &Fixture) {
    let reports: Vec<_> = (40..60)
        .flat_map(|number| {
            [
                member("ledger", number, Some("finance")),
                member("parcel", number, Some("logistics")),
                member("stock", number, Some("retail")),
                member("stock", number + 100, Some("retail")),
            ]
        })
        .collect();
    fixture.report(&reports).await;
}

#[tokio::test]
async fn the_first_model_is_put_into_use_and_infers_what_the_estate_says() {
    let fixture = estate().await;
    let before = revision_now(&fixture).await;
    let model = train(&fixture, &settings()).await;
    assert_eq!(
        (model.status, model.resource_count, model.native_labels),
        (ModelStatus::Active, 120, 80)
    );
    assert_eq!(revision_now(&fixture).await, before + 1);
    let metrics = model.metrics.as_array().unwrap();
    let team = metrics.iter().find(|metrics| metrics["key"] == "team").unwrap();
    assert_eq!(team["support"], 80);
    fixture.auto_tag().await;
    let version = format!("ml_inferences WHERE model_version = '{}'", model.version);
    assert_eq!(fixture.count(&version).await, 120);
    let inferred = "virtual_tags t JOIN resources r ON r.id = t.resource_id
         WHERE t.tag_key = 'team' AND t.tag_value = CASE WHEN r.name LIKE 'ledger%' THEN 'finance' ELSE 'logistics' END
           AND NOT r.native_tags ? 'team'";
    assert_eq!(fixture.count(inferred).await, 40);
    assert_eq!(
        fixture
            .count("virtual_tags WHERE tag_key = 'team' AND source = 'NEIGHBOUR'")
            .await,
        40
    );
}

#[tokio::test]
async fn a_preview_of_a_rule_knows_what_the_model_infers() {
    use virtual_tagging::domain::evaluation::PreviewOutcome::{AlreadyHolds, NewTag, NotProposed};
    let fixture = estate().await;
    let settings = settings();
    let mut unsure = rule("unsure", "resource.name.startsWith('ledger-')", "team", "finance");
    unsure.confidence = 0.5;
    let outcomes = async || {
        let (runs, ann) = (DryRuns::new(fixture.pool.clone()), approver("ann"));
        let preview = evaluation::preview(&fixture.pool, &runs, &ann, &settings, unsure.clone(), None);
        preview.await.unwrap().outcomes.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(outcomes().await, [(AlreadyHolds, 40), (NotProposed, 20)]);
    train(&fixture, &settings).await;
    assert_eq!(
        outcomes().await,
        [(NewTag, 20), (AlreadyHolds, 40)],
        "the model agrees"
    );
}

#[tokio::test]
async fn a_model_stays_in_use_after_a_restart_and_is_loaded_once() {
    let fixture = estate().await;
    let model = train(&fixture, &settings()).await;
    let restarted = settings();
    for _ in 0..2 {
        assert_eq!(
            model_in_use(&fixture, &restarted).await,
            model.version.to_string()
        );
    }
    // A loaded model is kept: the bytes are not asked for again.
    sql::execute(&fixture.pool, "DELETE FROM model_parts", [])
        .await
        .unwrap();
    assert_eq!(
        model_in_use(&fixture, &restarted).await,
        model.version.to_string()
    );
    assert_eq!(model_in_use(&fixture, &settings()).await, load::UNTRAINED);
}

#[tokio::test]
async fn a_model_that_is_not_better_is_turned_down_and_changes_nothing() {
    let fixture = estate().await;
    let first = train(&fixture, &settings()).await;
    fixture.auto_tag().await;
    let before = revision::current(&fixture.pool).await.unwrap();
    let second = train(&fixture, &settings()).await;
    assert_eq!(second.status, ModelStatus::Rejected);
    assert!(
        second.status_reason.contains("not below"),
        "{}",
        second.status_reason
    );
    let comparison = second.comparison.unwrap();
    assert_eq!(comparison["candidate"], comparison["inUse"]);
    assert_eq!(revision::current(&fixture.pool).await.unwrap(), before);
    assert_eq!(
        model_in_use(&fixture, &settings()).await,
        first.version.to_string()
    );
}

/// The same estate and seed give the same bytes.
#[tokio::test]
async fn training_is_deterministic() {
    let fixture = estate().await;
    train(&fixture, &settings()).await;
    train(&fixture, &settings()).await;
    let different = "SELECT count(DISTINCT (part, bytes)) FROM model_parts";
    assert_eq!(fixture.number(different, []).await, 1);
}

#[tokio::test]
async fn a_better_model_takes_the_place_of_the_one_in_use_and_can_be_rolled_back() {
    let fixture = estate().await;
    let first = train(&fixture, &settings()).await;
    tag_the_rest(&fixture).await;
    let second = train(&fixture, &settings()).await;
    assert_eq!(second.status, ModelStatus::Active, "{}", second.status_reason);
    assert_eq!(all(&fixture).await[0].status, ModelStatus::Retired);
    fixture.auto_tag().await;

    let (pool, before) = (&fixture.pool, revision_now(&fixture).await);
    let version = first.version.to_string();
    let reason = Some("the new one is worse".to_owned());
    let refused = async |actor: Actor| models::rollback(pool, &actor, &version, None).await;
    assert!(matches!(refused(approver("ann")).await, Err(Error::Forbidden(_))));
    assert!(matches!(
        refused(limited("111122223333")).await,
        Err(Error::Forbidden(_))
    ));
    let ada = actor("ada", Role::Admin);
    for unknown in ["99", "none"] {
        let refused = models::rollback(pool, &ada, unknown, None).await;
        assert!(matches!(refused, Err(Error::Validation(_))));
    }
    let rolled = models::rollback(pool, &ada, &version, reason).await.unwrap();
    assert_eq!(
        (rolled.version, rolled.status),
        (first.version, ModelStatus::Active)
    );
    assert_eq!(all(&fixture).await[1].status, ModelStatus::Retired);
    let again = models::rollback(pool, &ada, &version, None).await;
    assert!(matches!(again, Err(Error::Validation(_))));
    assert_eq!(revision_now(&fixture).await, before + 1);
    let trail =
        "admin_changes WHERE subject_type = 'MODEL' AND actor = 'ada' AND before ->> 'activeVersion' = '2'
         AND after ->> 'activeVersion' = '1' AND after ->> 'reason' = 'the new one is worse'";
    assert_eq!(fixture.count(trail).await, 1);
    assert_eq!(model_in_use(&fixture, &settings()).await, version);
    fixture.auto_tag().await;
    assert_eq!(
        fixture
            .count(
                "ml_inferences WHERE model_version = '1' AND revision = (SELECT revision FROM engine_state)"
            )
            .await,
        fixture.count("resources").await
    );
}

#[tokio::test]
async fn a_pinned_version_is_worked_with_and_one_that_does_not_exist_is_not_invented() {
    let fixture = estate().await;
    train(&fixture, &settings()).await;
    tag_the_rest(&fixture).await;
    let second = train(&fixture, &settings()).await;
    assert_eq!(second.status, ModelStatus::Active);
    let pinned = |version: &str| {
        let mut pinned = settings();
        pinned.pinned_model = Some(version.into());
        pinned
    };
    assert_eq!(model_in_use(&fixture, &pinned("1")).await, "1");
    assert_ne!(pinned("1").fingerprint(), settings().fingerprint());
    for unknown in ["99", "rules-1"] {
        assert_eq!(model_in_use(&fixture, &pinned(unknown)).await, load::UNTRAINED);
        assert!(!load::exists(&fixture.pool, unknown).await.unwrap());
    }
}

#[tokio::test]
async fn a_cancelled_training_leaves_no_model() {
    let fixture = estate().await;
    let run = request(&fixture.pool, TrainModelJob {}).await;
    let handle = claim(&fixture.pool, run.id, "trainer").await.unwrap();
    runs::cancel(
        &fixture.pool,
        &jobs::definitions(),
        &requester(Role::Admin),
        run.id,
    )
    .await
    .unwrap();
    let context = (fixture.pool.clone(), settings());
    TrainModelJob {}.run(&context, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
    assert_eq!(run_of(&fixture.pool, run.id).await.status, RunStatus::Cancelled);
    assert_eq!(
        fixture.count("models").await + fixture.count("model_parts").await,
        0
    );
}

#[tokio::test]
async fn one_training_at_a_time() {
    let fixture = Arc::new(estate().await);
    let first = request(&fixture.pool, TrainModelJob {}).await.id;
    assert_eq!(request(&fixture.pool, TrainModelJob {}).await.id, first);
    let handle = claim(&fixture.pool, first, "one").await.unwrap();
    let second = request(&fixture.pool, TrainModelJob {}).await.id;
    assert_ne!(first, second);
    assert!(claim(&fixture.pool, second, "other").await.is_none());
    let context = (fixture.pool.clone(), settings());
    TrainModelJob {}.run(&context, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
    assert!(claim(&fixture.pool, second, "other").await.is_some());
}

#[tokio::test]
async fn decisions_are_labels_and_denied_values_count_against_themselves() {
    let fixture = estate().await;
    train(&fixture, &settings()).await;
    fixture.auto_tag().await;
    let proposed: Vec<_> = fixture
        .tags()
        .await
        .into_iter()
        .filter(|tag| tag.tag_key == "team")
        .collect();
    let (approved, denied) = (&proposed[0], &proposed[1]);
    decide(&fixture, &approver("ann"), Decision::Approve, &[approved.id]).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied.id]).await;
    let corrected = NewTag {
        resource_id: denied.resource_id,
        tag_key: "team".into(),
        tag_value: "platform".into(),
        reason: None,
    };
    approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), corrected)
        .await
        .unwrap();
    let model = train(&fixture, &settings()).await;
    assert_eq!(
        (model.native_labels, model.decided_labels, model.denied_labels),
        (80, 2, 1)
    );
}

#[tokio::test]
async fn a_training_is_due_without_a_model_and_when_the_estate_changed() {
    let fixture = Fixture::new().await;
    let is_due = async || {
        let txn = fixture.pool.begin().await.unwrap();
        TrainModelJob::is_due(&txn).await.unwrap()
    };
    assert!(!is_due().await, "an empty estate teaches nothing");
    let members = |range: std::ops::Range<usize>| -> Vec<_> {
        range
            .map(|number| member("ledger", number, Some("finance")))
            .collect()
    };
    fixture.report(&members(0..40)).await;
    assert!(is_due().await);
    train(&fixture, &settings()).await;
    assert!(!is_due().await);
    fixture.report(&members(40..50)).await;
    assert!(!is_due().await, "a few changes are no reason");
    fixture.report(&members(50..70)).await;
    assert!(is_due().await);
    train(&fixture, &settings()).await;
    assert!(!is_due().await);
    let ids: Vec<i64> = {
        let mut ids = Vec::new();
        for resource in 1..=20 {
            ids.push(fixture.tag(resource, "owner", "someone", 0.8).await);
        }
        ids
    };
    decide(&fixture, &approver("ann"), Decision::Approve, &ids).await;
    assert!(is_due().await, "decisions are labels");
    train(&fixture, &settings()).await;
    assert!(!is_due().await);
    let other_format = "UPDATE model_parts SET bytes = set_byte(bytes, 4, get_byte(bytes, 4) - 1)";
    sql::execute(&fixture.pool, other_format, []).await.unwrap();
    assert!(
        is_due().await,
        "a model of another version of the program is of no use"
    );
    train(&fixture, &settings()).await;
    assert!(!is_due().await);
}

#[tokio::test]
async fn the_newest_models_and_those_in_use_are_kept() {
    let fixture = estate().await;
    train(&fixture, &settings()).await;
    let copies =
        "INSERT INTO models (status, status_reason, window_end, window_xid, resource_count, native_labels,
             decided_labels, rule_labels, denied_labels, seed, vocabulary, metrics, byte_count)
         SELECT 'REJECTED', 'a copy', window_end, window_xid, 1, 1, 1, 1, 1, 1, vocabulary, metrics, 0
           FROM models, generate_series(1, 14)";
    sql::execute(&fixture.pool, copies, []).await.unwrap();
    assert_eq!(models::prune(&fixture.pool, Some("3")).await.unwrap(), 3);
    let kept: Vec<i64> = all(&fixture).await.iter().map(|model| model.version).collect();
    assert_eq!(kept, [vec![1, 3], (6..=15).collect()].concat());
    assert_eq!(kept.len() as i64, models::KEEP_MODELS + 2);
}
