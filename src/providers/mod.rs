//! The sources of resources. A new one implements [`Provider`] in a file of its own and gets its spelling in
//! [`SourceFactory::provider`].

mod answers;
mod aws;
mod azure;
mod demo;
mod environments;
mod file;
mod gcp;
mod kinds;
mod request_metrics;
mod simulated;

use std::sync::Arc;

use cloud_api::{CloudClient, RetryPolicy};

use crate::config::{AzureConfig, GcpConfig};
use crate::domain::discovery::{Provider, UnpackLimits};
use request_metrics::RequestMetrics;

pub use aws::{AwsAccount, AwsAggregator, AwsConnection, AwsOrganization, AwsSourceSettings};
pub use azure::{AzureAccess, AzureSubscription, AzureTenant};
pub use demo::{Demo, DemoResource};
pub use file::FileProvider;
pub use gcp::{GcpAccess, GcpScope};
pub use simulated::Simulated;

/// Error about a source that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error(
        "\"{0}\" names no account of AWS, which has twelve digits; use aws:ACCOUNT, aws:org or aws-config:AGGREGATOR"
    )]
    NoAccount(String),
    #[error("the client of the clouds' APIs cannot be made: {0}")]
    NoClient(String),
    #[error("{0}")]
    Credentials(String),
    #[error(
        "\"{0}\" names no scope of Google Cloud; use gcp:organizations/ID, gcp:folders/ID or gcp:projects/ID"
    )]
    NoScope(String),
    #[error(
        "\"{0}\" names neither a tenant nor a subscription of Azure; use azure:TENANT or azure:subscription/ID"
    )]
    NoTenant(String),
    #[error("\"file:\" names no path; use file:PATH")]
    NoPath,
    #[error("\"{0}\" has no whole number as its seed; use demo:SEED or simulated:SEED")]
    BadSeed(String),
    #[error(
        "\"{0}\" is no source of resources; known are demo, demo:SEED, simulated, simulated:SEED, file:PATH, aws:org, \
         aws:ACCOUNT, aws-config:AGGREGATOR, gcp:SCOPE, azure:TENANT and azure:subscription/ID"
    )]
    Unknown(String),
}

/// Settings of the sources, and the connections that several of them share.
pub struct SourceFactory {
    unpack: UnpackLimits,
    client: CloudClient,
    aws: Arc<AwsConnection>,
    gcp: Box<GcpConfig>,
    azure: Box<AzureConfig>,
}

impl SourceFactory {
    /// A factory for these settings, whose providers connect when they are asked.
    ///
    /// # Errors
    /// TLS cannot be prepared.
    pub fn new(
        unpack: UnpackLimits,
        aws: AwsSourceSettings,
        gcp: Box<GcpConfig>,
        azure: Box<AzureConfig>,
    ) -> Result<Self, SpecError> {
        let client = CloudClient::new(RetryPolicy::default(), Arc::new(RequestMetrics));
        let client = client.map_err(|error| SpecError::NoClient(error.to_string()))?;
        Ok(Self {
            unpack,
            aws: AwsConnection::new(client.clone(), aws),
            client,
            gcp,
            azure,
        })
    }

    /// The provider that one entry of `DISCOVERY_SOURCES` names: `demo`, `simulated`, each with a seed if it ends with
    /// `:SEED`, `file:PATH` or `file:PATH?account=ID`, with the account of entries that name none, and the
    /// sources of clouds. Whether the source can be read shows at each report.
    ///
    /// # Errors
    /// The entry names no provider, or has a faulty argument; credentials that cannot be used.
    pub fn provider(&self, spec: &str) -> Result<Box<dyn Provider>, SpecError> {
        let spec = spec.trim();
        let (kind, argument) = spec
            .split_once(':')
            .map_or((spec, None), |(kind, rest)| (kind, Some(rest)));
        match (kind, argument) {
            ("demo", seed) => Ok(Box::new(Demo::new(read_seed(spec, seed)?))),
            ("simulated", seed) => Ok(Box::new(Simulated::new(read_seed(spec, seed)?))),
            ("file", None | Some("")) => Err(SpecError::NoPath),
            ("file", Some(argument)) => {
                let (path, account) = match argument.rsplit_once("?account=") {
                    Some((path, account)) if !account.is_empty() => (path, Some(account.to_owned())),
                    _ => (argument, None),
                };
                Ok(Box::new(
                    FileProvider::new(path, self.unpack).with_account(account),
                ))
            }
            ("aws", Some("org")) => Ok(Box::new(AwsOrganization::new(Arc::clone(&self.aws)))),
            ("aws", Some(account)) if is_account(account) => {
                Ok(Box::new(AwsAccount::new(Arc::clone(&self.aws), account)))
            }
            ("aws-config", Some(aggregator)) if !aggregator.is_empty() => {
                Ok(Box::new(AwsAggregator::new(Arc::clone(&self.aws), aggregator)))
            }
            ("aws" | "aws-config", _) => Err(SpecError::NoAccount(spec.to_owned())),
            ("gcp", Some(scope)) if GcpScope::is_scope(scope) => {
                let access = GcpAccess::new(self.client.clone(), &self.gcp);
                let access = access.map_err(|error| SpecError::Credentials(error.to_string()))?;
                Ok(Box::new(GcpScope::new(scope, access)))
            }
            ("gcp", _) => Err(SpecError::NoScope(spec.to_owned())),
            ("azure", Some(argument)) => self
                .azure(argument)
                .ok_or_else(|| SpecError::NoTenant(spec.to_owned())),
            ("azure", None) => Err(SpecError::NoTenant(spec.to_owned())),
            _ => Err(SpecError::Unknown(spec.to_owned())),
        }
    }

