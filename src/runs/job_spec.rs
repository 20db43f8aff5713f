//! What a run is asked to do: one typed form per job, stored as JSON.

use crate::auth::Role;
use crate::domain::approvals::Decision;
use crate::domain::imports::ImportSpec;
use crate::entities::JobName;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The job and what it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", content = "arguments", rename_all = "snake_case")]
pub enum JobSpec {
    /// Ask the providers for their resources.
    Discover {
        /// The one provider to ask; all when `None`.
        #[serde(default)]
        source: Option<String>,
    },
    /// Evaluate the resources that are due.
    AutoTag {},
    /// Read an uploaded file.
    Import(ImportSpec),
    /// Make audit partitions ahead and prune what is old.
    Maintain {},
    /// Decide the tags that were selected for this run.
    Decide {
        /// What is decided.
        decision: Decision,
        /// Why, for the trail.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Seal what was written to the audit trail.
    Seal {},
}

impl JobSpec {
    /// The job that takes these.
    pub fn job(&self) -> JobName {
        match self {
            Self::Discover { .. } => JobName::Discover,
            Self::AutoTag {} => JobName::AutoTag,
            Self::Import { .. } => JobName::Import,
            Self::Maintain {} => JobName::Maintain,
            Self::Decide { .. } => JobName::Decide,
            Self::Seal {} => JobName::Seal,
        }
    }

    /// The key under which an equal run is not queued twice.
    pub fn singleton_key(&self) -> String {
        match self {
            Self::Discover { source: None } => "discover".into(),
            Self::Discover { source: Some(source) } => format!("discover:{source}"),
            Self::AutoTag {} => "auto_tag".into(),
            Self::Import(ImportSpec { file_id, .. }) => format!("import:{file_id}"),
            Self::Maintain {} => "maintain".into(),
            Self::Seal {} => "seal".into(),
            Self::Decide { decision, .. } => format!("decide:{decision:?}"),
        }
    }

    /// The key under which only one run at a time is worked on; the others wait. `None` for work that several runs
    /// share.
    pub fn exclusive_key(&self) -> Option<String> {
        match self {
            Self::AutoTag {} | Self::Import { .. } | Self::Decide { .. } => None,
            // Two sources do not touch each other's resources, but asking all touches each one's.
            Self::Discover { .. } => Some("discover".into()),
            Self::Maintain {} | Self::Seal {} => Some(self.singleton_key()),
        }
    }

    /// Which of the waiting runs comes first: the one with the greater number. A person's work comes before upkeep,
    /// that before discovery, and a back-fill last.
    pub fn priority(&self) -> i16 {
        match self {
            Self::Decide { .. } => 100,
            Self::Import { .. } => 80,
            Self::Seal {} => 50,
            Self::Maintain {} => 40,
            Self::Discover { .. } => 20,
            Self::AutoTag {} => 0,
        }
    }

    /// Whether the run stops at a checkpoint for one of a higher priority that waits. Only for jobs that go on where
    /// they stopped.
    pub(super) fn is_preemptible(&self) -> bool {
        matches!(self, Self::AutoTag {})
    }

    /// How long one attempt may take. What it has committed by then stands.
    pub fn time_limit(&self) -> Duration {
        match self {
            Self::Discover { .. } | Self::Maintain {} | Self::Seal {} => Duration::from_hours(1),
            Self::AutoTag {} | Self::Import { .. } | Self::Decide { .. } => Duration::from_hours(4),
        }
    }

    /// The role that may ask for such a run.
    pub fn required_role(&self) -> Role {
        role_for(self.job())
    }

    /// Whether success leaves resources to be evaluated.
    pub(super) fn leads_to_auto_tagging(&self) -> bool {
        matches!(
            self,
            Self::Discover { .. } | Self::Import(ImportSpec { dry_run: false, .. })
        )
    }

    /// The value of the column `arguments`.
    pub(super) fn to_json(&self) -> Result<Value> {
        let mut tagged = serde_json::to_value(self).map_err(Error::internal)?;
        Ok(tagged["arguments"].take())
    }

    /// What a run was given; as [`Self::from_json`].
    pub fn of(run: &super::Run) -> Result<Self> {
        Self::from_json(run.job_name, &run.arguments)
    }

    /// From the columns `job_name` and `arguments`. [`Error::Internal`] when another version of the program wrote
    /// what this one cannot read.
    pub(super) fn from_json(job: JobName, arguments: &Value) -> Result<Self> {
        serde_json::from_value(serde_json::json!({ "job": job, "arguments": arguments }))
            .map_err(|error| Error::internal(format!("arguments of a run of {job:?}: {error}")))
    }
}

/// The role that may ask for a run of the job, whatever it is given.
pub(super) fn role_for(job: JobName) -> Role {
    match job {
        JobName::Discover | JobName::AutoTag | JobName::Import | JobName::Decide => Role::Approver,
        JobName::Maintain | JobName::Seal => Role::Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_hold_the_arguments_without_the_job() {
        for (arguments, column) in [
            (JobSpec::Discover { source: None }, json!({ "source": null })),
            (JobSpec::AutoTag {}, json!({})),
            (
                JobSpec::Import(ImportSpec {
                    dry_run: true,
                    ..ImportSpec::new(7)
                }),
                json!({ "file_id": 7, "dry_run": true, "mode": "good_rows" }),
            ),
            (JobSpec::Maintain {}, json!({})),
            (
                JobSpec::Decide {
                    decision: Decision::Approve,
                    reason: None,
                },
                json!({ "decision": "approve", "reason": null }),
            ),
        ] {
            assert_eq!(arguments.to_json().unwrap(), column);
            assert_eq!(JobSpec::from_json(arguments.job(), &column).unwrap(), arguments);
        }
    }

    #[test]
    fn absent_fields_take_their_defaults_and_wrong_ones_are_refused() {
        let discover = JobSpec::from_json(JobName::Discover, &json!({})).unwrap();
        assert_eq!(discover, JobSpec::Discover { source: None });
        let refused = JobSpec::from_json(JobName::Import, &json!({ "file_id": "x" })).unwrap_err();
        assert!(refused.to_string().contains("Import"), "{refused}");
    }
}
