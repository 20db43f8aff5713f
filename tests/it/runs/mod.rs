//! Runs: their states as rows, the jobs that they execute, schedules, and the workers that share them.

mod jobs;
mod schedules;
mod state;
mod workers;
