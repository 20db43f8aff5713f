//! The service under faults: killed, frozen, restarted, its PostgreSQL stopped under it, while it works. Whatever is done
//! to it, the end is that of a run that nobody disturbed, and a subscriber that resumes has seen every change once.
//!
//! Each scenario is short here, and of full size with `FAULTS=full`; `bench/faults/<scenario>.sh` does that, one
//! scenario a script. `FAULTS_SIZE`, `FAULTS_COUNT` and `FAULTS_SEED` set one scenario's size, how often it is hit, and
//! the moments at which it is.
#![expect(clippy::print_stderr, reason = "a scenario says what it did")]

mod compare;
mod database_snapshot;
mod dataset;
mod fan_out;
mod kill;
#[cfg(feature = "embedded")]
mod postgres;
mod replicas;
mod rolling;
mod service_under_test;
mod subscriber;
mod work;

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::str::FromStr;

/// A number of a scenario: that of the variable, or else the one of the form that runs.
fn sized<T: FromStr>(variable: &str, short: T, full: T) -> T {
    let set = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    set.unwrap_or(if is_full() { full } else { short })
}

fn is_full() -> bool {
    std::env::var("FAULTS").is_ok_and(|form| form == "full")
}

/// Decides the moments. Printed at the start, so that a run can be repeated as far as time allows it.
fn moments(scenario: &str) -> StdRng {
    let seed = sized("FAULTS_SEED", 0, 0);
    let seed = if seed == 0 {
        rand::random::<u32>().into()
    } else {
        seed
    };
    eprintln!("{scenario}: FAULTS_SEED={seed}");
    StdRng::seed_from_u64(seed)
}
