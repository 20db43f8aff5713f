//! Jobs: what the engine of runs knows of each, and the work.

use super::Run;
use super::definition::{JobDefinition, JobDefinitions, NewRun};
use super::handle::RunHandle;
use crate::auth::Role;
use crate::db::Transaction;
use crate::entities::JobName;
use crate::error::{Error, Result};
use futures::future::BoxFuture;
use sea_orm::ActiveEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A job: its fields are the arguments that each run is given, stored as JSON.
#[async_trait::async_trait]
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the column `job_name`.
    const NAME: JobName;
    /// Of the runs that wait, the one with the greater number comes first. A person's work comes before upkeep, that
    /// before discovery, and a back-fill last.
    const PRIORITY: i16;
    /// The time that one attempt may take. What it has committed by then stands.
    const TIME_LIMIT: Duration;
    /// The role that may ask for a run, whatever it is given.
    const ROLE: Role;
    /// Stops at a checkpoint for a run of a higher priority that waits. Only for jobs that go on where they stopped.
    const IS_PREEMPTIBLE: bool = false;
    /// Stays within the accounts of those who asked, so that they may have it done again though they are limited to some.
    const IS_ACCOUNT_SCOPED: bool = false;
    /// The times at which it runs by itself, unless the configuration gives others.
    const CRON: Option<&'static str> = None;

    /// Context that the job works with.
    type Context: Send + Sync + 'static;

    /// The key under which an equal run is not queued twice.
    fn singleton_key(&self) -> String {
        Self::NAME.to_value()
    }

    /// The key under which only one run at a time is worked on; the others wait. `None` for work that several runs
    /// share.
    fn exclusive_key(&self) -> Option<String> {
        None
    }

    /// The job that success leads to, if that one [is due](Job::is_due) then.
    fn follow_up(&self) -> Option<JobName> {
        None
    }

    /// True when a run would find something to do; asked before a schedule or another job's success makes one.
    async fn is_due(_: &Transaction) -> Result<bool> {
        Ok(true)
    }

    /// Works in chunks, each in a transaction that ends with [`RunHandle::checkpoint`].
    async fn run(self, context: &Self::Context, run: &RunHandle) -> Result<()>;

    /// The arguments of a run; `None` for one of another job. [`Error::Internal`] when another version of the program
    /// wrote what this one cannot read.
    fn of(run: &Run) -> Result<Option<Self>> {
        if run.job_name == Self::NAME {
            read(&run.arguments).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn read<J: Job>(arguments: &Value) -> Result<J> {
    J::deserialize(arguments)
        .map_err(|error| Error::internal(format!("arguments of a run of {:?}: {error}", J::NAME)))
}

/// A run of the job that is not queued twice.
pub(super) fn new_run<J: Job>(job: &J) -> Result<NewRun> {
    Ok(NewRun {
        job: J::NAME,
        arguments: serde_json::to_value(job).map_err(Error::internal)?,
        priority: J::PRIORITY,
        singleton_key: Some(job.singleton_key()),
        exclusive_key: job.exclusive_key(),
        follow_up: job.follow_up(),
    })
}

fn define<J: Job>() -> JobDefinition {
    JobDefinition {
        name: J::NAME,
        time_limit: J::TIME_LIMIT,
        role: J::ROLE,
        is_preemptible: J::IS_PREEMPTIBLE,
        is_account_scoped: J::IS_ACCOUNT_SCOPED,
        cron: J::CRON,
        read: |arguments| new_run(&read::<J>(arguments)?),
        is_due: |txn| J::is_due(txn),
    }
}

type Runner<C> = Box<dyn Fn(&C, Arc<RunHandle>) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// The jobs, with what it takes to do the work: a process's context `C` has what any of them works with.
pub struct JobRegistry<C> {
    definitions: JobDefinitions,
    runners: Vec<(JobName, Runner<C>)>,
}

impl<C> Default for JobRegistry<C> {
    fn default() -> Self {
        Self {
            definitions: JobDefinitions::default(),
            runners: Vec::new(),
        }
    }
}

impl<C> JobRegistry<C> {
    /// Adds a job; `context` takes what the job works with out of the process's.
    #[must_use]
    pub fn register<J: Job>(mut self, context: fn(&C) -> J::Context) -> Self
    where
        C: 'static,
    {
        Arc::make_mut(&mut self.definitions.0).push(define::<J>());
        let runner = move |process: &C, run: Arc<RunHandle>| -> BoxFuture<'static, Result<()>> {
            let context = context(process);
            Box::pin(async move { read::<J>(&run.spec.arguments)?.run(&context, &run).await })
        };
        self.runners.push((J::NAME, Box::new(runner)));
        self
    }

    /// The jobs, without what it takes to do the work.
    pub fn definitions(&self) -> JobDefinitions {
        self.definitions.clone()
    }

    /// Does the work of a run.
    pub fn execute(&self, process: &C, run: Arc<RunHandle>) -> BoxFuture<'static, Result<()>> {
        let name = run.job.name;
        match self.runners.iter().find(|(job, _)| *job == name) {
            Some((_, runner)) => runner(process, run),
            None => {
                Box::pin(async move { Err(Error::internal(format!("no job is registered as {name:?}"))) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Probe {
        file_id: i64,
        #[serde(default)]
        dry_run: bool,
    }

    #[async_trait::async_trait]
    impl Job for Probe {
        const NAME: JobName = JobName::Import;
        const PRIORITY: i16 = 7;
        const TIME_LIMIT: Duration = Duration::from_secs(1);
        const ROLE: Role = Role::Admin;
        type Context = ();

        fn follow_up(&self) -> Option<JobName> {
            (!self.dry_run).then_some(JobName::AutoTag)
        }

        async fn run(self, (): &(), _: &RunHandle) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn arguments_are_stored_without_the_job_and_read_with_their_defaults() {
        let jobs = JobRegistry::<()>::default()
            .register::<Probe>(|&()| ())
            .definitions();
        let definition = jobs.get(JobName::Import).unwrap();
        let run = definition.new_run(&json!({ "file_id": 7 })).unwrap();
        assert_eq!(run.arguments, json!({ "file_id": 7, "dry_run": false }));
        assert_eq!(run.singleton_key.as_deref(), Some("import"));
        assert_eq!((run.priority, run.follow_up), (7, Some(JobName::AutoTag)));
        let refused = definition.new_run(&json!({ "file_id": "x" })).unwrap_err();
        assert!(refused.to_string().contains("Import"), "{refused}");
        assert!(jobs.get(JobName::Seal).is_err());
    }
}
