//! Compressed request bodies (`PutMetricData` over 10 kB), read with a cap.

use std::{borrow::Cow, io::Read};

use flate2::read::MultiGzDecoder;
use http::HeaderMap;

use super::{DecodeError, limits::DECOMPRESSED_BYTES_MAX};

/// The body as it was before compression.
pub(crate) fn plain<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Cow<'b, [u8]>, DecodeError> {
    let gzip = headers
        .get_all(http::header::CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("gzip"));
    // Some clients keep the header when the body was too short to compress.
    if !gzip || !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(body));
    }
    let mut whole = Vec::new();
    let cap = DECOMPRESSED_BYTES_MAX as u64 + 1;
    MultiGzDecoder::new(body).take(cap).read_to_end(&mut whole).map_err(|error| {
        DecodeError::Syntax { syntax: "gzip", why: error.to_string(), at: whole.len() }
    })?;
    if whole.len() > DECOMPRESSED_BYTES_MAX {
        return Err(DecodeError::TooLarge);
    }
    Ok(Cow::Owned(whole))
}
