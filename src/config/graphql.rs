//! Limits of GraphQL: what callers may ask for, each and together.

use super::environment::Environment;
use super::error::ConfigError;
use super::reader::Reader;
use super::settings;
use std::path::PathBuf;
use std::time::Duration;

/// Limits and options of GraphQL.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// Limits of one operation.
    pub limits: Limits,
    /// `GRAPHQL_MAX_OPERATIONS`: queries and mutations under way in this process.
    pub operations: usize,
    /// `GRAPHQL_MAX_CALLER_OPERATIONS`: those of one caller, who has three quarters of all at most.
    pub caller_operations: usize,
    /// `GRAPHQL_MAX_WAIT_MS`: how long one more waits for its turn before it is refused.
    pub wait: Duration,
    /// `GRAPHQL_MAX_SUBSCRIPTIONS`: subscriptions under way in this process.
    pub subscriptions: usize,
    /// `GRAPHQL_MAX_CALLER_SUBSCRIPTIONS`: those of one caller, and websockets of one caller.
    pub caller_subscriptions: usize,
    /// `GRAPHQL_MAX_SOCKET_OPERATIONS`: operations under way on one websocket.
    pub socket_operations: usize,
    /// `GRAPHQL_MAX_BATCH`: operations in one request; 0: no lists are taken.
    pub batch: usize,
    /// `RESPONSE_CACHE_BYTES`: bytes of responses to repeated queries that are kept; 0: none.
    pub response_cache_bytes: usize,
    /// `PERSISTED_QUERIES`: whether documents are kept by their hashes when clients ask for it.
    pub persisted_queries: bool,
    /// `TRUSTED_DOCUMENTS`: a file with the only documents that are executed, by their ids.
    pub trusted_documents: Option<PathBuf>,
    /// `RATE_LIMIT_COST`: what the operations of one caller may cost in a minute; `None`: any.
    pub rate: Option<u32>,
    /// Everybody may read the schema and is helped with its names; otherwise admins alone.
    pub is_open: bool,
}

/// Limits of one operation. The limit itself passes, one more is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `GRAPHQL_MAX_BODY_BYTES`: bytes of a request that is not an upload, and of a message on a websocket.
    pub body_bytes: usize,
    /// `GRAPHQL_MAX_DOCUMENT_BYTES`: bytes of a document.
    pub document_bytes: usize,
    /// `GRAPHQL_MAX_TOKENS`: tokens of a document.
    pub tokens: usize,
    /// `GRAPHQL_MAX_NESTING`: nesting of braces, brackets and parentheses in a document.
    pub nesting: usize,
    /// `GRAPHQL_MAX_DEPTH`: fields on the longest way into an operation, not counting introspection.
    pub depth: usize,
    /// `GRAPHQL_MAX_ALIASES`: aliases of an operation once its fragments are spread.
    pub aliases: usize,
    /// `GRAPHQL_MAX_ROOT_FIELDS`: fields at an operation's root once its fragments are spread.
    pub root_fields: usize,
    /// `GRAPHQL_MAX_DIRECTIVES`: directives of an operation once its fragments are spread.
    pub directives: usize,
    /// `GRAPHQL_MAX_COST`: what an operation may cost, see `graphql::cost`.
    pub cost: u32,
    /// `GRAPHQL_TIMEOUT`, in seconds: the time for a query or a mutation.
    pub time: Duration,
    /// `GRAPHQL_MAX_RESPONSE_BYTES`: what an answer may take while it is built, see `graphql::response_budget`.
    pub response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: settings::GRAPHQL_MAX_BODY_BYTES.kind.default,
            document_bytes: settings::GRAPHQL_MAX_DOCUMENT_BYTES.kind.default,
            tokens: settings::GRAPHQL_MAX_TOKENS.kind.default,
            nesting: settings::GRAPHQL_MAX_NESTING.kind.default,
            depth: settings::GRAPHQL_MAX_DEPTH.kind.default,
            aliases: settings::GRAPHQL_MAX_ALIASES.kind.default,
            root_fields: settings::GRAPHQL_MAX_ROOT_FIELDS.kind.default,
            directives: settings::GRAPHQL_MAX_DIRECTIVES.kind.default,
            cost: settings::GRAPHQL_MAX_COST.kind.default,
            time: Duration::from_secs(settings::GRAPHQL_TIMEOUT.kind.default),
            response_bytes: settings::GRAPHQL_MAX_RESPONSE_BYTES.kind.default,
        }
    }
}

/// Operations of one caller under way for each processor where callers are distinguished.
const CALLER_OPERATIONS_PER_PROCESSOR: usize = 2;

