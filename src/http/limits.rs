//! What a caller may ask for at most, as far as nobody needs to set it; `config::Limits` has the others. The limit
//! itself passes, one more is refused.

use std::time::Duration;

/// The longest pause between two pieces of a body.
pub const BODY_PAUSE: Duration = Duration::from_secs(20);
/// The time for a body that is not an upload.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// The time in which a client may read nothing of its answer.
pub const STALL_TIME: Duration = Duration::from_mins(1);
/// Fields and fragments of an operation once its fragments are spread.
pub const SELECTIONS: usize = 5_000;
/// Mistakes in a document that an answer tells.
pub const MISTAKES: usize = 20;
/// Files of one upload.
pub const UPLOAD_FILES: usize = 10;
/// Bytes of the headers of one part of an upload, its boundary included.
pub const PART_HEAD_BYTES: usize = 16 << 10;
/// The time over which the rate of an upload is looked at.
pub const UPLOAD_RATE_WINDOW: Duration = Duration::from_secs(20);
/// JSON values of one request: ten thousand ids, and as many others. One may take a hundred times the memory of its text.
pub const JSON_VALUES: usize = 20_000;
/// Bytes of a message on a websocket that neither starts an operation nor carries credentials.
pub const SOCKET_CONTROL_BYTES: usize = 4 << 10;
/// Lists of fields and types within one another when the schema is asked about.
pub const INTROSPECTION_LISTS: usize = 3;

/// Messages that wait until a websocket's client reads them; then its operations wait.
pub const SOCKET_QUEUE: usize = 32;
/// Bytes of these messages.
pub const SOCKET_QUEUE_BYTES: usize = 256 << 10;
/// Bytes of each of a websocket's buffers as long as messages are small.
pub const SOCKET_BUFFER: usize = 4 << 10;
/// The time from the opening of a websocket to `connection_init`.
pub const SOCKET_INIT_TIME: Duration = Duration::from_secs(3);
/// The time between two pings of ours.
pub const SOCKET_PING_EVERY: Duration = Duration::from_secs(12);
/// The time between two looks at whether a websocket's API token was taken back.
pub const SOCKET_CHECK_EVERY: Duration = Duration::from_secs(2);
/// The time a client has for reading one message before it is given up.
pub const SOCKET_SEND_TIME: Duration = Duration::from_secs(20);
/// The time a client has for reading why its websocket is closed.
pub const SOCKET_FAREWELL_TIME: Duration = Duration::from_secs(2);

/// Connections of a process that answers nothing but requests for its health and its metrics.
pub const HEALTH_CONNECTIONS: usize = 64;
