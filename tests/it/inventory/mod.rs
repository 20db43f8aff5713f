//! The inventory: reconciling with reports, imports and uploads, resources that change accounts.

mod account_moves;
mod imports;
mod reconcile;
mod uploads;
