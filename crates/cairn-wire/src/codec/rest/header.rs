//! Values in headers.

use http::HeaderMap;

use crate::{
    codec::{DecodeError, json, scalar},
    model::{Member, Shape, ShapeKind, TimestampFormat},
    value::Value,
};

/// Reads a member that travels in one header; `None` if the header is not there.
pub(super) fn read(
    member: Member<'static>,
    headers: &HeaderMap,
) -> Result<Option<Value>, DecodeError> {
    let Some(text) = joined(headers, member.wire_name()) else {
        return Ok(None);
    };
    let shape = member.shape();
    if member.jsonvalue() {
        let Value::Blob(bytes) = scalar::blob(&text)? else {
            return Ok(None);
        };
        return document(&bytes).map(Some);
    }
    match (shape.kind(), shape.list_member()) {
        (ShapeKind::List, Some(element)) => {
            let element = element.shape();
            let items = if is_http_date(element) { dates(&text) } else { split(&text) };
            let items = items.iter().map(|item| scalar::read(element, item));
            items.collect::<Result<_, _>>().map(|items| Some(Value::List(items)))
        }
        _ => scalar::read(shape, text.trim()).map(Some),
    }
}

fn document(bytes: &[u8]) -> Result<Value, DecodeError> {
    let syntax = |why: &str| DecodeError::Syntax { syntax: "JSON", why: why.to_owned(), at: 0 };
    let text = std::str::from_utf8(bytes).map_err(|_| syntax("text that is not UTF-8"))?;
    let raw = serde_json::value::RawValue::from_string(text.to_owned());
    raw.map(Value::Document).map_err(|_| syntax("a header that is not JSON"))
}

/// All values of a header as one text. Bytes beyond ASCII are read as UTF-8, which is what S3
/// clients send in metadata.
fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    if !is_there(headers, name) {
        return None;
    }
    let mut whole: Option<String> = None;
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        match &mut whole {
            Some(whole) => {
                whole.push_str(", ");
                whole.push_str(&text);
            }
            None => whole = Some(text.into_owned()),
        }
    }
    whole
}

/// Whether a header came. An operation of S3 knows dozens of headers and gets a few: looking through
/// those costs less than hashing each name that the model has.
fn is_there(headers: &HeaderMap, name: &str) -> bool {
    headers.keys().any(|sent| sent.as_str().eq_ignore_ascii_case(name))
}

/// Reads the headers that share a prefix (`x-amz-meta-`) into a map.
pub(super) fn read_prefixed(member: Member<'static>, headers: &HeaderMap) -> Option<Value> {
    let prefix = member.wire_name().to_ascii_lowercase();
    let mut entries = Vec::new();
    for name in headers.keys() {
        if let Some(key) = name.as_str().strip_prefix(&prefix)
            && let Some(text) = joined(headers, name.as_str())
        {
            entries.push((key.to_owned(), Value::String(text)));
        }
    }
    (!entries.is_empty()).then_some(Value::Map(entries))
}

/// The text of a member that travels in a header.
pub(super) fn write(member: Member<'static>, value: &Value) -> Option<String> {
    if member.jsonvalue() {
        let text = json::value_text(Some(member.shape()), value);
        return Some(scalar::base64(&text));
    }
    let shape = member.shape();
    let format = |shape: Shape<'static>| {
        member
            .timestamp_format()
            .or_else(|| shape.timestamp_format())
            .unwrap_or(TimestampFormat::Rfc822)
    };
    match value {
        Value::List(items) => {
            let element = shape.list_member()?.shape();
            let texts = items.iter().filter_map(|item| {
                let text = scalar::write(item, format(element), true)?;
                Some(if matches!(item, Value::String(_)) { quoted(&text) } else { text })
            });
            Some(texts.collect::<Vec<_>>().join(","))
        }
        scalar => scalar::write(scalar, format(shape), true),
    }
}

fn is_http_date(element: Shape<'static>) -> bool {
    element.kind() == ShapeKind::Timestamp
        && element.timestamp_format().is_none_or(|format| format == TimestampFormat::Rfc822)
}

/// Splits at commas outside quotes.
fn split(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let (mut inside, mut escaped) = (false, false);
    for character in text.chars() {
        let Some(item) = items.last_mut() else {
            break;
        };
        match character {
            _ if escaped => {
                item.push(character);
                escaped = false;
            }
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            ',' if !inside => items.push(String::new()),
            _ => item.push(character),
        }
    }
    items.iter().map(|item| item.trim().to_owned()).collect()
}

/// Splits dates, each of which has a comma of its own.
fn dates(text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split(',').collect();
    pieces.chunks(2).map(|pair| pair.join(",").trim().to_owned()).collect()
}

/// Quotes an item that would fall apart otherwise.
fn quoted(text: &str) -> String {
    if !text.contains([',', '"']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_do_not_split() {
        assert_eq!(split(r#"a, "b,c" ,"d\"e",f"#), ["a", "b,c", "d\"e", "f"]);
        assert_eq!(split(&quoted("x,\"y\"")), ["x,\"y\""]);
        let two = "Mon, 16 Dec 2019 23:48:18 GMT, Tue, 17 Dec 2019 00:00:00 GMT";
        assert_eq!(dates(two).len(), 2);
    }
}
