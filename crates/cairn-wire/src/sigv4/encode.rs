//! Percent-encoding as signatures want it, and hexadecimal.

use std::borrow::Cow;

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

fn digit(alphabet: &[u8; 16], nibble: u8) -> u8 {
    alphabet.get(usize::from(nibble & 0x0f)).copied().unwrap_or(b'0')
}

/// RFC 3986 unreserved: what signatures never encode.
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends one byte in the form `%2F`.
pub fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[b'%', digit(UPPER_HEX, byte >> 4), digit(UPPER_HEX, byte)]);
}

/// Appends one byte, encoded unless it is unreserved.
pub fn push_encoded(out: &mut Vec<u8>, byte: u8) {
    if is_unreserved(byte) { out.push(byte) } else { push_escaped(out, byte) }
}

/// The byte that a text starting with `%XX` stands for.
pub fn escaped_byte(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => Some(hex_value(*high)? << 4 | hex_value(*low)?),
        _ => None,
    }
}

fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Calls `each` with every byte of a raw query component: `%XX` and `+` are resolved, broken
/// escapes are literal.
pub fn for_each_decoded(raw: &str, mut each: impl FnMut(u8)) {
    let mut rest = raw.as_bytes();
    while let [first, tail @ ..] = rest {
        if let Some(byte) = escaped_byte(rest) {
            each(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            each(if *first == b'+' { b' ' } else { *first });
            rest = tail;
        }
    }
}

/// A raw query component decoded. Bytes that are no UTF-8 are replaced: no value of ours holds such
/// bytes.
pub fn decode_component(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(raw);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    for_each_decoded(raw, |byte| bytes.push(byte));
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The pairs of a raw query string, still encoded; a name without `=` has an empty value.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// One byte in lower-case hexadecimal.
pub fn hex_pair(byte: u8) -> [u8; 2] {
    [digit(LOWER_HEX, byte >> 4), digit(LOWER_HEX, byte)]
}

/// 32 bytes in lower-case hexadecimal.
pub fn hex_string(bytes: &[u8; 32]) -> String {
    let digits: Vec<u8> = bytes.iter().flat_map(|byte| hex_pair(*byte)).collect();
    String::from_utf8(digits).unwrap_or_default()
}

/// 64 lower-case hexadecimal digits as bytes; anything else is `None`.
pub fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 || text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = hex_value(*high)? << 4 | hex_value(*low)?;
    }
    Some(bytes)
}
