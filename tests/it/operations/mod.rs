//! Operations: commands, starting and stopping, signals, settings, logs and metrics.

mod cli;
mod evaluate;
#[cfg(feature = "embedded")]
mod first_start;
mod lifecycle;
mod logs;
mod metrics;
mod secret_files;
mod signals;