impl GraphqlConfig {
    /// Reads the variables. Where everybody is the one developer, there is no rate to keep unless it is set.
    pub(super) fn read(read: &Reader, environment: Environment) -> Result<Self, ConfigError> {
        let limits = Limits::read(read)?;
        let is_authenticated =
            read.given(&settings::JWT_SECRET).is_some() || read.given(&settings::JWT_JWKS_URL).is_some();
        let rate = settings::RATE_LIMIT_COST;
        let default_rate = if is_authenticated { rate.kind.default } else { 0 };
        let rate = match read.number_or(&rate, default_rate)? {
            0 => None,
            rate if rate < limits.cost => {
                return Err(ConfigError::Conflict(format!(
                    "RATE_LIMIT_COST={rate} is below GRAPHQL_MAX_COST={}: it must not be, or be 0 for no limit",
                    limits.cost
                )));
            }
            rate => Some(rate),
        };
        let subscriptions = read.number(&settings::GRAPHQL_MAX_SUBSCRIPTIONS)?;
        let of_caller = settings::GRAPHQL_MAX_CALLER_SUBSCRIPTIONS.kind.default;
        let of_caller = if is_authenticated {
            of_caller
        } else {
            subscriptions.max(of_caller)
        };
        let operations = read.number(&settings::GRAPHQL_MAX_OPERATIONS)?;
        let most_of_caller = operations - operations / 4;
        let operations_of_caller = if is_authenticated {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            let least = settings::GRAPHQL_MAX_CALLER_OPERATIONS.kind.default;
            (CALLER_OPERATIONS_PER_PROCESSOR * processors).max(least)
        } else {
            most_of_caller
        };
        let caller_operations =
            read.number_or(&settings::GRAPHQL_MAX_CALLER_OPERATIONS, operations_of_caller)?;
        Ok(Self {
            limits,
            operations,
            caller_operations: caller_operations.min(most_of_caller),
            wait: Duration::from_millis(read.number(&settings::GRAPHQL_MAX_WAIT_MS)?),
            subscriptions,
            caller_subscriptions: read.number_or(&settings::GRAPHQL_MAX_CALLER_SUBSCRIPTIONS, of_caller)?,
            socket_operations: read.number(&settings::GRAPHQL_MAX_SOCKET_OPERATIONS)?,
            batch: read.number(&settings::GRAPHQL_MAX_BATCH)?,
            response_cache_bytes: read.number(&settings::RESPONSE_CACHE_BYTES)?,
            persisted_queries: read.switch(&settings::PERSISTED_QUERIES)?,
            trusted_documents: read.given(&settings::TRUSTED_DOCUMENTS).map(PathBuf::from),
            rate,
            is_open: environment == Environment::Development,
        })
    }
}

impl Limits {
    fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            body_bytes: read.number(&settings::GRAPHQL_MAX_BODY_BYTES)?,
            document_bytes: read.number(&settings::GRAPHQL_MAX_DOCUMENT_BYTES)?,
            tokens: read.number(&settings::GRAPHQL_MAX_TOKENS)?,
            nesting: read.number(&settings::GRAPHQL_MAX_NESTING)?,
            depth: read.number(&settings::GRAPHQL_MAX_DEPTH)?,
            aliases: read.number(&settings::GRAPHQL_MAX_ALIASES)?,
            root_fields: read.number(&settings::GRAPHQL_MAX_ROOT_FIELDS)?,
            directives: read.number(&settings::GRAPHQL_MAX_DIRECTIVES)?,
            cost: read.number(&settings::GRAPHQL_MAX_COST)?,
            time: read.seconds(&settings::GRAPHQL_TIMEOUT)?,
            response_bytes: read.number(&settings::GRAPHQL_MAX_RESPONSE_BYTES)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(variables: &[(&str, &str)]) -> Result<GraphqlConfig, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Config::from_variables(&variables.collect())?.graphql)
    }

    #[test]
    fn limits_have_defaults_and_can_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.limits, Limits::default());
        assert!(config.is_open && config.persisted_queries && config.batch == 0);
        let config = read(&[("GRAPHQL_MAX_ALIASES", "7"), ("GRAPHQL_TIMEOUT", "3")]).unwrap();
        assert_eq!(
            (config.limits.aliases, config.limits.time),
            (7, Duration::from_secs(3))
        );
        assert!(read(&[("GRAPHQL_MAX_NESTING", "100000")]).is_err());
    }

    #[test]
    fn callers_who_are_told_apart_have_a_rate() {
        let secret = ("JWT_SECRET", "0123456789abcdef0123456789abcdef");
        assert_eq!(read(&[]).unwrap().rate, None);
        assert_eq!(read(&[secret]).unwrap().rate, Some(600_000));
        assert_eq!(read(&[secret, ("RATE_LIMIT_COST", "0")]).unwrap().rate, None);
        let message = read(&[("RATE_LIMIT_COST", "4999")]).unwrap_err().to_string();
        assert!(message.contains("GRAPHQL_MAX_COST"), "{message}");
        assert_eq!(read(&[]).unwrap().caller_subscriptions, 20_000);
        assert_eq!(read(&[]).unwrap().caller_operations, 48);
        assert!((4..=48).contains(&read(&[secret]).unwrap().caller_operations));
        let most = [secret, ("GRAPHQL_MAX_CALLER_OPERATIONS", "64")];
        assert_eq!(read(&most).unwrap().caller_operations, 48);
        assert_eq!(read(&[secret]).unwrap().caller_subscriptions, 1_000);
        let production = read(&[secret, ("ENVIRONMENT", "production")]).unwrap();
        assert!(!production.is_open);
    }
}
