//! Rate and time limit of an upload: it holds disk while it lasts.

use crate::config::UploadConfig;
use crate::http::error::HttpError;
use crate::http::limits::UPLOAD_RATE_WINDOW;
use std::pin::pin;
use tokio::time::{Instant, timeout_at};

/// Rate of one upload.
pub struct UploadRate {
    config: UploadConfig,
    ends: Instant,
    window_ends: Instant,
    /// Bytes of the present window.
    bytes: u64,
}

impl UploadRate {
    /// Rate of an upload that begins now.
    pub fn new(config: UploadConfig) -> Self {
        Self::begun(config, Instant::now())
    }

    fn begun(config: UploadConfig, now: Instant) -> Self {
        Self {
            config,
            ends: now + config.time,
            window_ends: now + UPLOAD_RATE_WINDOW,
            bytes: 0,
        }
    }

    /// Waits for what the client sends next, as long as it keeps the rate.
    pub async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, HttpError> {
        let mut next = pin!(next);
        loop {
            let polled = timeout_at(self.ends.min(self.window_ends), next.as_mut()).await;
            self.check(Instant::now())?;
            if let Ok(came) = polled {
                return Ok(came);
            }
        }
    }

    /// Records bytes that came.
    pub fn record(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    fn check(&mut self, now: Instant) -> Result<(), HttpError> {
        if now >= self.ends {
            let seconds = self.config.time.as_secs();
            return Err(HttpError::slow_upload(format!(
                "the upload took longer than {seconds} s"
            )));
        }
        if now >= self.window_ends {
            let min_rate = u64::from(self.config.min_rate);
            if self.bytes < min_rate * UPLOAD_RATE_WINDOW.as_secs() {
                let message = format!("the upload came with less than {min_rate} bytes a second");
                return Err(HttpError::slow_upload(message));
            }
            (self.bytes, self.window_ends) = (0, now + UPLOAD_RATE_WINDOW);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_upload_keeps_its_rate_in_each_window_and_ends_in_time() {
        let config = UploadConfig {
            bytes: 1 << 30,
            concurrent: 1,
            time: Duration::from_mins(1),
            min_rate: 100,
        };
        let began = Instant::now();
        let after = |seconds: u64| began + Duration::from_secs(seconds);
        let mut rate = UploadRate::begun(config, began);
        assert!(rate.check(after(19)).is_ok(), "a window is not over");
        rate.record(2_000);
        assert!(rate.check(after(20)).is_ok());
        // Bytes that came before do not count any more.
        rate.record(1_999);
        let slow = rate.check(after(40)).unwrap_err();
        assert!(slow.message.contains("100 bytes a second"), "{}", slow.message);
        let mut rate = UploadRate::begun(config, began);
        for window in 1..3 {
            rate.record(1 << 20);
            assert!(rate.check(after(window * 20)).is_ok());
        }
        rate.record(1 << 20);
        let late = rate.check(after(60)).unwrap_err();
        assert!(late.message.contains("longer than 60 s"), "{}", late.message);
    }
}
