//! Limits on the work of conditions: of each on one resource, and of all of them for one caller.
//!
//! A thread that computes cannot be stopped from outside. So it checks itself, between two rules and within a condition
//! each time that patterns have looked through some kilobytes, whether its caller still waits and how much processor
//! time it has taken. What else a condition can do is bounded when it is compiled.

use rustix::time::{ClockId, clock_gettime};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Processor time of one rule on one resource, from where it becomes worth looking at.
const OF_RULE: Duration = Duration::from_millis(50);
/// Bytes that patterns look through between two looks at the clock.
const UNSEEN_BYTES: usize = 4096;
/// Rules between two looks at the clock.
const UNSEEN_RULES: u32 = 32;

/// Limits of the work on this thread.
#[derive(Default)]
struct ThreadAllowance {
    /// Ends the work of this thread, if it has an end.
    work: Option<WorkLimits>,
    /// Bytes that patterns looked through since the last look at the clock.
    bytes: usize,
    /// The thread's processor time at which the rule at hand is given up; none as long as it is quick.
    rule_ends: Option<Duration>,
    /// The rule at hand was given up.
    is_exceeded: bool,
}

struct WorkLimits {
    stop: StopFlag,
    /// The thread's processor time at which the work ends.
    ends: Duration,
    /// Rules since the last look at the clock.
    rules: u32,
    /// The work has ended, and nothing begins it again.
    is_over: bool,
}

thread_local! {
    static ALLOWANCE: RefCell<ThreadAllowance> = RefCell::default();
}

/// The processor time that this thread has taken.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

impl WorkLimits {
    /// True when the work has ended; looks at the clock only if asked to.
    fn look(&mut self, at_clock: bool) -> bool {
        self.is_over |= self.stop.is_stopped() || (at_clock && processor_time() >= self.ends);
        self.is_over
    }
}

/// Flag that ends work on another thread once its caller has gone.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Ends the work that was begun with this flag, at its next look.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Runs work that evaluates rules, on this thread. The work is over, for [`is_over`], when it has taken `most` processor time, or
/// when `stop` says so.
pub fn limited<T>(most: Duration, stop: StopFlag, work: impl FnOnce() -> T) -> T {
    struct ResetOnDrop;
    impl Drop for ResetOnDrop {
        fn drop(&mut self) {
            ALLOWANCE.with_borrow_mut(|allowance| *allowance = ThreadAllowance::default());
        }
    }
    let limits = WorkLimits {
        stop,
        ends: processor_time().saturating_add(most),
        rules: 0,
        is_over: false,
    };
    ALLOWANCE.with_borrow_mut(|allowance| allowance.work = Some(limits));
    let _over = ResetOnDrop;
    work()
}

/// True when the work of this thread is to end: its caller has gone, or it has taken all that it may. To be called between
/// two rules; what was evaluated since is not whole.
pub fn is_over() -> bool {
    ALLOWANCE.with_borrow_mut(|allowance| {
        allowance.work.as_mut().is_some_and(|work| {
            work.rules = work.rules.wrapping_add(1);
            work.look(work.rules.is_multiple_of(UNSEEN_RULES))
        })
    })
}

/// Evaluates a rule on a resource; `None` when it took too long and was given up.
pub(crate) fn of_rule<T>(evaluate: impl FnOnce() -> T) -> Option<T> {
    ALLOWANCE.with_borrow_mut(|allowance| {
        allowance.bytes = 0;
        allowance.rule_ends = None;
        allowance.is_exceeded = false;
    });
    let evaluated = evaluate();
    let is_exceeded = ALLOWANCE.with_borrow(|allowance| allowance.is_exceeded);
    (!is_exceeded).then_some(evaluated)
}

/// Takes notice that a pattern is to look through so many bytes; false when the rule is given up.
pub(crate) fn allows(bytes: usize) -> bool {
    ALLOWANCE.with_borrow_mut(|allowance| {
        allowance.bytes += bytes;
        if allowance.bytes >= UNSEEN_BYTES && !allowance.is_exceeded {
            allowance.bytes = 0;
            let now = processor_time();
            let ends = *allowance.rule_ends.get_or_insert(now.saturating_add(OF_RULE));
            let is_over = allowance.work.as_mut().is_some_and(|work| work.look(true));
            allowance.is_exceeded = is_over || now >= ends;
        }
        !allowance.is_exceeded
    })
}

#[cfg(test)]
#[path = "allowance_tests.rs"]
mod tests;
