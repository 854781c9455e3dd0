//! A limit on everything that comes from outside.

use std::time::Duration;

/// Connections served at once; further ones wait to be accepted.
pub const CONNECTIONS_MAX: usize = 4096;
/// A body that is read whole: JSON, forms, XML, CBOR. Objects are streamed and have S3's own limit.
pub const BODY_BYTES_MAX: usize = 6 << 20;
/// All headers of a request together.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
pub const HEADERS_MAX: usize = 128;
/// From the first byte of a request to the last of its headers.
pub const HEADER_READ_MAX: Duration = Duration::from_secs(30);
/// A body that is read whole has to be there in this time.
pub const BODY_READ_MAX: Duration = Duration::from_mins(1);
/// A body that streams may pause for so long between two pieces.
pub const BODY_IDLE_MAX: Duration = Duration::from_mins(1);
/// After the signal to stop, calls under way have this long.
pub const STOP_MAX: Duration = Duration::from_secs(25);
/// Derived signing keys that are remembered; one for each access key, day, region and service.
pub const SIGNING_KEYS_MAX: usize = 4096;
