//! Bytes of an answer, counted while it is built.
//!
//! The library builds an answer as a tree of values before a byte of it is written, so that is where memory goes: a
//! few aliases of a large field multiply what the database gave. [`super::relay::rows::Rows`] charges each row of a list as
//! soon as it is resolved, and the first one too many ends the list. Objects outside of lists are few, for aliases are
//! limited; they are charged with the whole answer before it is written.
//!
//! Small answers take what they need. For the rest of a large one there is a pool of memory, of which each caller has a
//! share, and which it gives back when it has been sent.

use super::error::Code;
use async_graphql::{ServerError, Value};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that a value takes besides its text, about.
const VALUE_BYTES: usize = 64;
/// Bytes of an answer for which no memory is set aside.
const FREE_BYTES: usize = 64 << 10;
/// Memory is set aside in pieces of so many kibibytes.
const PIECE_KIB: usize = 256;

/// Bytes that a value takes in memory, about; never less than as JSON.
pub fn size(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.bytes().map(escaped).sum(),
        Value::Binary(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| name.bytes().map(escaped).sum::<usize>() + size(value))
                .sum()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Enum(_) => 0,
    };
    VALUE_BYTES + inner
}

/// Bytes that a byte of a text takes as JSON.
const fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' => 2,
        ..0x20 => 6,
        _ => 1,
    }
}

/// Memory that is set aside for an answer until this is dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    _permits: Vec<OwnedSemaphorePermit>,
}

/// Reason why an answer is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// It is larger than an answer may be.
    TooLarge,
    /// The caller's answers, or those of all, take all memory that there is for them.
    NoMemory,
}

/// Budget of one answer at a time.
#[derive(Debug)]
pub struct ResponseBudget {
    most: usize,
    /// Kibibytes: the caller's and those of all.
    pools: [Arc<Semaphore>; 2],
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    bytes: usize,
    reserved_kib: usize,
    permits: Vec<OwnedSemaphorePermit>,
    excess: Option<Excess>,
}

impl ResponseBudget {
    /// Budget of `most` bytes with memory from these pools, in kibibytes.
    pub fn new(most: usize, pools: [Arc<Semaphore>; 2]) -> Self {
        Self {
            most,
            pools,
            spent: Mutex::default(),
        }
    }

    /// Charges bytes that the answer has grown by. After an excess nothing more is taken.
    pub fn charge(&self, bytes: usize) -> Result<(), ServerError> {
        let mut spent = self.spent();
        if spent.excess.is_none() {
            let all = spent.bytes.saturating_add(bytes);
            self.grow(&mut spent, all);
        }
        spent.excess.map_or(Ok(()), |excess| Err(self.error(excess)))
    }

    /// Charges what of the finished answer was not charged while it was built. An error takes the answer's place.
    pub fn finish(&self, answer: &Value) -> Result<(), ServerError> {
        let mut spent = self.spent();
        if spent.excess.is_none() {
            let all = spent.bytes.max(size(answer));
            self.grow(&mut spent, all);
        }
        spent.excess.map_or(Ok(()), |excess| Err(self.error(excess)))
    }

    /// Bytes that were charged.
    pub fn bytes(&self) -> usize {
        self.spent().bytes
    }

    /// Takes the memory that is set aside for the answer; the budget is there for the next one.
    pub fn take(&self) -> Reservation {
        Reservation {
            _permits: std::mem::take(&mut *self.spent()).permits,
        }
    }

    fn grow(&self, spent: &mut Spent, all: usize) {
        spent.bytes = all;
        if all > self.most {
            spent.excess = Some(Excess::TooLarge);
            return;
        }
        let wanted = all.saturating_sub(FREE_BYTES).div_ceil(1 << 10);
        if wanted <= spent.reserved_kib {
            return;
        }
        let pieces = (wanted - spent.reserved_kib).div_ceil(PIECE_KIB) * PIECE_KIB;
        let piece = pieces.min(self.most.div_ceil(1 << 10) - spent.reserved_kib);
        for pool in &self.pools {
            match pool.clone().try_acquire_many_owned(piece as u32) {
                Ok(permit) => spent.permits.push(permit),
                Err(_) => spent.excess = Some(Excess::NoMemory),
            }
        }
        spent.reserved_kib += piece;
    }

    fn error(&self, excess: Excess) -> ServerError {
        match excess {
            Excess::TooLarge => Code::ResponseTooLarge.server_error(format!(
                "the answer has more than {} bytes, with {VALUE_BYTES} for each value: ask for smaller pages, or for fewer fields",
                self.most
            )),
            Excess::NoMemory => Code::ServiceUnavailable.server_error(
                "large answers that are not sent yet take all the memory there is for them: read them, and try again",
            ),
        }
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::value;

    fn pools(kib: usize) -> [Arc<Semaphore>; 2] {
        [kib, 2 * kib].map(|permits| Arc::new(Semaphore::new(permits)))
    }

    #[test]
    fn a_size_is_never_less_than_its_json() {
        for value in [
            value!({"a": ["bc", 1.5, null, true], "d": {}}),
            value!({"long": "x\u{1}\"".repeat(1000)}),
            Value::Null,
        ] {
            assert!(size(&value) >= value.to_string().len(), "{value}");
        }
    }

    #[test]
    fn memory_is_set_aside_and_given_back() {
        let pools = pools(1024);
        let budget = ResponseBudget::new(900 << 10, pools.clone());
        budget.charge(FREE_BYTES).unwrap();
        assert_eq!(pools[0].available_permits(), 1024);
        budget.charge(300 << 10).unwrap();
        assert_eq!(pools.each_ref().map(|pool| pool.available_permits()), [512, 1536]);
        let other = ResponseBudget::new(900 << 10, pools.clone());
        let refused = other.charge(800 << 10).unwrap_err();
        assert_eq!(Code::in_error(&refused), Some("SERVICE_UNAVAILABLE"));
        assert!(other.charge(1).is_err() && other.finish(&Value::Null).is_err());
        drop((budget.take(), other.take()));
        assert_eq!(
            pools.each_ref().map(|pool| pool.available_permits()),
            [1024, 2048]
        );
        assert_eq!(other.charge(1), Ok(()));
        let refused = budget.charge(900 << 10).and(budget.charge(1)).unwrap_err();
        assert_eq!(Code::in_error(&refused), Some("RESPONSE_TOO_LARGE"));
    }
}
