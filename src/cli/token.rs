//! `token`: issues bearer tokens for development and scripts.

use super::output::say;
use crate::auth::{AccountScope, Actor, Role};
use crate::config::Config;
use crate::http::auth::issue_token;
use clap::{Args, ValueEnum};
use std::process::ExitCode;
use std::time::Duration;

/// Claims of the token.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Name that decisions and audit rows will carry
    #[arg(long)]
    sub: String,
    /// Role of the bearer
    #[arg(long, value_enum, default_value = "viewer")]
    role: RoleName,
    /// Accounts that exist for the bearer, separated by commas; all if not given
    #[arg(long, value_delimiter = ',', value_name = "ACCOUNTS")]
    accounts: Option<Vec<String>>,
    /// Lifetime of the token: a number with s, m, h or d
    #[arg(long, default_value = "12h", value_parser = duration)]
    ttl: Duration,
}

/// The roles, as flags name them.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Viewer,
    Approver,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Approver => Self::Approver,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Prints a token signed with `JWT_SECRET`.
pub fn print(arguments: TokenArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let actor = Actor {
        subject: arguments.sub,
        role: arguments.role.into(),
        scope: arguments.accounts.map_or(AccountScope::All, AccountScope::Only),
        expires_at: None,
    };
    say(&issue_token(&config.auth, actor, arguments.ttl).map_err(anyhow::Error::from_boxed)?);
    Ok(ExitCode::SUCCESS)
}

/// `90s`, `30m`, `12h`, `7d`; at most 366 days.
fn duration(text: &str) -> Result<Duration, String> {
    let allowed = || "must be a number with s, m, h or d, from 1s to 366d".to_owned();
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(allowed)?;
    let number: u64 = digits.parse().map_err(|_| allowed())?;
    let unit_seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(allowed()),
    };
    let longest = Duration::from_hours(366 * 24);
    let given = Duration::from_secs(number.saturating_mul(unit_seconds));
    if given.is_zero() || given > longest {
        return Err(allowed());
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_an_end() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("366d"), Ok(Duration::from_hours(366 * 24)));
        for wrong in [
            "",
            "s",
            "0s",
            "12",
            "-1h",
            "1w",
            "367d",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
