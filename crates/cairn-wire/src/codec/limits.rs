//! What a body may cost, by name.

/// Nesting of JSON, XML, CBOR and query keys: below the JSON reader's own 128, so that ours is
/// told.
pub const DEPTH_MAX: usize = 120;

/// Key-value pairs of one form or query string.
pub const PAIRS_MAX: usize = 20_000;

/// Elements of one XML body; a `DeleteObjects` of 1,000 keys has 4,000.
pub const ELEMENTS_MAX: usize = 200_000;

/// Values in one JSON or CBOR body, containers and scalars together.
pub const VALUES_MAX: usize = 500_000;

/// A request body after decompression; the gateway's limit on the body itself is lower.
pub const DECOMPRESSED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A label, header or query value turned into text.
pub const FIELD_BYTES_MAX: usize = 1024 * 1024;
