//! Cost: imports of bills, their join with the inventory, and what is read of them.

pub mod bills;
mod import;
mod reports;
