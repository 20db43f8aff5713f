//! Authentication: bearer tokens (JWT and API tokens), and the developer of a service without authentication.

mod authenticator;
mod caller;
mod claims;
mod credentials;
mod error;
mod issue_token;
mod jwks;
mod jwt;
pub mod security_events;
mod signature;

pub use authenticator::Authenticator;
pub use caller::Caller;
pub use credentials::{Credentials, DEVELOPER_NAME_HEADER, peer_of};
pub use error::AuthError;
pub use issue_token::issue_token;
