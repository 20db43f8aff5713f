//! The inventory: reconciling with reports, imports and uploads, resources that change accounts.

mod account_moves;
mod aws_sources;
mod coverage;
mod coverage_reports;
mod demo;
mod effective_tags;
mod file_contents;
mod file_formats;
mod imports;
mod kinds_of_input;
mod reconcile;
mod sources;
mod uploads;
