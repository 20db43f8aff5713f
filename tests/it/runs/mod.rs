//! Runs: their states as rows, the jobs that they execute, schedules, and the workers that share them.

mod jobs;
mod schedules;
pub mod state;
mod workers;
