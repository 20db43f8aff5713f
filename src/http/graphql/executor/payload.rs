//! Payload of a subscription, written once for all subscribers.

use super::response::GraphqlResponse;
use crate::graphql::response_budget::Reservation;
use crate::graphql::subscriptions::progress::DeliveredRange;
use std::sync::atomic::{AtomicUsize, Ordering};

/// GraphQL response as JSON, with the range of the log that it delivers.
#[derive(Debug)]
pub struct Payload {
    json: Box<str>,
    range: DeliveredRange,
    delivered: AtomicUsize,
    _reservation: Reservation,
}

impl Payload {
    /// Writes the response, and keeps the memory that is reserved for it.
    pub fn new(response: &GraphqlResponse, range: DeliveredRange, reservation: Reservation) -> Self {
        let json = serde_json::to_string(response).unwrap_or_else(|error| {
            tracing::error!("a response cannot be written as JSON: {error}");
            r#"{"data":null}"#.into()
        });
        Self {
            json: json.into(),
            range,
            delivered: AtomicUsize::new(0),
            _reservation: reservation,
        }
    }

    /// The same payload at a position in the log that the payloads of a state make.
    pub fn numbered(self, range: DeliveredRange) -> Self {
        Self { range, ..self }
    }

    /// The response as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Range of the log that it delivers.
    pub fn delivered_range(&self) -> DeliveredRange {
        self.range
    }

    /// Counts a client that has got it, or will, as far as this process can know.
    pub fn mark_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// Clients that have got it.
    pub fn delivered(&self) -> usize {
        self.delivered.load(Ordering::Relaxed)
    }
}
