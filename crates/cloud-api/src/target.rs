//! The part of an API that has a rate of its own.

use std::fmt;

use crate::ApiRate;

/// Cloud that an API belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    Aws,
    Gcp,
    Azure,
}

impl Platform {
    /// Name of the cloud as a label of metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
        }
    }
}

/// Operation of an API in one account and region: what the cloud grants a rate of its own, and what an error names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTarget {
    pub platform: Platform,
    /// `tagging:GetResources`: few values, since metrics have it as a label.
    pub api: &'static str,
    /// Account, project, subscription or tenant.
    pub account: String,
    /// Empty for APIs without regions.
    pub region: String,
    pub rate: ApiRate,
}

impl fmt::Display for ApiTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.api)?;
        if !self.account.is_empty() {
            write!(f, " in {}", self.account)?;
        }
        if !self.region.is_empty() {
            write!(f, ", {}", self.region)?;
        }
        Ok(())
    }
}
