//! Authentication: tokens of an issuer and of the service itself, and the rights of their bearers while work is done.

pub mod api_tokens;
mod hostile;
mod issuer;
mod rights;
mod tokens;
