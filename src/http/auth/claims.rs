//! Claims of tokens, of whatever names, as identity providers write them.

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Claims of a token. Those that nobody asks for are ignored; one that comes twice is refused, for two readers could believe
/// two different things.
#[derive(Debug)]
pub struct TokenClaims(HashMap<String, Value>);

/// Claim that has another type than it must have.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongClaim;

impl TokenClaims {
    /// Claim by its name. A name with dots that no claim has is a path into objects: `realm_access.roles`.
    fn find(&self, name: &str) -> Option<&Value> {
        if let Some(claim) = self.0.get(name) {
            return Some(claim);
        }
        let (first, path) = name.split_once('.')?;
        let mut place = self.0.get(first)?;
        for part in path.split('.') {
            place = place.get(part)?;
        }
        Some(place)
    }

    /// Text of a claim; `None` without it.
    pub fn text(&self, name: &str) -> Result<Option<&str>, WrongClaim> {
        let claim = self.find(name);
        claim.map(|claim| claim.as_str().ok_or(WrongClaim)).transpose()
    }

    /// Texts of a claim that is one or a list of them; `None` without it.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, WrongClaim> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                texts.map(Some).ok_or(WrongClaim)
            }
            Some(_) => Err(WrongClaim),
        }
    }

    /// Time of a claim: seconds since 1970, with a fraction if there is one (RFC 7519, `NumericDate`). One that the clock
    /// cannot show is wrong.
    pub fn time(&self, name: &str) -> Result<Option<SystemTime>, WrongClaim> {
        let Some(claim) = self.find(name) else {
            return Ok(None);
        };
        let since = match claim.as_u64() {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => claim
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        };
        let time = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        time.map(Some).ok_or(WrongClaim)
    }
}

