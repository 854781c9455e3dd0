//! Reading and writing JSON text without a tree.
//!
//! A record's parameters are kept as their own text. These functions look into that text and
//! append to new text. They are made for text that a parser has already accepted; on anything else
//! they stop early or give nothing, and never panic.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{Error, Visitor};

pub(crate) mod check;
pub(crate) mod scan;

use scan::{skip_blank, string_end, value_end};

/// The members of an object in order: key text (between its quotes, escapes as written) and the
/// text of the value. Empty for anything but an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    at: Option<usize>,
}

/// Walks the members of the object `text`.
pub fn members(text: &str) -> Members<'_> {
    let start = skip_blank(text.as_bytes(), 0);
    let opens = text.as_bytes().get(start) == Some(&b'{');
    Members { text, at: opens.then_some(start + 1) }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let mut at = skip_blank(bytes, self.at.take()?);
        if bytes.get(at) == Some(&b',') {
            at = skip_blank(bytes, at + 1);
        }
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, at)?;
        let key = self.text.get(at + 1..key_end - 1)?;
        let colon = skip_blank(bytes, key_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_blank(bytes, colon + 1);
        let end = value_end(bytes, start)?;
        self.at = Some(end);
        Some((key, self.text.get(start..end)?))
    }
}

/// The elements of an array in order, each as its text. Empty for anything but an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a str,
    at: Option<usize>,
}

/// Walks the elements of the array `text`.
pub fn elements(text: &str) -> Elements<'_> {
    let start = skip_blank(text.as_bytes(), 0);
    let opens = text.as_bytes().get(start) == Some(&b'[');
    Elements { text, at: opens.then_some(start + 1) }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let mut at = skip_blank(bytes, self.at.take()?);
        if bytes.get(at) == Some(&b',') {
            at = skip_blank(bytes, at + 1);
        }
        if matches!(bytes.get(at), None | Some(b']')) {
            return None;
        }
        let end = value_end(bytes, at)?;
        self.at = Some(end);
        self.text.get(at..end)
    }
}

/// The value of `key` in the object `text`; the last one if the key occurs twice.
pub fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    members(text).filter(|(name, _)| *name == key).map(|(_, value)| value).last()
}

/// Follows keys downwards through objects.
pub fn at_path<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(text, |text, key| member(text, key))
}

/// The content of a JSON string, borrowed if it holds no escape. Half a surrogate pair becomes
/// U+FFFD: real records hold such text. `None` if `text` is no string.
pub fn string(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_bytes(Unescaped).ok().map(Cow::Owned)
}

/// Reads a string by its bytes, which lets half surrogate pairs through.
struct Unescaped;

impl Visitor<'_> for Unescaped {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Appends `text` as a JSON string: quotes, backslashes and control characters escaped, all else
/// as it is.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut characters = tail.chars();
        match characters.next() {
            Some('"') => out.extend_from_slice(b"\\\""),
            Some('\\') => out.extend_from_slice(b"\\\\"),
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some('\u{8}') => out.extend_from_slice(b"\\b"),
            Some('\u{c}') => out.extend_from_slice(b"\\f"),
            Some(other) => out.extend_from_slice(format!("\\u{:04x}", u32::from(other)).as_bytes()),
            None => {}
        }
        rest = characters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn walks_members_and_elements() {
        let text = r#" {"a" : 1, "b\"c":{"d":[1,"]",{}]},"a":"x"} "#;
        let found: Vec<_> = members(text).collect();
        assert_eq!(found, [("a", "1"), ("b\\\"c", r#"{"d":[1,"]",{}]}"#), ("a", "\"x\"")]);
        assert_eq!(member(text, "a"), Some("\"x\""));
        assert_eq!(at_path(r#"{"a":{"b":{"c":true}}}"#, &["a", "b", "c"]), Some("true"));
        assert_eq!(
            elements("[ 1 ,[2],\"a,b\", null]").collect::<Vec<_>>(),
            ["1", "[2]", "\"a,b\"", "null"]
        );
        assert_eq!(members("{}").count() + members("[]").count() + elements("{}").count(), 0);
        assert_eq!(elements("[]").count() + members("").count() + elements("[").count(), 0);
    }

    #[test]
    fn strings_lose_their_escapes() {
        assert_eq!(string(r#""plain""#), Some(Cow::Borrowed("plain")));
        assert_eq!(string(r#""a\u003cb\n""#).as_deref(), Some("a<b\n"));
        assert_eq!(string(r#""\ud83d\ude00""#).as_deref(), Some("😀"));
        assert!(string(r#""a\ud83db""#).unwrap().contains('\u{fffd}'));
        assert_eq!(string("12"), None);
        assert_eq!(string("\""), None);
    }

    proptest! {
        #[test]
        fn a_written_string_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(&serde_json::from_str::<String>(&out).unwrap(), &text);
            prop_assert_eq!(string(&out), Some(Cow::Borrowed(text.as_str())));
        }

        #[test]
        fn no_text_makes_a_walk_panic(text in "[\\[\\]{}\",:\\\\a1 \u{e9}]{0,60}") {
            members(&text).for_each(drop);
            elements(&text).for_each(drop);
            let _ = string(&text);
        }
    }
}
