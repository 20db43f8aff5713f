//! Models as bytes: a header with the version of the format, then the compressed content.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Refusal of bytes that are no model of this version.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the bytes do not begin as a model does")]
    NotAModel,
    #[error("the model has format {found}, this program reads format {expected}: train a new one")]
    Format { found: u16, expected: u16 },
    #[error("the model is damaged: {0}")]
    Damaged(String),
}

const MAGIC: &[u8; 4] = b"VTEM";
const FORMAT: u16 = 1;
/// Bytes of the content of the largest model that is read: more is a bomb.
const MAX_CONTENT: u64 = 1 << 30;

/// Header and compressed content.
pub(super) fn encode<T: serde::Serialize>(content: &T) -> Vec<u8> {
    let plain = postcard::to_allocvec(content).unwrap_or_default();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    let mut encoder = DeflateEncoder::new(bytes, Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&plain);
    encoder.finish().unwrap_or_default()
}

/// Content of the bytes that [`encode`] made.
pub(super) fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::NotAModel)?;
    let (format, compressed) = rest.split_first_chunk::<2>().ok_or(ModelError::NotAModel)?;
    let found = u16::from_le_bytes(*format);
    if found != FORMAT {
        return Err(ModelError::Format {
            found,
            expected: FORMAT,
        });
    }
    let mut plain = Vec::new();
    DeflateDecoder::new(compressed)
        .take(MAX_CONTENT)
        .read_to_end(&mut plain)
        .map_err(|error| ModelError::Damaged(error.to_string()))?;
    postcard::from_bytes(&plain).map_err(|error| ModelError::Damaged(error.to_string()))
}
