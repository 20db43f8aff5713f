//! Limits that no setting changes; `config::Limits` has the others. The limit itself passes, one more is refused.

/// Fields and fragments of an operation once its fragments are spread.
pub const SELECTIONS: usize = 5_000;
/// Lists of fields and types within one another when the schema is asked about.
pub const INTROSPECTION_LISTS: usize = 3;

/// Subscriptions of a caller for each of which one may differ from all others.
pub const SUBSCRIPTIONS_ALIKE: usize = 10;
/// Responses that repeat what is in a log already, made at the same time; and those of one caller. Together they must
/// not take the machine from subscribers of new events.
pub const REPLAYS: usize = 4;
pub const REPLAYS_OF_CALLER: usize = 3;

/// Responses of the greatest length for which there is memory at the same time; and those of one caller.
pub const RESPONSES: usize = 6;
pub const RESPONSES_OF_CALLER: usize = 3;

/// Exports at the same time; and those of one caller.
pub const EXPORTS: usize = 16;
pub const EXPORTS_OF_CALLER: usize = 4;
/// Pages of exports that are read from the database, or written as CSV, at the same time.
pub const EXPORT_PAGES: usize = 2;