    /// The provider of a tenant, or of one subscription.
    fn azure(&self, argument: &str) -> Option<Box<dyn Provider>> {
        let access = |tenant| AzureAccess::new(self.client.clone(), &self.azure, tenant);
        match argument.strip_prefix("subscription/") {
            Some(id) if azure::is_subscription(id) => {
                Some(Box::new(AzureSubscription::new(id, access(None))))
            }
            None if azure::is_tenant(argument) => {
                Some(Box::new(AzureTenant::new(argument, access(Some(argument)))))
            }
            _ => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The invented company, if one of the entries of `DISCOVERY_SOURCES` names it.
pub fn demo_among(specs: &[String]) -> Option<Demo> {
    specs.iter().find_map(|spec| {
        let seed = spec.trim().strip_prefix(Demo::NAME)?;
        let seed = if seed.is_empty() {
            None
        } else {
            Some(seed.strip_prefix(':')?)
        };
        read_seed(spec, seed).ok().map(Demo::new)
    })
}

fn read_seed(spec: &str, seed: Option<&str>) -> Result<u64, SpecError> {
    let seed = seed.map(str::parse).transpose();
    seed.map(Option::unwrap_or_default)
        .map_err(|_| SpecError::BadSeed(spec.to_owned()))
}

#[cfg(test)]
mod testing {
    use async_trait::async_trait;

    use crate::domain::discovery::{Rejection, ReportScope, ReportSink, ResourceReport, SinkError};

    /// Keeps what it takes, or fails at the first batch.
    #[derive(Default)]
    pub struct Collected {
        pub batches: Vec<Vec<ResourceReport>>,
        pub rejected: Vec<Vec<Rejection>>,
        pub scope: ReportScope,
        pub fail: bool,
    }

    impl Collected {
        pub fn resources(&self) -> Vec<ResourceReport> {
            self.batches.concat()
        }
    }

    #[async_trait]
    impl ReportSink for Collected {
        async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError> {
            if self.fail {
                return Err("no room".into());
            }
            if !batch.is_empty() {
                self.batches.push(batch);
            }
            Ok(())
        }

        async fn rejected(&mut self, faults: Vec<Rejection>) -> Result<(), SinkError> {
            self.rejected.push(faults);
            Ok(())
        }

        async fn scope(&mut self, scope: ReportScope) -> Result<(), SinkError> {
            self.scope = scope;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{AwsSourceSettings, Provider, SourceFactory, SpecError, UnpackLimits, demo_among};
    use crate::config::Config;

    fn from_spec(spec: &str) -> Result<Box<dyn Provider>, SpecError> {
        let config = Config::from_variables(&HashMap::new()).unwrap();
        let factory = SourceFactory::new(
            UnpackLimits::default(),
            AwsSourceSettings::from(&config.aws),
            config.gcp,
            config.azure,
        );
        factory.unwrap().provider(spec)
    }

    #[test]
    fn specs() {
        for spec in ["demo", "demo:7"] {
            let demo = from_spec(spec).unwrap();
            assert_eq!(
                (demo.name(), demo.is_snapshot(), demo.is_invented()),
                ("demo", true, true)
            );
            assert!(demo_among(&["simulated".into(), spec.into()]).is_some());
        }
        assert!(demo_among(&["simulated".into(), "file:demo".into(), "democracy".into()]).is_none());
        assert_eq!(from_spec("simulated").unwrap().name(), "simulated");
        assert_eq!(from_spec(" simulated:7 ").unwrap().name(), "simulated");
        assert!(!from_spec("simulated").unwrap().is_snapshot());
        let file = from_spec("file:/a:b.csv").unwrap();
        assert_eq!((file.name(), file.is_snapshot()), ("file:/a:b.csv", true));
        let file = from_spec("file:/a?b.json?account=111122223333").unwrap();
        assert_eq!(file.name(), "file:/a?b.json");
        let refused = |spec| from_spec(spec).err().unwrap();
        assert_eq!(refused("file:"), SpecError::NoPath);
        assert_eq!(refused("demo:x"), SpecError::BadSeed("demo:x".into()));
        assert_eq!(refused("simulated:x"), SpecError::BadSeed("simulated:x".into()));
        let organization = from_spec("aws:org").unwrap();
        assert_eq!(
            (organization.name(), organization.is_snapshot()),
            ("aws:org", false)
        );
        for name in ["aws:111122223333", "aws-config:all"] {
            let provider = from_spec(name).unwrap();
            assert_eq!((provider.name(), provider.is_snapshot()), (name, true));
        }
        for spec in [
            "aws",
            "aws:",
            "aws:1111",
            "aws:1111222233334",
            "aws-config:",
            "aws:Org",
        ] {
            assert_eq!(refused(spec), SpecError::NoAccount(spec.into()));
        }
        assert!(refused("").to_string().contains("known are"));
        for (spec, name) in [
            ("gcp:organizations/123", "gcp:organizations/123"),
            ("gcp:projects/my-project", "gcp:projects/my-project"),
            ("azure:contoso.onmicrosoft.com", "azure:contoso.onmicrosoft.com"),
            (
                "azure:subscription/AAAAAAAA-bbbb-cccc-dddd-000000000000",
                "azure:subscription/aaaaaaaa-bbbb-cccc-dddd-000000000000",
            ),
        ] {
            assert_eq!(from_spec(spec).unwrap().name(), name);
        }
        for spec in [
            "gcp",
            "gcp:",
            "gcp:organizations/x",
            "gcp:projects/a/b",
            "azure",
            "azure:",
            "azure:subscription/1",
        ] {
            assert!(refused(spec).to_string().contains("; use "), "{spec}");
        }
    }
}
