//! JSON that only some servers read.
//!
//! Evidence: documented (Python's `json` reads `NaN` and `Infinity`; from bytes, also behind a byte order
//! mark). What a call says is recorded as the server took it, so it is written here as everybody reads
//! it: AWS JSON has such numbers as strings (documented: Smithy).

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// The text as everybody reads it; `None` if that is what it is.
pub(super) fn mended(text: &[u8]) -> Option<Vec<u8>> {
    let bare = text.strip_prefix(BYTE_ORDER_MARK);
    let mut is_mended = bare.is_some();
    let mut rest = bare.unwrap_or(text);
    let mut out = Vec::with_capacity(text.len());
    let mut in_string = false;
    while let Some((&byte, after)) = rest.split_first() {
        let number = NUMBERS.iter().find(|word| rest.starts_with(word.as_bytes()));
        if let Some(word) = number.filter(|_| !in_string) {
            out.push(b'"');
            out.extend_from_slice(word.as_bytes());
            out.push(b'"');
            is_mended = true;
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        out.push(byte);
        rest = after;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                out.extend(after.first());
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    is_mended.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_marks_are_mended_and_strings_are_left() {
        for (text, wanted) in [
            (
                "{\"a\":NaN,\"b\":[-Infinity, Infinity]}",
                Some("{\"a\":\"NaN\",\"b\":[\"-Infinity\", \"Infinity\"]}"),
            ),
            ("\u{feff}{}", Some("{}")),
            ("{\"NaN\":\"\\\"NaN\"}", None),
            ("{\"a\":\"\\\\\",\"b\":NaN}", Some("{\"a\":\"\\\\\",\"b\":\"NaN\"}")),
            ("{\"a\":\"\\", None),
            ("", None),
        ] {
            let mended = mended(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
            assert_eq!(mended.as_deref(), wanted, "{text}");
        }
    }
}
