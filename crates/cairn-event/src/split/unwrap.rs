//! The record inside what people wrap around it.

use std::borrow::Cow;

use crate::json;

/// A record inside an envelope inside a log message inside an answer: nobody nests deeper.
const WRAPPERS_MAX: usize = 4;

/// How every record that AWS writes begins; such an element needs no further look.
const USUAL_START: &[u8] = br#"{"eventVersion""#;

/// The record in an element; `None` if the element is neither an object nor a text that holds one.
pub(super) fn record_of(element: &[u8]) -> Option<Cow<'_, [u8]>> {
    if element.starts_with(USUAL_START) {
        return Some(Cow::Borrowed(element));
    }
    let Ok(text) = std::str::from_utf8(element) else {
        // Not UTF-8: the parser of the head will say so.
        return element.starts_with(b"{").then_some(Cow::Borrowed(element));
    };
    let mut text = Cow::Borrowed(text);
    for _ in 0..WRAPPERS_MAX {
        match inside(&text) {
            Inside::Nothing => return None,
            Inside::Record => break,
            Inside::Slice(start, end) => {
                text = match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end)?),
                    Cow::Owned(text) => Cow::Owned(text.get(start..end)?.to_owned()),
                };
            }
            Inside::Text(inner) => text = Cow::Owned(inner),
        }
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

enum Inside {
    /// The text is no object and holds none.
    Nothing,
    /// The text is the record itself.
    Record,
    /// The record is a part of the text.
    Slice(usize, usize),
    /// The record was escaped in a string.
    Text(String),
}

fn inside(text: &str) -> Inside {
    if text.starts_with('"') {
        return match json::string(text) {
            Some(inner) if inner.trim_start().starts_with('{') => {
                Inside::Text(inner.trim().to_owned())
            }
            _ => Inside::Nothing,
        };
    }
    if !text.starts_with('{') {
        return Inside::Nothing;
    }
    let mut wrapped = None;
    for (key, value) in json::members(text) {
        match key {
            "eventVersion" | "eventName" | "userIdentity" => return Inside::Record,
            // `lookup-events`; `detail` of EventBridge; `message` of CloudWatch Logs.
            "CloudTrailEvent" | "message" if holds_object(value) => wrapped = Some(value),
            "detail" if value.starts_with('{') => wrapped = Some(value),
            _ => {}
        }
    }
    match wrapped {
        None => Inside::Record,
        Some(value) if value.starts_with('"') => {
            json::string(value).map_or(Inside::Record, |s| Inside::Text(s.trim().to_owned()))
        }
        Some(value) => {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            Inside::Slice(start, start + value.len())
        }
    }
}

fn holds_object(value: &str) -> bool {
    value.strip_prefix('"').is_some_and(|inner| inner.trim_start().starts_with('{'))
}
