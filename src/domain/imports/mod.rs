//! Imports of uploaded files, in two phases.
//!
//! **Reading**: one worker streams the file, rejects entries that are invalid by themselves, and copies the rest into
//! staging tables, a part at a time, each in a transaction of its own. **Checking** follows by set-based statements: faults
//! that only show beside other rows, such as duplicates. **Merging** takes the parts into the inventory, in one
//! transaction each; any worker of any replica may help. A kill costs one part, in either phase; the progress of the
//! import is in the table `imports`.

mod check;
mod context;
mod copy;
mod files;
mod merge;
mod plan;
mod read;
mod run;
mod spec;
mod state;
mod summary;
mod tag_reader;

pub(in crate::domain) use files::open;
pub use files::{ImportFile, authorize, prune, prune_staged, store};
pub use plan::{Sample, SampleAction, SampleChange, plan_reports, samples};
pub use spec::{ImportMode, ImportSpec, TagStatus};
pub use summary::summaries;
