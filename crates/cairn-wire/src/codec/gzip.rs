//! Compressed request bodies (`PutMetricData` over 10 kB), read with a cap.

use std::{borrow::Cow, io::Read};

use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header::CONTENT_ENCODING};

use super::DecodeError;

/// How much more is unpacked at once than there is, at the least.
const PIECE_BYTES: usize = 16 * 1024;

/// Whether a body is compressed: the head says so, and it begins as what it says. Some clients keep
/// the header when the body was too short to compress.
pub fn is_packed(headers: &HeaderMap, body: &[u8]) -> bool {
    let codings = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let is_gzip =
        |token: &str| ["gzip", "x-gzip"].iter().any(|name| token.eq_ignore_ascii_case(name));
    body.starts_with(&[0x1f, 0x8b])
        && codings.flat_map(|value| value.split(',')).any(|token| is_gzip(token.trim()))
}

/// The body as it was before compression, unpacked once: what is packed again inside stays so.
///
/// More than `bytes_max` is [`DecodeError::TooLarge`]. Memory is asked of `room` before it is taken;
/// when that says no, the error is [`DecodeError::NoRoom`].
pub fn unpacked<'b>(
    headers: &HeaderMap,
    body: &'b [u8],
    bytes_max: usize,
    mut room: impl FnMut(usize) -> bool,
) -> Result<Cow<'b, [u8]>, DecodeError> {
    if !is_packed(headers, body) {
        return Ok(Cow::Borrowed(body));
    }
    let mut whole = Vec::new();
    let mut decoder = MultiGzDecoder::new(body);
    loop {
        let had = whole.len();
        // One byte more than allowed tells that there are too many.
        let wanted = (had * 2).max(had + PIECE_BYTES).min(bytes_max.saturating_add(1));
        let more = wanted.saturating_sub(had);
        if !room(more) {
            return Err(DecodeError::NoRoom);
        }
        whole.reserve_exact(more);
        let read = decoder.by_ref().take(more as u64).read_to_end(&mut whole);
        let read = read.map_err(|error| DecodeError::Syntax {
            syntax: "gzip",
            why: error.to_string(),
            at: whole.len(),
        })?;
        if whole.len() > bytes_max {
            return Err(DecodeError::TooLarge(bytes_max));
        }
        if read < more {
            return Ok(Cow::Owned(whole));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use http::HeaderValue;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip() -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("aws-chunked, gzip"))])
    }

    #[test]
    fn a_body_is_unpacked_once_up_to_its_limit() {
        let plain = vec![b'x'; 100_000];
        let body = packed(&plain);
        assert_eq!(unpacked(&gzip(), &body, 100_000, |_| true).unwrap(), plain);
        let error = unpacked(&gzip(), &body, 99_999, |_| true).unwrap_err();
        assert_eq!(error, DecodeError::TooLarge(99_999));
        let twice = packed(&body);
        assert_eq!(unpacked(&gzip(), &twice, 100_000, |_| true).unwrap(), body);
        assert_eq!(unpacked(&HeaderMap::new(), &body, 1, |_| false).unwrap(), body);
        assert_eq!(unpacked(&gzip(), b"short", 1, |_| false).unwrap(), &b"short"[..]);
        let cut = unpacked(&gzip(), &body[..body.len() / 2], 100_000, |_| true).unwrap_err();
        assert!(matches!(cut, DecodeError::Syntax { syntax: "gzip", .. }), "{cut:?}");
    }

    #[test]
    fn memory_is_asked_for_before_it_is_taken() {
        let body = packed(&vec![b'x'; 1_000_000]);
        let mut asked = 0;
        let whole = unpacked(&gzip(), &body, 8 << 20, |bytes| {
            asked += bytes;
            true
        });
        let whole = whole.unwrap().into_owned();
        assert!(asked >= whole.len() && whole.capacity() <= asked, "{asked}");
        let mut left = 300_000_usize;
        let refused = unpacked(&gzip(), &body, 8 << 20, |bytes| match left.checked_sub(bytes) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        assert_eq!(refused, Err(DecodeError::NoRoom));
    }
}
