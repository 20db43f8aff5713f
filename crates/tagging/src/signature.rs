//! Signatures of evidence, as they are stored.

use sha2::{Digest, Sha256};

/// Bytes of a signature, the hash of a longer one included.
pub(crate) const MAX_SIGNATURE: usize = 200;

/// Signature of a native tag as evidence.
pub(crate) fn native_signature(raw_key: &str, raw_value: &str) -> String {
    bounded_signature(format!("NATIVE:{raw_key}={raw_value}"))
}

/// The signature; of a long one the beginning, and a hash that stands for the rest.
pub(crate) fn bounded_signature(mut signature: String) -> String {
    if signature.len() > MAX_SIGNATURE {
        let hash = short_hash(&signature);
        signature.truncate(signature.floor_char_boundary(MAX_SIGNATURE - hash.len() - 1));
        signature.push('#');
        signature.push_str(&hash);
    }
    signature
}

fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    hex::encode(&digest[..8])
}
