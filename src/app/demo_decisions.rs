//! First decisions on the invented company, by invented people: so that calibration, history and audit trail are not empty
//! when somebody looks around. They are made as people make them, by the verbs of the domain.

use crate::auth::{AccountScope, Actor, Role};
use crate::domain::approvals::queue::{self, QueueOrder};
use crate::domain::approvals::{
    self, Decision, ResourceColumns, Selection, TagFilter, TagProjection, TagWithResource,
};
use crate::domain::coverage::SnapshotCoverageJob;
use crate::domain::evaluation::EngineSettings;
use crate::domain::inventory::list::{self as resources, ResourceFilter};
use crate::domain::keyset::Window;
use crate::domain::models::TrainModelJob;
use crate::entities::{JobName, RunStatus};
use crate::error::Result;
use crate::providers::Demo;
use crate::runs;
use sea_orm::DatabaseConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tagging::Vocabulary;
use tokio::time::sleep;

/// Pause between two looks at the runs.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Jobs after which the first suggestions are there, once they ran after the first.
const FIRST_JOBS: [JobName; 3] = [JobName::TrainModel, JobName::AutoTag, JobName::MineSuggestions];

/// Bounds of the confidences among which people decide alike many tags of each key.
const BANDS: [(f64, f64); 5] = [(0.7, 0.75), (0.75, 0.8), (0.8, 0.9), (0.9, 0.96), (0.96, 1.0)];
/// Tags of a key and band from which those to decide are taken.
const LOOKED_AT: u64 = 200;
/// Tags of a key and band that are decided.
const DECIDED: usize = 10;
/// Tags of them that are decided one by one.
const SINGLY: usize = 2;

const PEOPLE: [&str; 3] = [
    "lena.fischer@quillmoor.example",
    "samir.patel@quillmoor.example",
    "ola.berg@quillmoor.example",
];

/// True in a database that has no resources yet.
pub(super) async fn are_wanted(db: &DatabaseConnection) -> Result<bool> {
    let actor = Actor::system("demo");
    let all = ResourceFilter::default();
    Ok(resources::count(db, &actor, &all).await?.count == 0)
}

/// Makes the decisions once the first suggestions are there.
pub(super) async fn make(db: DatabaseConnection, engine: EngineSettings, demo: Demo) {
    let made = async {
        while !has_succeeded(&db, JobName::Discover).await? {
            sleep(LOOK_PAUSE).await;
        }
        // Now, not at the time of its schedule.
        runs::request(&db, &Actor::system("demo"), &TrainModelJob {}).await?;
        while !are_first_jobs_done(&db).await? {
            sleep(LOOK_PAUSE).await;
        }
        let decided = decide_some(&db, &engine, &truths(&demo, &engine.vocabulary())).await?;
        // The day's coverage was written before there was any.
        runs::request(&db, &Actor::system("demo"), &SnapshotCoverageJob {}).await?;
        Ok::<_, crate::error::Error>(decided)
    };
    match made.await {
        Ok(decided) => tracing::info!(decided, "invented people made their first decisions"),
        Err(error) => error.log("invented people could not decide"),
    }
}

async fn has_succeeded(db: &DatabaseConnection, job: JobName) -> Result<bool> {
    let last = runs::list::last_of_jobs(db, &AccountScope::All, vec![job]).await?;
    Ok(last.iter().any(|run| run.status == RunStatus::Succeeded))
}

/// True when the last run of each of the first jobs succeeded, that of auto-tagging with the model.
async fn are_first_jobs_done(db: &DatabaseConnection) -> Result<bool> {
    let last = runs::list::last_of_jobs(db, &AccountScope::All, FIRST_JOBS.to_vec()).await?;
    let succeeded = last.iter().filter(|run| run.status == RunStatus::Succeeded);
    let ids: HashMap<JobName, i64> = succeeded.map(|run| (run.job_name, run.id)).collect();
    let [training, then @ ..] = FIRST_JOBS;
    let is_after =
        |job: &JobName| matches!((ids.get(&training), ids.get(job)), (Some(first), Some(id)) if first < id);
    Ok(then.iter().all(is_after))
}

