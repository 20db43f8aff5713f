//! Models as bytes: a header with the version of the format, then the compressed content.

use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::calibration::Calibrations;
use super::knowledge::{Knowledge, Values};
use super::lexicon::Lexicon;
use super::model::KeyModel;
use super::ranking::ValueRanking;
use super::reliability::Reliability;
use super::tallies::{StoredTallies, Tallies};
use super::tally::ValueCount;
use super::{EstateModel, KeyMetrics};
use crate::Vocabulary;

/// Error of bytes that are no model of this version.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the bytes do not begin as a model does")]
    NotAModel,
    #[error("the model has format {found}, this program reads format {expected}: train a new one")]
    Format { found: u16, expected: u16 },
    #[error("the model is damaged: {0}")]
    Damaged(String),
}

/// Content of a model as it is stored. Groups are in order of their hashes, so that equal models are equal bytes.
#[derive(Serialize, Deserialize)]
struct StoredModel {
    keys: Vec<String>,
    values: Vec<String>,
    /// Per key, values and their labels.
    supports: Vec<Vec<(u32, u32)>>,
    account_words: Vec<(u64, Vec<ValueCount>)>,
    tallies: StoredTallies,
    learned: Vec<StoredKey>,
    metrics: Vec<KeyMetrics>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    reliability: Reliability,
    ranking: ValueRanking,
    calibrations: Calibrations,
}

impl EstateModel {
    /// Beginning of the bytes of all models that [`Self::from_bytes`] can read.
    pub fn header() -> [u8; HEADER_BYTES] {
        let ([m, o, d, e], [low, high]) = (*MAGIC, FORMAT.to_le_bytes());
        [m, o, d, e, low, high]
    }

    /// Bytes that [`Self::from_bytes`] reads; the same model gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let supports = self.knowledge.supports.iter().map(|of_key| {
            let mut sorted: Vec<(u32, u32)> = of_key.iter().map(|(value, count)| (*value, *count)).collect();
            sorted.sort_unstable();
            sorted
        });
        let account_words = self.knowledge.account_words.iter();
        let mut account_words: Vec<_> = account_words
            .map(|(account, words)| (*account, words.clone()))
            .collect();
        account_words.sort_by_key(|(account, _)| *account);
        let learned = self.keys.iter().map(|key| StoredKey {
            reliability: key.reliability.clone(),
            ranking: key.ranking.clone(),
            calibrations: key.calibrations.clone(),
        });
        encode(&StoredModel {
            keys: self.lexicon.keys().to_vec(),
            values: self.knowledge.values.texts().to_vec(),
            supports: supports.collect(),
            account_words,
            tallies: self.tallies.to_stored(),
            learned: learned.collect(),
            metrics: self.metrics.clone(),
        })
    }

    /// Model of bytes that [`Self::to_bytes`] made, with the vocabulary that reads names and tags from now on. Keys that
    /// are governed since then have no more than priors.
    pub fn from_bytes(bytes: &[u8], vocabulary: Arc<Vocabulary>) -> Result<Self, ModelError> {
        let stored: StoredModel = decode(bytes)?;
        let lexicon = Lexicon::with_keys(vocabulary, stored.keys);
        let mut values = Values::default();
        for value in &stored.values {
            values.number(value);
        }
        let mut knowledge = Knowledge::new(&lexicon, values);
        for (supports, of_key) in knowledge.supports.iter_mut().zip(stored.supports) {
            *supports = of_key.into_iter().collect();
        }
        knowledge.account_words = stored.account_words.into_iter().collect();
        knowledge.index_values(&lexicon);
        let learned = stored.learned.into_iter().map(|mut key| {
            key.reliability.prepare();
            KeyModel {
                reliability: key.reliability,
                ranking: key.ranking,
                calibrations: key.calibrations,
            }
        });
        let mut keys: Vec<KeyModel> = learned.collect();
        keys.resize_with(lexicon.keys().len(), KeyModel::young);
        let tallies = Tallies::from_stored(stored.tallies, keys.len());
        Ok(Self {
            lexicon,
            knowledge,
            tallies,
            keys,
            metrics: stored.metrics,
        })
    }
}

const MAGIC: &[u8; 4] = b"VTEM";
const FORMAT: u16 = 3;
const HEADER_BYTES: usize = MAGIC.len() + size_of::<u16>();
/// Bytes of the content of the largest model that is read: more is a bomb.
const MAX_CONTENT: u64 = 1 << 30;

/// Header and compressed content.
fn encode<T: Serialize>(content: &T) -> Vec<u8> {
    let plain = postcard::to_allocvec(content).unwrap_or_default();
    let mut encoder = DeflateEncoder::new(EstateModel::header().to_vec(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&plain);
    encoder.finish().unwrap_or_default()
}

/// Content of the bytes that [`encode`] made.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelError> {
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
