//! Records as text: the `record` column holds text, and a record's bytes come back exactly.
//!
//! A record is JSON, so its bytes are text and stand as they are. Bytes that are not (nothing the
//! gateway writes, but a log may hold what somebody imported) are kept as `base64:` and their
//! base64; no JSON begins so.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

const ESCAPE: &str = "base64:";

/// The text that stands for a record; `text` is the record if it is text.
pub(crate) fn encode<'r>(record: &[u8], text: Option<&'r str>) -> Cow<'r, str> {
    match text {
        Some(text) if !text.starts_with(ESCAPE) => Cow::Borrowed(text),
        _ => Cow::Owned(format!("{ESCAPE}{}", STANDARD_NO_PAD.encode(record))),
    }
}

/// The record that a text stands for.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    match text.strip_prefix(ESCAPE.as_bytes()).map(|coded| STANDARD_NO_PAD.decode(coded)) {
        Some(Ok(record)) => Cow::Owned(record),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_record_comes_back() {
        let records: [&[u8]; 5] = [b"{}", b"", b"\xff\x00", b"base64:", b"base64:e30"];
        for record in records {
            let text = std::str::from_utf8(record).ok();
            assert_eq!(&*decode(encode(record, text).as_bytes()), record);
        }
        assert_eq!(encode(b"{\"a\":1}", Some("{\"a\":1}")), "{\"a\":1}");
    }
}
