//! Server: connections are accepted up to a limit, monitored, and closed in order.
//!
//! A client that opens connections and sends little costs a socket and some memory, so each has [`ConnectionTimeouts`].
//! They differ by what is waited for: the head of a request comes in one piece, while between two requests a connection
//! may be idle for longer than load balancers usually keep theirs (60 s), or these would meet closed ones.

pub mod read_allowance;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use read_allowance::ReadAllowance;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Bytes of the longest head of a request: its line and headers.
const HEAD_BYTES: usize = 64 << 10;
/// Interval of the checks of a connection.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Pause after the system could not give another socket.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(500);

/// Timeouts of connections, and their number.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTimeouts {
    /// From the first byte of a request's head to its last, and from the opening of a connection to the first head.
    pub head: Duration,
    /// Between two requests on one connection.
    pub idle: Duration,
    /// While a client reads nothing of its answer.
    pub stall: Duration,
    /// Connections at the same time, websockets among them; one more is closed at once.
    pub connections: usize,
}

/// Serves until `closing`; then the listener is closed, and this ends when each connection has ended after its present
/// request. Dropping it breaks connections off, except websockets, which `sockets` tracks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    timeouts: ConnectionTimeouts,
    sockets: TaskTracker,
    closing: CancellationToken,
) {
    let mut connections = JoinSet::new();
    let accept = |connections: &mut JoinSet<()>, (stream, peer): (TcpStream, SocketAddr)| {
        if connections.len() + sockets.len() < timeouts.connections {
            connections.spawn(connection(
                stream,
                peer,
                router.clone(),
                timeouts,
                closing.clone(),
            ));
        } else {
            metrics::counter!(crate::telemetry::names::CONNECTIONS_REFUSED).increment(1);
        }
    };
    loop {
        tokio::select! {
            () = closing.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accept(&mut connections, accepted),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!("accepting a connection: {error}");
                    tokio::time::sleep(NO_SOCKET_PAUSE).await;
                }
            }
        }
    }
    // Connections that wait to be accepted would otherwise be reset, perhaps with a request on the way.
    while let Some(Ok(accepted)) = listener.accept().now_or_never() {
        accept(&mut connections, accepted);
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Error of a client that went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Serves one connection until it ends, is upgraded to a websocket, or its client was too slow.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    timeouts: ConnectionTimeouts,
    closing: CancellationToken,
) {
    // Responses are small and must not wait for more. A socket for which this fails is about to end anyway.
    let _ended = stream.set_nodelay(true);
    let activity = Arc::new(ConnectionActivity::new());
    let allowance = ReadAllowance::default();
    let io = TokioIo::new(MonitoredStream {
        stream,
        activity: activity.clone(),
        allowance: allowance.clone(),
    });
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(allowance.clone());
        let (in_flight, response) = (InFlight::of(&activity), router.call(request.map(Body::new)));
        async move {
            let response = response.await;
            drop(in_flight);
            response
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None);
    builder.max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(io, service).with_upgrades());
    let mut checks = tokio::time::interval(CHECK_INTERVAL.min(timeouts.head));
    let mut is_closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("a connection ended: {error}");
                }
                return;
            }
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = checks.tick() => if let Some(why) = activity.exceeds(timeouts) {
                tracing::debug!("a connection is closed: {why}");
                metrics::counter!(crate::telemetry::names::CONNECTIONS_CUT, "reason" => why).increment(1);
                return;
            }
        }
    }
}

/// Activity of a connection, in milliseconds after its beginning, or [`ConnectionActivity::NEVER`].
struct ConnectionActivity {
    began: Instant,
    requests: AtomicUsize,
    head_since: AtomicU64,
    moved_at: AtomicU64,
    stalled_since: AtomicU64,
}

impl ConnectionActivity {
    const NEVER: u64 = u64::MAX;

