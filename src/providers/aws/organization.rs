//! All accounts of an organisation, each by a provider of its own.

use std::sync::Arc;

use async_trait::async_trait;
use cloud_api::aws::{OrganizationAccount, Organizations};

use super::account::AwsAccount;
use super::connection::{AwsConnection, AwsError};
use crate::domain::discovery::{DiscoveryContext, Provider, ProviderError, ReportScope, ReportSink};

const NAME: &str = "aws:org";
/// State of an account whose resources are gone.
const CLOSED: &str = "CLOSED";

/// Source of the accounts of an organisation.
pub struct AwsOrganization {
    connection: Arc<AwsConnection>,
}

impl AwsOrganization {
    /// The organisation that the credentials of the process see.
    pub fn new(connection: Arc<AwsConnection>) -> Self {
        Self { connection }
    }

    async fn accounts(&self) -> Result<Vec<OrganizationAccount>, AwsError> {
        let credentials = self.connection.own_credentials().await?;
        let organizations = Organizations::new(credentials, self.connection.region());
        let mut pages = organizations.accounts(&self.connection.client);
        let mut accounts = Vec::new();
        while let Some(page) = pages.next().await? {
            accounts.extend(page.accounts);
        }
        accounts.sort_by(|one, other| one.id.cmp(&other.id));
        accounts.dedup_by(|one, other| one.id == other.id);
        Ok(accounts)
    }

    fn provider(&self, account: OrganizationAccount) -> Arc<dyn Provider> {
        if account.is_active() {
            return Arc::new(AwsAccount::new(Arc::clone(&self.connection), account.id));
        }
        Arc::new(InactiveAccount {
            name: format!("aws:{}", account.id),
            state: account.state().to_owned(),
            account: account.id,
        })
    }
}

#[async_trait]
impl Provider for AwsOrganization {
    fn name(&self) -> &str {
        NAME
    }

    fn is_snapshot(&self) -> bool {
        false
    }

    async fn sub_providers(
        &self,
        _context: &DiscoveryContext,
    ) -> Result<Option<Vec<Arc<dyn Provider>>>, ProviderError> {
        let accounts = self.accounts().await.map_err(|error| error.of(NAME))?;
        let open = accounts.into_iter().filter(|account| account.state() != CLOSED);
        Ok(Some(open.map(|account| self.provider(account)).collect()))
    }

    async fn report(&self, _: &DiscoveryContext, _: &mut dyn ReportSink) -> Result<(), ProviderError> {
        Err(ProviderError::Source {
            provider: NAME.to_owned(),
            reason: "an organisation is asked account by account".to_owned(),
        })
    }
}

/// Account that is not active: nothing can be asked of it, and its resources may come back.
struct InactiveAccount {
    name: String,
    account: String,
    state: String,
}

#[async_trait]
impl Provider for InactiveAccount {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    fn account_id(&self) -> Option<&str> {
        Some(&self.account)
    }

    async fn report(&self, _: &DiscoveryContext, sink: &mut dyn ReportSink) -> Result<(), ProviderError> {
        let reason = format!("the account is {}", self.state);
        let scope = ReportScope::Partial(vec![reason]);
        sink.scope(scope).await.map_err(ProviderError::Sink)
    }
}
