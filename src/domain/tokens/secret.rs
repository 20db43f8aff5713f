//! What a script is given, and what is kept of it.

use sha2::{Digest, Sha256};
use std::fmt;

/// What every token begins with, so that a scanner for leaked secrets knows one when it sees it.
const PREFIX: &str = "vtag_";
const ID_DIGITS: usize = 16;
const SECRET_DIGITS: usize = 64;

/// A token as a script shows it: `vtag_`, 16 digits that are no secret, `_`, and 64 digits that are.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, of 256 random bits.
    pub fn random() -> Self {
        let secret: [u8; SECRET_DIGITS / 2] = rand::random();
        Self(format!(
            "{PREFIX}{:016x}_{}",
            rand::random::<u64>(),
            hex::encode(secret)
        ))
    }

    /// The token, when the text has the form of one.
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

    /// Whether the text means to be a token of this kind.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// The part by which the token is found.
    pub fn public_id(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + ID_DIGITS]
    }

    /// What is kept. The secret is random and long: it needs no slow hash.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// Whether this is the token of which the hash is kept; takes as long for any other.
    pub fn is_kept_as(&self, hash: &[u8]) -> bool {
        let own = self.hash();
        own.len() == hash.len() && own.iter().zip(hash).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }

    /// The whole token.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_(secret)", self.public_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_not_shown_by_chance() {
        let secret = Secret::random();
        let shown = Secret::parse(secret.reveal()).unwrap();
        assert!(shown.is_kept_as(&secret.hash()));
        assert!(!Secret::random().is_kept_as(&secret.hash()));
        assert!(!shown.is_kept_as(&secret.hash()[..31]));
        assert_eq!(secret.public_id().len(), ID_DIGITS);
        let (_, hidden) = secret.reveal().rsplit_once('_').unwrap();
        assert!(!format!("{secret:?}").contains(hidden));
    }

    #[test]
    fn other_texts_are_none() {
        let good = Secret::random();
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
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }
}