    /// Activity of a connection whose first head is awaited.
    fn new() -> Self {
        Self {
            began: Instant::now(),
            requests: AtomicUsize::new(0),
            head_since: AtomicU64::new(0),
            moved_at: AtomicU64::new(0),
            stalled_since: AtomicU64::new(Self::NEVER),
        }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn has_read(&self) {
        let now = self.now();
        self.moved_at.store(now, Ordering::Relaxed);
        if self.requests.load(Ordering::Relaxed) == 0 {
            // Only the first bytes of a head set the time.
            let _began_before =
                self.head_since
                    .compare_exchange(Self::NEVER, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn has_written(&self) {
        self.moved_at.store(self.now(), Ordering::Relaxed);
        self.stalled_since.store(Self::NEVER, Ordering::Relaxed);
    }

    fn cannot_write(&self) {
        let _stalled_before = self.stalled_since.compare_exchange(
            Self::NEVER,
            self.now(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// Timeout that the connection exceeds, if it does.
    fn exceeds(&self, timeouts: ConnectionTimeouts) -> Option<&'static str> {
        let now = self.now();
        let longer = |since: &AtomicU64, time: Duration| {
            let since = since.load(Ordering::Relaxed);
            since != Self::NEVER && now.saturating_sub(since) > time.as_millis() as u64
        };
        if longer(&self.stalled_since, timeouts.stall) {
            return Some("unread");
        }
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        if longer(&self.head_since, timeouts.head) {
            return Some("slow");
        }
        longer(&self.moved_at, timeouts.idle).then_some("idle")
    }
}

/// Request in flight. Its head has come; the next has not begun.
struct InFlight(Arc<ConnectionActivity>);

impl InFlight {
    fn of(activity: &Arc<ConnectionActivity>) -> Self {
        activity.requests.fetch_add(1, Ordering::Relaxed);
        activity
            .head_since
            .store(ConnectionActivity::NEVER, Ordering::Relaxed);
        Self(activity.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Stream that records the activity of its connection.
struct MonitoredStream {
    stream: TcpStream,
    activity: Arc<ConnectionActivity>,
    allowance: ReadAllowance,
}

impl AsyncRead for MonitoredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.allowance.is_spent() {
            let message = "the client sent more than it may at this point";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, message)));
        }
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let bytes = buffer.filled().len().saturating_sub(before);
        if bytes > 0 {
            self.activity.has_read();
            self.allowance.spend(bytes);
        }
        Poll::Ready(read)
    }
}

impl MonitoredStream {
    fn record_write(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(_) => self.activity.has_written(),
            Poll::Pending => self.activity.cannot_write(),
        }
        written
    }
}

impl AsyncWrite for MonitoredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.record_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.record_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: ConnectionTimeouts = ConnectionTimeouts {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        stall: Duration::from_mins(1),
        connections: 1,
    };

    /// Exceeded timeout so many seconds after the beginning of the connection.
    fn after(seconds: u64, prepare: impl FnOnce(&Arc<ConnectionActivity>)) -> Option<&'static str> {
        let mut activity = ConnectionActivity::new();
        activity.began = Instant::now();
        let activity = Arc::new(activity);
        prepare(&activity);
        let later = ConnectionActivity {
            began: activity.began.checked_sub(Duration::from_secs(seconds)).unwrap(),
            requests: AtomicUsize::new(activity.requests.load(Ordering::Relaxed)),
            head_since: AtomicU64::new(activity.head_since.load(Ordering::Relaxed)),
            moved_at: AtomicU64::new(activity.moved_at.load(Ordering::Relaxed)),
            stalled_since: AtomicU64::new(activity.stalled_since.load(Ordering::Relaxed)),
        };
        later.exceeds(TIMEOUTS)
    }

    #[test]
    fn a_head_must_come_soon_and_the_rest_may_take_its_time() {
        let answered = |activity: &Arc<ConnectionActivity>| drop(InFlight::of(activity));
        assert_eq!(after(9, |_| ()), None);
        assert_eq!(after(11, |_| ()), Some("slow"), "nothing came");
        assert_eq!(
            after(11, |activity| activity.has_read()),
            Some("slow"),
            "half a head came"
        );
        assert_eq!(after(74, answered), None, "it is idle");
        assert_eq!(after(76, answered), Some("idle"));
        let next = |activity: &Arc<ConnectionActivity>| {
            answered(activity);
            activity.has_read();
        };
        assert_eq!(after(11, next), Some("slow"), "half of the next head came");
        let busy = |activity: &Arc<ConnectionActivity>| std::mem::forget(InFlight::of(activity));
        assert_eq!(after(500, busy), None, "the service takes its time");
        let unread = |activity: &Arc<ConnectionActivity>| {
            busy(activity);
            activity.cannot_write();
        };
        assert_eq!(after(59, unread), None);
        assert_eq!(after(61, unread), Some("unread"));
        let read_at_last = |activity: &Arc<ConnectionActivity>| {
            unread(activity);
            activity.has_written();
        };
        assert_eq!(after(61, read_at_last), None);
    }
}
