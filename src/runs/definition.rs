//! Jobs and new runs as the engine of runs sees them, whatever the type of the job.

use crate::auth::Role;
use crate::db::Transaction;
use crate::entities::JobName;
use crate::error::{Error, Result};
use futures::future::BoxFuture;
use sea_orm::ActiveEnum;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A run to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    pub(super) job: JobName,
    pub(super) arguments: Value,
    pub(super) priority: i16,
    /// While a run with this key waits in the queue, no other is made.
    pub(super) singleton_key: Option<String>,
    pub(super) exclusive_key: Option<String>,
    pub(super) follow_up: Option<JobName>,
}

/// A job as the engine of runs sees it, whatever its type.
#[derive(Clone, Copy)]
pub struct JobDefinition {
    /// See [`super::Job::NAME`].
    pub name: JobName,
    /// See [`super::Job::TIME_LIMIT`].
    pub time_limit: Duration,
    pub(super) role: Role,
    pub(super) is_preemptible: bool,
    pub(super) is_account_scoped: bool,
    pub(super) cron: Option<&'static str>,
    pub(super) read: fn(&Value) -> Result<NewRun>,
    pub(super) is_due: for<'a> fn(&'a Transaction) -> BoxFuture<'a, Result<bool>>,
}

impl JobDefinition {
    /// A run with the arguments as they are stored; as [`super::Job::of`].
    pub(super) fn new_run(&self, arguments: &Value) -> Result<NewRun> {
        (self.read)(arguments)
    }

    /// See [`super::Job::is_due`].
    pub(super) async fn is_due(&self, txn: &Transaction) -> Result<bool> {
        (self.is_due)(txn).await
    }
}

/// The jobs that there are.
#[derive(Clone, Default)]
pub struct JobDefinitions(pub(super) Arc<Vec<JobDefinition>>);

impl JobDefinitions {
    /// [`Error::Internal`] for a job that another version of the program knows.
    pub(super) fn get(&self, name: JobName) -> Result<&JobDefinition> {
        let found = self.0.iter().find(|job| job.name == name);
        found.ok_or_else(|| Error::internal(format!("no job is registered as {name:?}")))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|job| job.name.to_value()).collect()
    }

    /// The jobs that run by themselves, with their times.
    pub fn schedules(&self) -> impl Iterator<Item = (JobName, &'static str)> {
        self.0.iter().filter_map(|job| Some((job.name, job.cron?)))
    }
}
