//! Signals. A process with the number 1, as the only one of a container has, would not even notice SIGTERM otherwise.

use super::output::complain;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

/// A command that has not ended so long after a signal is cut off.
const GRACE: Duration = Duration::from_secs(5);

/// SIGINT and SIGTERM, one after the other.
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::signal;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Interrupted {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        Interrupted(kind)
    }
}

/// A signal ended a command before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted by {}", self.name())]
pub struct Interrupted(SignalKind);

impl Interrupted {
    fn name(self) -> &'static str {
        if self.0 == SignalKind::interrupt() {
            "SIGINT"
        } else {
            "SIGTERM"
        }
    }

    /// Exit code as shells report it: 128 and the signal's number.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(self) -> u8 {
        128 + self.0.as_raw_value() as u8
    }
}

/// Tells a command that ends by itself to end before.
#[derive(Clone)]
pub struct Interrupt {
    token: CancellationToken,
    signal: Arc<OnceLock<Interrupted>>,
}

impl Interrupt {
    /// Listens to signals from now on. The first asks the command to end; with the second, or when that takes too long,
    /// the process ends at once.
    pub fn listen() -> anyhow::Result<Self> {
        let mut signals = Signals::new()?;
        let interrupt = Self {
            token: CancellationToken::new(),
            signal: Arc::default(),
        };
        let notified = interrupt.clone();
        // Not only where the command awaits something: it may wait for a pipe that nobody writes to.
        tokio::spawn(async move {
            let signal = signals.next().await;
            let _first = notified.signal.set(signal);
            notified.token.cancel();
            let _second = tokio::time::timeout(GRACE, signals.next()).await;
            complain(&format!("virtual-tagging: {signal}, and cut off"));
            std::process::exit(signal.code().into());
        });
        Ok(interrupt)
    }

    /// Does some work, unless a signal comes; then the work is dropped where it awaits something.
    pub async fn or<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        tokio::select! {
            biased;
            () = self.token.cancelled() => Err(self.error()),
            done = work => done,
        }
    }

    /// Refuses to go on after a signal: for loops that await nothing for long.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.token.is_cancelled() {
            return Err(self.error());
        }
        Ok(())
    }

    fn error(&self) -> anyhow::Error {
        let signal = self.signal.get().copied();
        signal.unwrap_or(Interrupted(SignalKind::interrupt())).into()
    }
}
