//! The whole state machine against a simple model in memory: whatever happens in whatever order, tags, their trail and
//! what is due are what the model says.
//!
//! `PROPTEST_CASES` sets how many cases are tried; a case that fails is made smaller and shown.

mod concurrent;
mod crash_point;
mod real;
mod snapshot;
mod state;
mod steps;

use crate::support::fixture::Fixture;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use real::{ANN, Outcome, Real, SOURCE, WORKER};
use snapshot::DatabaseSnapshot;
use state::Model;
use std::sync::atomic::{AtomicU64, Ordering};
use steps::{Act, Op, Verdict};

const CASES: u32 = 24;

/// Does to the model what `act` does to the service; says what the caller hears.
fn predict(model: &mut Model, act: &Act, next_rule: i64) -> Outcome {
    let told = |done: bool| if done { Outcome::Done } else { Outcome::Refused };
    match act {
        Act::Report(reports) => {
            for (slot, report) in reports {
                model.report(*slot, report.clone());
            }
            Outcome::Done
        }
        Act::Snapshot { reports, missing } => {
            for (slot, report) in reports {
                model.report(*slot, report.clone());
            }
            model.retire(missing, SOURCE);
            Outcome::Done
        }
        Act::EditNative(slot, report) => {
            model.report(*slot, report.clone());
            Outcome::Done
        }
        Act::DeleteResource(slot) => {
            model.delete_resource(*slot, ANN);
            Outcome::Done
        }
        Act::Evaluate { reload } => {
            if *reload {
                model.load();
            }
            model.evaluate(WORKER);
            Outcome::Done
        }
        Act::Decide(verdict, numbers) => decide(model, *verdict, numbers),
        Act::DecideKey(verdict, key) => {
            let pending = |tag: &state::Tag| tag.key == *key && tag.status == state::Status::Pending;
            let numbers = model.tags.iter().filter(|(_, tag)| pending(tag));
            let numbers: Vec<usize> = numbers.map(|(&number, _)| number).collect();
            decide(model, *verdict, &numbers)
        }
        Act::CreateTag(slot, key, value) => told(model.create_tag(*slot, key, value, ANN)),
        Act::UpdateTag(number, value) => told(model.update_tag(*number, value, ANN)),
        Act::DeleteTag(number) => told(model.delete_tag(*number, ANN)),
        Act::PutRule(id, draft) => {
            model.put_rule(id.unwrap_or(next_rule), Some(draft.clone()));
            Outcome::Done
        }
        Act::DeleteRule(id) => told(model.put_rule(*id, None)),
        Act::Abandon => {
            model.load();
            Outcome::Done
        }
        Act::Takeover => {
            model.load();
            model.evaluate(WORKER);
            Outcome::Done
        }
        Act::Cut(act, _) => predict(model, act, next_rule),
        Act::Nothing => Outcome::Done,
    }
}

fn decide(model: &mut Model, verdict: Verdict, numbers: &[usize]) -> Outcome {
    let decided = match verdict {
        Verdict::Approve => model.approve(numbers, ANN),
        Verdict::Deny => model.deny(numbers, ANN),
        Verdict::Undo => model.undo(numbers, ANN),
    };
    let place = |number: &usize| {
        let tag = &model.tags[number];
        (tag.slot, tag.key.clone(), tag.value.clone())
    };
    Outcome::Decided(decided.iter().map(place).collect())
}

/// States allowed when the step was cut off: nothing of it, or of a report what was reported before it ended.
fn undone(before: Model, act: &Act) -> Vec<Model> {
    let mut half = before.clone();
    match act {
        Act::Cut(act, _) if let Act::Snapshot { reports, .. } = &**act => {
            predict(&mut half, &Act::Report(reports.clone()), 0);
            vec![before, half]
        }
        _ => vec![before],
    }
}

/// One step on both sides, which must then be equal.
async fn step(model: Model, real: &mut Real<'_>, op: &Op, case: u64) -> Result<Model, String> {
    let act = op.resolve(&model, case);
    let mut before = model;
    before.begin_step();
    let mut after = before.clone();
    let predicted = predict(&mut after, &act, real.next_rule().await);
    let outcome = real.execute_act(&before, &act).await;
    let snapshot = real.snapshot().await;
    if matches!(act, Act::Cut(..)) {
        // A step that was cut off was done, or it was not; and the worker reads its rules anew.
        before.load();
        after.load();
        if outcome == Outcome::Unheard {
            for model in undone(before, &act) {
                if snapshot == DatabaseSnapshot::of_model(&model) {
                    return Ok(model);
                }
            }
        }
    } else if outcome != predicted {
        return Err(format!("{act:?}: told {outcome:?}, not {predicted:?}"));
    }
    match difference(&snapshot, &DatabaseSnapshot::of_model(&after)) {
        None => Ok(after),
        Some(difference) => Err(format!("{act:?}: {difference}")),
    }
}

/// Differences, in words.
fn difference(is: &DatabaseSnapshot, should: &DatabaseSnapshot) -> Option<String> {
    if is == should {
        return None;
    }
    let mut told = String::new();
    for place in is.tags.keys().chain(should.tags.keys()) {
        let (is, should) = (is.tags.get(place), should.tags.get(place));
        if is != should {
            told += &format!("\n  {place:?}\n    is     {is:?}\n    should {should:?}");
        }
    }
    for change in is.trail.iter().filter(|change| !should.trail.contains(change)) {
        told += &format!("\n  written, but should not be: {change:?}");
    }
    for change in should.trail.iter().filter(|change| !is.trail.contains(change)) {
        told += &format!("\n  not written: {change:?}");
    }
    let rest = |snapshot: &DatabaseSnapshot| {
        let rows = snapshot.trail.len();
        (
            snapshot.resources.clone(),
            snapshot.rules.clone(),
            snapshot.revision,
            snapshot.inferences,
            rows,
        )
    };
    if rest(is) != rest(should) {
        told += &format!("\n  is     {:?}\n  should {:?}", rest(is), rest(should));
    }
    Some(told)
}

async fn run(fixture: &Fixture, case: u64, ops: &[Op]) -> Result<(), String> {
    let mut real = Real::new(fixture, case).await;
    let mut model = Model::new(real.revision().await);
    let mut done = Ok(());
    for op in ops {
        match step(model.clone(), &mut real, op, case).await {
            Ok(next) => model = next,
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    real.close().await;
    done
}

#[test]
fn whatever_happens_the_tags_are_what_the_model_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let case = AtomicU64::new(0);
    let tried = TestRunner::new(config).run(&steps::ops(), |ops| {
        let case = case.fetch_add(1, Ordering::Relaxed);
        runtime
            .block_on(run(&fixture, case, &ops))
            .map_err(TestCaseError::fail)
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
    runtime.block_on(async move { drop(fixture) });
}
