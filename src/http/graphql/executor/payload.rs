//! An answer of a subscription, written once for all who get it.

use super::response::GraphqlResponse;
use crate::graphql::response_budget::Reservation;
use crate::graphql::subscriptions::progress::DeliveredRange;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An answer as JSON, and what of its log it tells.
#[derive(Debug)]
pub struct Payload {
    json: Box<str>,
    range: DeliveredRange,
    delivered: AtomicUsize,
    _reservation: Reservation,
}

impl Payload {
    /// Writes the answer, and keeps the memory that is set aside for it.
    pub fn new(answer: &GraphqlResponse, range: DeliveredRange, reservation: Reservation) -> Self {
        let json = serde_json::to_string(answer).unwrap_or_else(|error| {
            tracing::error!("an answer cannot be written as JSON: {error}");
            r#"{"data":null}"#.into()
        });
        Self {
            json: json.into(),
            range,
            delivered: AtomicUsize::new(0),
            _reservation: reservation,
        }
    }

    /// The same answer as the next of a log of answers, where it stands at this number.
    pub fn numbered(self, range: DeliveredRange) -> Self {
        Self { range, ..self }
    }

    /// The answer.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What it tells.
    pub fn delivered_range(&self) -> DeliveredRange {
        self.range
    }

    /// A client has got it, or will, as far as this process can tell.
    pub fn mark_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// How many clients have got it.
    pub fn delivered(&self) -> usize {
        self.delivered.load(Ordering::Relaxed)
    }
}
