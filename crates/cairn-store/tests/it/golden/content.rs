//! What every golden directory holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_store::{Attributes, Clock, LogOptions};

/// The version that is written now.
pub const CURRENT: &str = "v1";
/// The file with the log's chain hash.
pub const CHAIN: &str = "chain.hex";

/// Where the directories are.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// It stands still.
pub fn clock() -> Clock {
    Arc::new(|| Timestamp::from_ms(1_795_539_600_000))
}

/// Segments so small that there are several.
pub fn options() -> LogOptions {
    LogOptions { segment_bytes_max: 900, ..LogOptions::new(clock()) }
}

/// The records of every golden log, batch by batch.
pub fn batches() -> Vec<Vec<Bytes>> {
    let record = |number: usize| {
        let padding = "é\\u0000\"".repeat(number * 3);
        Bytes::from(format!("{{\"eventVersion\":\"1.11\",\"n\":{number},\"pad\":\"{padding}\"}}"))
    };
    let single = (0..12).map(|number| vec![record(number)]);
    let odd = [vec![Bytes::new(), record(99), Bytes::from_static(b"\xff\0")]];
    single.chain(odd).collect()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Names and bytes: one at each kind of path.
pub const OBJECTS: [(&[u8], &[u8]); 3] =
    [(b"b/AWSLogs/x.json.gz", b"plain"), (b"b/\xff%", b"escaped"), (b"b//", b"hashed")];

/// Those of every object.
pub fn attributes() -> Attributes {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Attributes {
        etag: Some("0123".to_owned()),
        headers: vec![pair("content-type", "application/json")],
        user: vec![pair("k", "v")],
    }
}
