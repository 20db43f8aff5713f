//! Throughput of a run, and the time at which it will have ended.

use super::Run;
use crate::entities::RunStatus;
use chrono::{DateTime, TimeDelta, Utc};

/// Seconds below which a measurement says nothing.
const MIN_DURATION: f64 = 1.0;

/// Throughput of the present attempt, or of the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throughput {
    /// Units of work a second. `None` before the attempt has done anything, or has lasted for a second.
    pub rate: Option<f64>,
    /// When all will be done at that rate. `None` when the run is not running, or its total is not known.
    pub estimated_end_at: Option<DateTime<Utc>>,
}

/// Throughput of a run, as of its last heartbeat.
pub fn throughput(run: &Run) -> Throughput {
    let rate = rate(run);
    let estimated_end_at = match (run.status, rate, run.progress_total) {
        (RunStatus::Running, Some(rate), Some(total)) => {
            let left = (total - run.progress_done).max(0) as f64 / rate;
            let left = TimeDelta::try_seconds(left.ceil() as i64);
            left.and_then(|left| run.heartbeat_at?.checked_add_signed(left))
        }
        _ => None,
    };
    Throughput {
        rate,
        estimated_end_at,
    }
}

fn rate(run: &Run) -> Option<f64> {
    let until = match run.status {
        RunStatus::Queued => return None,
        RunStatus::Running => run.heartbeat_at?,
        RunStatus::Succeeded | RunStatus::Failed | RunStatus::Cancelled => run.finished_at?,
    };
    let seconds = (until - run.claimed_at?).as_seconds_f64();
    let done = run.progress_done - run.progress_claimed.unwrap_or(0);
    (seconds >= MIN_DURATION && done > 0).then(|| done as f64 / seconds)
}
