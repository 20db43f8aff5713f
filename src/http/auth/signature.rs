//! Signatures of tokens, made and verified by `ring`, which TLS uses as well: jsonwebtoken brings providers of its own, which
//! would be a second library of cryptography to build and to watch. It compares in constant time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Header};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Serialize;

/// Verifies the signature of a message. False for a key of another family than the algorithm's, too.
pub(super) fn is_valid(signature: &str, message: &[u8], key: &DecodingKey, algorithm: Algorithm) -> bool {
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    match algorithm {
        Algorithm::HS256 => is_hmac(hmac::HMAC_SHA256, key, message, &signature),
        Algorithm::HS384 => is_hmac(hmac::HMAC_SHA384, key, message, &signature),
        Algorithm::HS512 => is_hmac(hmac::HMAC_SHA512, key, message, &signature),
        Algorithm::ES256 => {
            let family = AlgorithmFamily::Ec;
            is_signed(&ECDSA_P256_SHA256_FIXED, family, key, message, &signature)
        }
        Algorithm::ES384 => {
            let family = AlgorithmFamily::Ec;
            is_signed(&ECDSA_P384_SHA384_FIXED, family, key, message, &signature)
        }
        Algorithm::EdDSA => is_signed(&ED25519, AlgorithmFamily::Ed, key, message, &signature),
        Algorithm::RS256 => is_rsa(&RSA_PKCS1_2048_8192_SHA256, key, message, &signature),
        Algorithm::RS384 => is_rsa(&RSA_PKCS1_2048_8192_SHA384, key, message, &signature),
        Algorithm::RS512 => is_rsa(&RSA_PKCS1_2048_8192_SHA512, key, message, &signature),
        Algorithm::PS256 => is_rsa(&RSA_PSS_2048_8192_SHA256, key, message, &signature),
        Algorithm::PS384 => is_rsa(&RSA_PSS_2048_8192_SHA384, key, message, &signature),
        Algorithm::PS512 => is_rsa(&RSA_PSS_2048_8192_SHA512, key, message, &signature),
    }
}

fn is_hmac(algorithm: hmac::Algorithm, key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
    key.try_get_hmac_secret()
        .is_ok_and(|secret| hmac::verify(&hmac::Key::new(algorithm, secret), message, signature).is_ok())
}

fn is_signed(
    algorithm: &'static dyn VerificationAlgorithm,
    family: AlgorithmFamily,
    key: &DecodingKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    key.family() == family
        && UnparsedPublicKey::new(algorithm, key.as_bytes())
            .verify(message, signature)
            .is_ok()
}

fn is_rsa(parameters: &'static RsaParameters, key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let key = RsaPublicKeyComponents { n, e };
            key.verify(parameters, message, signature).is_ok()
        }
        DecodingKeyKind::SecretOrDer(_) => {
            is_signed(parameters, AlgorithmFamily::Rsa, key, message, signature)
        }
    }
}

/// A token with these claims, signed with HMAC and SHA-256.
pub(super) fn sign(claims: &impl Serialize, secret: &[u8]) -> serde_json::Result<String> {
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let header = serde_json::to_vec(&Header::new(Algorithm::HS256))?;
    let message = format!("{}.{}", part(header), part(serde_json::to_vec(claims)?));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag)))
}
