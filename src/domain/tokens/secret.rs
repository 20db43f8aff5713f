//! Secret of an API token, and the hash of it that is stored.

use sha2::{Digest, Sha256};
use std::fmt;

/// Prefix of every token, by which scanners detect leaked secrets.
const PREFIX: &str = "vtag_";
const ID_DIGITS: usize = 16;
const SECRET_DIGITS: usize = 64;

/// Token as a script sends it: `vtag_`, 16 hexadecimal digits of the public id, `_`, and 64 digits of the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// New secret of 256 random bits.
    pub fn random() -> Self {
        let secret: [u8; SECRET_DIGITS / 2] = rand::random();
        Self(format!(
            "{PREFIX}{:016x}_{}",
            rand::random::<u64>(),
            hex::encode(secret)
        ))
    }

    /// Parses a text that has the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |part: &str, digits| {
            part.len() == digits
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        (is_hex(id, ID_DIGITS) && is_hex(secret, SECRET_DIGITS)).then(|| Self(text.to_owned()))
    }

    /// True if the text has the prefix of a token.
    pub fn has_prefix(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Public part, by which the token is found.
    pub fn public_id(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + ID_DIGITS]
    }

    /// Hash that is stored. The secret is random and long: it needs no slow hash.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// True if the hash is that of this token, compared in constant time.
    pub fn matches_hash(&self, hash: &[u8]) -> bool {
        let own = self.hash();
        own.len() == hash.len() && own.iter().zip(hash).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }

    /// Whole token.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_(secret)", self.public_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_not_shown_by_chance() {
        let secret = TokenSecret::random();
        let shown = TokenSecret::parse(secret.reveal()).unwrap();
        assert!(shown.matches_hash(&secret.hash()));
        assert!(!TokenSecret::random().matches_hash(&secret.hash()));
        assert!(!shown.matches_hash(&secret.hash()[..31]));
        assert_eq!(secret.public_id().len(), ID_DIGITS);
        let (_, hidden) = secret.reveal().rsplit_once('_').unwrap();
        assert!(!format!("{secret:?}").contains(hidden));
    }

    #[test]
    fn other_texts_are_none() {
        let good = TokenSecret::random();
        let good = good.reveal();
        for text in [
            "",
            "vtag_",
            &good[..good.len() - 1],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace("vtag_", "vtag-"),
            &good.replacen('_', "__", 2),
        ] {
            assert_eq!(TokenSecret::parse(text), None, "{text}");
        }
    }
}