impl<'de> Deserialize<'de> for TokenClaims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClaimVisitor;
        impl<'de> Visitor<'de> for ClaimVisitor {
            type Value = TokenClaims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TokenClaims, A::Error> {
                let mut claims = HashMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(de::Error::custom("a claim comes twice"));
                    }
                }
                Ok(TokenClaims(claims))
            }
        }
        deserializer.deserialize_map(ClaimVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::super::jwt::{ClaimRequirements, caller, decode};
    use super::*;
    use crate::auth::{AccountScope, Role};
    use crate::config::ClaimNames;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn claims(json: &str) -> Option<TokenClaims> {
        decode(&URL_SAFE_NO_PAD.encode(json))
    }

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    /// Subject, role and scope of the caller of these claims at second 1000.
    fn read(json: &str, names: ClaimNames) -> Option<(String, Role, AccountScope)> {
        let requirements = ClaimRequirements {
            names,
            ..ClaimRequirements::default()
        };
        let actor = caller(&claims(json)?, &requirements, at(1000.0))?.actor;
        Some((actor.subject, actor.role, actor.scope))
    }

    #[test]
    fn times_may_have_fractions_and_any_way_to_write_a_number() {
        for (times, is_accepted) in [
            (r#""exp": 1001"#, true),
            (r#""exp": 1000.5, "iat": 999.5, "nbf": 1.0"#, true),
            (r#""exp": 1.7E9"#, true),
            (r#""exp": 1000"#, false),
            (r#""exp": 999.5"#, false),
            (r#""exp": 1001, "iat": 1029.5"#, true),
            (r#""exp": 1001, "iat": 1030.5"#, false),
            (r#""exp": 1001, "nbf": 1030.5"#, false),
            (r#""exp": "1001""#, false),
            (r#""exp": -1.5"#, false),
            (r#""exp": 1e300"#, false),
            (r#""exp": 1001, "iat": null"#, false),
            (r#""nbf": 1"#, false),
        ] {
            let json = format!(r#"{{"sub": "ada", "role": "viewer", {times}}}"#);
            assert_eq!(
                read(&json, ClaimNames::default()).is_some(),
                is_accepted,
                "{times}"
            );
        }
    }

    type NamedClaims = (
        &'static str,
        &'static str,
        ClaimNames,
        Option<(&'static str, Role, AccountScope)>,
    );

    fn assert_read(rows: impl IntoIterator<Item = NamedClaims>) {
        for (what, json, names, expected) in rows {
            let json = json.trim_end().strip_suffix('}').unwrap_or_default();
            let expected = expected.map(|(subject, role, scope)| (subject.to_owned(), role, scope));
            assert_eq!(
                read(&format!("{json}, \"exp\": 1001}}"), names),
                expected,
                "{what}"
            );
        }
    }

    fn names(subject: &str, role: &str, accounts: &str, roles: &[(&str, Role)]) -> ClaimNames {
        ClaimNames {
            subject: subject.into(),
            role: role.into(),
            accounts: accounts.into(),
            roles: roles
                .iter()
                .map(|(value, role)| ((*value).into(), role.to_string()))
                .collect(),
        }
    }

    fn only(accounts: &[&str]) -> AccountScope {
        AccountScope::Only(accounts.iter().map(|id| (*id).to_owned()).collect())
    }

    const GROUPS: [(&str, Role); 3] = [
        ("tag-admins", Role::Admin),
        ("finops", Role::Approver),
        ("all", Role::Viewer),
    ];

    #[test]
    fn claims_have_the_names_that_providers_give_them() {
        assert_read([
            (
                "groups, of which the highest counts",
                r#"{"email": "ada@example.com", "groups": ["all", "finops", "hr"]}"#,
                names("email", "groups", "accounts", &GROUPS),
                Some(("ada@example.com", Role::Approver, AccountScope::All)),
            ),
            (
                "roles inside of an object",
                r#"{"preferred_username": "ada", "realm_access": {"roles": ["offline", "tag-admins"]}}"#,
                names("preferred_username", "realm_access.roles", "accounts", &GROUPS),
                Some(("ada", Role::Admin, AccountScope::All)),
            ),
            (
                "a name that is an address",
                r#"{"sub": "ada", "https://example.com/role": "approver", "https://example.com/accounts": ["1"]}"#,
                names(
                    "sub",
                    "https://example.com/role",
                    "https://example.com/accounts",
                    &[],
                ),
                Some(("ada", Role::Approver, only(&["1"]))),
            ),
        ]);
    }

    #[test]
    fn claims_have_the_forms_that_providers_give_them() {
        assert_read([
            (
                "lists of one, and one without a list",
                r#"{"sub": "ada", "role": ["viewer"], "accounts": "111"}"#,
                ClaimNames::default(),
                Some(("ada", Role::Viewer, only(&["111"]))),
            ),
            (
                "no account is none, not all",
                r#"{"sub": "ada", "role": "viewer", "accounts": []}"#,
                ClaimNames::default(),
                Some(("ada", Role::Viewer, only(&[]))),
            ),
            (
                "no group that means a role",
                r#"{"sub": "ada", "groups": ["hr"]}"#,
                names("sub", "groups", "accounts", &GROUPS),
                None,
            ),
            (
                "a role's own name is no group where groups are mapped",
                r#"{"sub": "ada", "groups": ["admin"]}"#,
                names("sub", "groups", "accounts", &GROUPS),
                None,
            ),
            (
                "a list with something else in it",
                r#"{"sub": "ada", "role": ["viewer", 1]}"#,
                ClaimNames::default(),
                None,
            ),
        ]);
    }

    #[test]
    fn no_object_a_claim_twice_and_a_null_are_refused() {
        let good = r#"{"sub": "ada", "role": "viewer", "exp": 1001}"#;
        assert!(read(good, ClaimNames::default()).is_some());
        for text in [
            "",
            "[]",
            "1",
            r#"["ada", "viewer", null, 1001, null, null, null, null]"#,
            &format!("{good} {{}}"),
            r#"{"sub": "ada", "role": "viewer", "exp": 1001,}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1001, "sub": "ada"}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1001, "\u0073ub": "eve"}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1001, "nbf": null}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1001, "aud": null}"#,
            r#"{"sub": "ada", "role": {"viewer": null}, "exp": 1001}"#,
        ] {
            assert!(read(text, ClaimNames::default()).is_none(), "{text}");
        }
        let not_utf8 = [&good.as_bytes()[..good.len() - 1], b", \"x\": \"\xff\"}"].concat();
        assert!(decode::<TokenClaims>(&URL_SAFE_NO_PAD.encode(not_utf8)).is_none());
    }
}
