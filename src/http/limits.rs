//! Limits of requests and websockets that no setting changes; `config` and `gateway::limits` have the others. The limit
//! itself passes, one more is refused.

use std::time::Duration;

/// Longest pause between two pieces of a body.
pub const BODY_PAUSE: Duration = Duration::from_secs(20);
/// Time limit of a body that is not an upload.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Longest time in which a client reads nothing of its response.
pub const STALL_TIME: Duration = Duration::from_mins(1);
/// Errors of one document that a response lists.
pub const MISTAKES: usize = 20;
/// Files of one upload.
pub const UPLOAD_FILES: usize = 10;
/// Bytes of the headers of one part of an upload, its boundary included.
pub const PART_HEAD_BYTES: usize = 16 << 10;
/// Time over which the rate of an upload is measured.
pub const UPLOAD_RATE_WINDOW: Duration = Duration::from_secs(20);
/// JSON values of one request: ten thousand ids, and as many others. One may take a hundred times the memory of its text.
pub const JSON_VALUES: usize = 20_000;
/// Bytes of a message on a websocket that neither starts an operation nor carries credentials.
pub const SOCKET_CONTROL_BYTES: usize = 4 << 10;

/// Messages that wait for a websocket's client to read them; operations with more wait.
pub const SOCKET_QUEUE: usize = 32;
/// Bytes of these messages.
pub const SOCKET_QUEUE_BYTES: usize = 256 << 10;
/// Bytes of each of a websocket's buffers as long as messages are small.
pub const SOCKET_BUFFER: usize = 4 << 10;
/// Time limit from the opening of a websocket to `connection_init`.
pub const SOCKET_INIT_TIME: Duration = Duration::from_secs(3);
/// Interval of the pings on a websocket.
pub const SOCKET_PING_EVERY: Duration = Duration::from_secs(12);
/// Interval of the checks whether a websocket's API token was revoked.
pub const SOCKET_CHECK_EVERY: Duration = Duration::from_secs(2);
/// Time limit for a client to read one message.
pub const SOCKET_SEND_TIME: Duration = Duration::from_secs(20);
/// Time limit for a client to read why its websocket is closed.
pub const SOCKET_FAREWELL_TIME: Duration = Duration::from_secs(2);

/// Connections of a process that serves nothing but health and metrics.
pub const HEALTH_CONNECTIONS: usize = 64;
/// Bytes that a client may send over a websocket before its credentials are accepted: these have 8 KiB at most.
pub const SOCKET_HANDSHAKE_BYTES: usize = 16 << 10;
/// Connections for each of which one may be a websocket without credentials yet; half of those of one address.
pub const CONNECTIONS_PER_HANDSHAKE: usize = 8;