/// Right values by resource and key, in the words of the vocabulary.
type Truths = HashMap<String, BTreeMap<&'static str, String>>;

fn truths(demo: &Demo, vocabulary: &Vocabulary) -> Truths {
    let resources = demo.resources().into_iter();
    let truths = resources.map(|resource| {
        let canonical = |(key, value): (&'static str, String)| (key, vocabulary.canonical(key, &value).value);
        let truth = resource.truth.into_iter().map(canonical);
        (resource.report.resource_id, truth.collect())
    });
    truths.collect()
}

fn person(subject: &str) -> Actor {
    Actor {
        subject: subject.into(),
        role: Role::Approver,
        scope: AccountScope::All,
        expires_at: None,
    }
}

/// Decides some tags of each key and band, and returns their number.
async fn decide_some(db: &DatabaseConnection, engine: &EngineSettings, truths: &Truths) -> Result<usize> {
    let keys: BTreeSet<&str> = truths.values().flat_map(BTreeMap::keys).copied().collect();
    let mut decided = 0;
    for (number, key) in keys.into_iter().enumerate() {
        for (band, (from, to)) in BANDS.into_iter().enumerate() {
            let person = person(PEOPLE[(number + band) % PEOPLE.len()]);
            let filter = TagFilter {
                tag_key: Some(key.to_owned()),
                min_confidence: Some(from),
                max_confidence: Some(to),
                ..TagFilter::default()
            };
            decided += decide_band(db, engine, &person, &filter, truths).await?;
        }
    }
    Ok(decided)
}

/// Decides some tags of a band as they are right or wrong, some of them one by one, and returns their number.
async fn decide_band(
    db: &DatabaseConnection,
    engine: &EngineSettings,
    person: &Actor,
    filter: &TagFilter,
    truths: &Truths,
) -> Result<usize> {
    let projection = TagProjection {
        resource: Some(ResourceColumns::all()),
        ..TagProjection::default()
    };
    let window = Window::first(LOOKED_AT);
    let page = queue::list(db, person, filter, QueueOrder::Age, &window, projection).await?;
    let spread = page.rows.len().div_ceil(DECIDED).max(1);
    let known = page.rows.into_iter().step_by(spread).filter_map(|row| {
        let right = right_value(&row, truths)?;
        Some((row.tag.id, row.tag.tag_value == right, right))
    });
    let (singly, together): (Vec<_>, Vec<_>) = known.enumerate().partition(|(at, _)| *at < SINGLY);
    for (_, (id, is_right, right)) in &singly {
        let selection = Selection::Ids(vec![*id]);
        if *is_right {
            decide(db, person, Decision::Approve, selection).await?;
        } else {
            let reason = Some("another one, see the team's list".to_owned());
            approvals::correct(db, &engine.vocabulary(), person, selection, right, reason).await?;
        }
    }
    for decision in [Decision::Approve, Decision::Deny] {
        let of_decision = together
            .iter()
            .filter(|(_, (_, is_right, _))| *is_right == (decision == Decision::Approve));
        let ids: Vec<i64> = of_decision.map(|(_, (id, ..))| *id).collect();
        if !ids.is_empty() {
            decide(db, person, decision, Selection::Ids(ids)).await?;
        }
    }
    Ok(singly.len() + together.len())
}

async fn decide(
    db: &DatabaseConnection,
    person: &Actor,
    decision: Decision,
    selection: Selection,
) -> Result<()> {
    let reason = match decision {
        Decision::Approve => "as the account and the name say",
        Decision::Deny | Decision::Undo => "belongs to another team",
    };
    approvals::decide(db, person, decision, selection, Some(reason.to_owned())).await?;
    Ok(())
}

fn right_value(row: &TagWithResource, truths: &Truths) -> Option<String> {
    let resource = row.resource.as_ref()?;
    truths
        .get(&resource.resource_id)?
        .get(row.tag.tag_key.as_str())
        .cloned()
}
