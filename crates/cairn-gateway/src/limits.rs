//! A limit on everything that comes from outside.

use std::time::Duration;

/// Connections served at once, if there are descriptors for so many; further ones are turned away.
pub const CONNECTIONS_MAX: usize = 16_384;
/// A body that is read whole: JSON, forms, XML, CBOR. Objects are streamed and have S3's own limit.
pub const BODY_BYTES_MAX: usize = 6 << 20;
/// What all requests under way hold of bodies and heads together; further ones are asked to come
/// back.
pub const BUFFERED_BYTES_MAX: usize = 128 << 20;
/// The part of it that callers can have who name no access key of ours.
pub const STRANGERS_BYTES_MAX: usize = 32 << 20;
/// A document up to this size is read on its lane, where it takes less than a millisecond or two; a
/// larger one, and one that is compressed, beside the lanes. A hop to another thread costs some ten
/// microseconds.
pub const INLINE_BYTES_MAX: usize = 64 << 10;
/// How long a document that takes long to read waits for others that do.
pub const BESIDE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Calls with large documents that are handled beside the lanes at once, once they are verified.
pub const CALLS_BESIDE_MAX: usize = 64;
/// Threads beside one lane that may block; what comes beyond waits in line. Well more than
/// [`CALLS_BESIDE_MAX`], since a call on such a thread needs others to go on.
pub const LANE_THREADS_MAX: usize = 128;
/// What a form may unpack to that says what is called, before anybody is known (documented: 1 MB for
/// `PutMetricData`, the one operation whose clients compress forms).
pub const UNPROVEN_UNPACKED_BYTES_MAX: usize = 1 << 20;
/// It may unpack to so many times its length, or to [`INLINE_BYTES_MAX`]. A form of a thousand metrics
/// that are all the same unpacks to 16 times its length (measured); nothing but blanks, to 1,000.
pub const UNPROVEN_UNPACKED_RATIO_MAX: usize = 64;
/// All headers of a request together.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// The host that a request names, with its port (RFC 1035, section 2.3.4: a name of 253 characters).
pub const HOST_BYTES_MAX: usize = 253 + 6;
/// Parameters in a query string; each step looks through all of them.
pub const QUERY_PARAMETERS_MAX: usize = 4096;
/// Headers of a request.
pub const HEADERS_MAX: usize = 128;
/// Calls under way at once on one HTTP/2 connection.
pub const STREAMS_MAX: u32 = 64;
/// What a sender may have under way on one HTTP/2 stream before we read it.
pub const STREAM_WINDOW_BYTES: u32 = 128 << 10;
/// The same for all streams of a connection together.
pub const CONNECTION_WINDOW_BYTES: u32 = 256 << 10;
/// What one HTTP/2 stream holds of an answer that its reader has not taken.
pub const STREAM_SEND_BYTES_MAX: usize = 64 << 10;
/// From the first byte of a request to the last of its headers.
pub const HEADER_READ_MAX: Duration = Duration::from_secs(30);
/// From the accepting of a connection to the end of its first request's head, the TLS handshake
/// included.
pub const FIRST_CALL_MAX: Duration = Duration::from_secs(30);
/// Whoever begins with less than tells the version of HTTP is listened to again after so long.
pub const PEEK_PAUSE: Duration = Duration::from_millis(200);
/// No byte in either direction, and no call under way: the connection is closed.
pub const CONNECTION_IDLE_MAX: Duration = Duration::from_mins(2);
/// After a connection could not be accepted, none is tried for so long.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that could not be accepted or were turned away, and signatures that were refused, are
/// reported once in this time.
pub const REPORT_PAUSE: Duration = Duration::from_secs(5);
/// A body that is read whole has to be there in this time.
pub const BODY_READ_MAX: Duration = Duration::from_mins(1);
/// A body that streams may pause for so long between two pieces.
pub const BODY_IDLE_MAX: Duration = Duration::from_mins(1);
/// After the signal to stop, calls under way have this long.
pub const STOP_MAX: Duration = Duration::from_secs(25);
/// Threads that serve connections.
pub const LANES_MAX: usize = 64;
/// Derived signing keys that are remembered; one for each access key, day, region and service.
pub const SIGNING_KEYS_MAX: usize = 4096;
/// Access key, day, region and service of a signing key that is remembered.
pub const SIGNING_KEY_NAME_BYTES_MAX: usize = 256;
/// The name of an operation or a service that the model does not know, as far as it is recorded.
pub const NAME_BYTES_MAX: usize = 128;
/// The copy of a structured body that is kept for the record of a forwarded call; a larger body
/// goes on, and its record says less.
pub const BODY_COPY_BYTES_MAX: usize = 1 << 20;
/// How long a caller who expects `100 Continue` is kept waiting for the upstream to say it.
pub const CONTINUE_MAX: Duration = Duration::from_secs(3);
/// An upstream may answer before it has read the request: for so long is the rest of the body waited
/// for, so that the record shows it.
pub const BODY_LATE_MAX: Duration = Duration::from_secs(2);
/// The answer of an upstream may pause for so long between two pieces.
pub const ANSWER_IDLE_MAX: Duration = Duration::from_mins(5);
/// A connection to an upstream is kept for so long without a call.
pub const UPSTREAM_IDLE_MAX: Duration = Duration::from_secs(50);
/// Connections to an upstream that are kept without a call.
pub const UPSTREAM_IDLE_CONNECTIONS_MAX: usize = 512;
/// Connections to an upstream over HTTP/2; calls take turns, so that a peer that allows few calls on
/// each still gets many.
pub const UPSTREAM_HTTP2_CONNECTIONS: usize = 8;
/// What an upstream may have under way on one HTTP/2 connection. Sixty-four callers who read nothing
/// do not stop the others who share it.
pub const UPSTREAM_WINDOW_BYTES: u32 = 64 * STREAM_WINDOW_BYTES;
/// A connection over HTTP/2 on which calls are under way and nothing comes is asked whether it lives.
pub const UPSTREAM_PING_PAUSE: Duration = Duration::from_secs(20);
/// It has this long to say so.
pub const UPSTREAM_PING_MAX: Duration = Duration::from_secs(20);
/// Records whose callers have their answers already, together.
pub const QUEUED_BYTES_MAX: usize = 32 << 20;
/// Queued records that are written at once.
pub const QUEUED_BATCH_MAX: usize = 512;
/// After queued records could not be written, none are tried for so long.
pub const QUEUED_RETRY_PAUSE: Duration = Duration::from_millis(200);
