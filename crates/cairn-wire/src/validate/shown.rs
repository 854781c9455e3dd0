//! A wrong value as the message repeats it.

use std::fmt::Write;

use super::SHOWN_CHARS_MAX;
use crate::{
    model::{Member, Shape},
    value::Value,
};

/// What stands for a sensitive part.
const REDACTED: &str = "***";

/// A value as Java's `toString` shows it, which is what AWS repeats; sensitive parts are masked.
pub(super) fn text(shape: Shape<'static>, value: &Value) -> String {
    let mut out = String::new();
    show(Some(shape), value, &mut out);
    out.chars().take(SHOWN_CHARS_MAX).collect()
}

fn show(shape: Option<Shape<'static>>, value: &Value, out: &mut String) {
    // Enough for the cut above, whatever the characters take.
    if out.len() > SHOWN_CHARS_MAX * 4 {
        return;
    }
    if shape.is_some_and(Shape::sensitive) {
        out.push_str(REDACTED);
        return;
    }
    match value {
        Value::String(text) => out.push_str(text),
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(&flag.to_string()),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Double(number) => out.push_str(&number.to_string()),
        Value::Decimal(text) => out.push_str(text),
        Value::Timestamp(at) => out.push_str(&at.iso_seconds()),
        Value::Blob(bytes) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{} bytes", bytes.len());
        }
        Value::Document(raw) => out.push_str(raw.get()),
        Value::Stream => out.push_str("stream"),
        Value::List(items) => {
            let element = shape.and_then(Shape::list_member).map(Member::shape);
            several(out, ['[', ']'], items.iter().map(|item| ("", element, item)));
        }
        Value::Map(entries) => {
            let wanted = shape.and_then(Shape::map_value).map(Member::shape);
            let entries = entries.iter().map(|(name, item)| (name.as_str(), wanted, item));
            several(out, ['{', '}'], entries);
        }
        Value::Structure(members) => {
            let open = members.iter().filter_map(|(name, item)| {
                let member = shape.and_then(|shape| shape.member(name));
                let hidden = member.is_some_and(Member::sensitive);
                (!hidden).then_some((*name, member.map(Member::shape), item))
            });
            several(out, ['{', '}'], open);
        }
    }
}

fn several<'v>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl Iterator<Item = (&'v str, Option<Shape<'static>>, &'v Value)>,
) {
    out.push(open);
    for (index, (name, shape, item)) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if !name.is_empty() {
            out.push_str(name);
            out.push('=');
        }
        show(shape, item, out);
    }
    out.push(close);
}
