//! Resources of the invented company, with what is right about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::discovery::ResourceReport;

/// Resource of the invented company.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoResource {
    /// Resource as it is reported.
    pub report: ResourceReport,
    /// Values of the governed keys, by key, as somebody who knows the company would give them.
    pub truth: BTreeMap<&'static str, String>,
    /// Keys to which the native tags give another value: copied from another environment, or of another time.
    pub misstated: BTreeSet<&'static str>,
}
