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
/// Bytes that a client may send over a websocket before its credentials are accepted: they have 8 KiB at most.
pub const SOCKET_GREETING_BYTES: usize = 16 << 10;
/// One in so many connections may be a websocket whose credentials have not come yet; half of them of one address.
pub const CONNECTIONS_PER_GREETING: usize = 8;
/// Of so many subscriptions of a caller one may differ from all others.
pub const SUBSCRIPTIONS_ALIKE: usize = 10;
/// Answers that repeat what is in a log already, made at the same time; and those of one caller. Together they must
/// not take the machine from those who follow the present.
pub const REPLAYS: usize = 4;
pub const REPLAYS_OF_CALLER: usize = 3;

/// Answers of the greatest length for which there is memory at the same time; and those of one caller.
pub const RESPONSES: usize = 6;
pub const RESPONSES_OF_CALLER: usize = 3;

/// Exports at the same time; and those of one caller.
pub const EXPORTS: usize = 16;
pub const EXPORTS_OF_CALLER: usize = 4;
/// Pages of exports that are read from the database, or written as CSV, at the same time.
pub const EXPORT_PAGES: usize = 2;
