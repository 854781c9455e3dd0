//! `application/x-www-form-urlencoded`, in bodies and query strings.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{DecodeError, limits::PAIRS_MAX};

/// Everything but the unreserved characters of RFC 3986, as signatures want it.
pub(super) const STRICT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// [`STRICT`] for a greedy label, whose slashes stay.
pub(super) const GREEDY: &AsciiSet = &STRICT.remove(b'/');

/// One key with its value; no `=` and an empty value look the same here, as they do to AWS.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Splits and decodes a query string or form. Text that is not UTF-8 after decoding is kept with
/// replacement characters: what a log shows must be text.
pub(crate) fn pairs(text: &str) -> Result<Vec<Pair<'_>>, DecodeError> {
    let mut pairs = Vec::new();
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        if pairs.len() == PAIRS_MAX {
            return Err(DecodeError::TooMany(PAIRS_MAX));
        }
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        pairs.push((decode(key), decode(value)));
    }
    Ok(pairs)
}

/// Decodes one key or value of a form: `+` is a blank.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8_lossy();
    }
    Cow::Owned(percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// Decodes one path segment: `+` is a plus.
pub(super) fn decode_segment(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Percent-encodes one key, value or label.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

/// Writes pairs as a form or query string.
pub(super) fn write(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(&encode(key));
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}
