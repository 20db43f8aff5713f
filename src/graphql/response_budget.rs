//! Bytes of a response, counted while it is built.
//!
//! The library builds a response as a tree of values before a byte of it is written, and memory is spent there: a few
//! aliases of a large field multiply the rows of the database. [`super::relay::bounded_list::BoundedList`] charges each item
//! as soon as it is resolved, and the first excess ends the list. Objects outside of lists are few, since aliases are
//! limited; they are charged with the whole response before it is written.
//!
//! Small responses reserve nothing. For the rest of a large one there is a pool of memory, of which each caller has a
//! share, returned when the response has been sent.

use super::error::Code;
use async_graphql::{ServerError, Value};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Approximate bytes of a value besides text.
const VALUE_BYTES: usize = 64;
/// Bytes of a response for which no memory is reserved.
const FREE_BYTES: usize = 64 << 10;
/// Unit of reservation in KiB.
const PIECE_KIB: usize = 256;

/// Approximate bytes of a value in memory; never less than as JSON.
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

/// Bytes of a byte of text as JSON.
const fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' => 2,
        ..0x20 => 6,
        _ => 1,
    }
}

/// Memory reserved for a response, released when dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    _permits: Vec<OwnedSemaphorePermit>,
}

/// Reason for which a response is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetExcess {
    /// Response larger than the limit.
    TooLarge,
    /// Memory of the caller's responses, or of all responses, exhausted.
    NoMemory,
}

/// Budget of one response at a time.
#[derive(Debug)]
pub struct ResponseBudget {
    most: usize,
    /// Semaphores in KiB: the caller's and the one of all callers.
    pools: [Arc<Semaphore>; 2],
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    bytes: usize,
    reserved_kib: usize,
    permits: Vec<OwnedSemaphorePermit>,
    excess: Option<BudgetExcess>,
}

impl ResponseBudget {
    /// Creates a budget of `most` bytes with memory from these pools, in KiB.
    pub fn new(most: usize, pools: [Arc<Semaphore>; 2]) -> Self {
        Self {
            most,
            pools,
            spent: Mutex::default(),
        }
    }

    /// Charges bytes by which the response has grown. After an excess nothing more is accepted.
    pub fn charge(&self, bytes: usize) -> Result<(), ServerError> {
        let mut spent = self.spent();
        if spent.excess.is_none() {
            let all = spent.bytes.saturating_add(bytes);
            self.grow(&mut spent, all);
        }
        spent.excess.map_or(Ok(()), |excess| Err(self.error(excess)))
    }

    /// Charges the rest of the finished response. An error replaces the response.
    pub fn finish(&self, answer: &Value) -> Result<(), ServerError> {
        let mut spent = self.spent();
        if spent.excess.is_none() {
            let all = spent.bytes.max(size(answer));
            self.grow(&mut spent, all);
        }
        spent.excess.map_or(Ok(()), |excess| Err(self.error(excess)))
    }

    /// Charged bytes.
    pub fn bytes(&self) -> usize {
        self.spent().bytes
    }

    /// Takes the memory reserved for the response; the budget is empty for the next one.
    pub fn take(&self) -> Reservation {
        Reservation {
            _permits: std::mem::take(&mut *self.spent()).permits,
        }
    }

    fn grow(&self, spent: &mut Spent, all: usize) {
        spent.bytes = all;
        if all > self.most {
            spent.excess = Some(BudgetExcess::TooLarge);
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
                Err(_) => spent.excess = Some(BudgetExcess::NoMemory),
            }
        }
        spent.reserved_kib += piece;
    }

    fn error(&self, excess: BudgetExcess) -> ServerError {
        match excess {
            BudgetExcess::TooLarge => Code::ResponseTooLarge.server_error(format!(
                "the answer has more than {} bytes, with {VALUE_BYTES} for each value: ask for smaller pages, or for fewer fields",
                self.most
            )),
            BudgetExcess::NoMemory => Code::ServiceUnavailable.server_error(
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
