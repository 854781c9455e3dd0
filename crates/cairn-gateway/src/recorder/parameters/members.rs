//! The families that follow the model: the model's names with a lower first letter, or the names
//! of the wire. Lists stay arrays, keys of maps stay as they are, what is absent is left out.

use cairn_event::json::push_string;
use cairn_wire::model::{Location, Shape};
use cairn_wire::value::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::walk::{Fate, Walk, push_date, push_repeated, push_scalar};
use crate::recorder::text::{Array, Object, lower_first};

/// What stays as it is in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Writes a structure as an object.
pub(super) fn structure(
    out: &mut Vec<u8>,
    members: &[(&'static str, Value)],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    let mut object = Object::begin(out);
    add_members(&mut object, members, shape, path, walk);
    if walk.adds {
        for added in walk.rules.added(path) {
            added.push(&mut object, members);
        }
    }
    object.end();
}

/// Adds the members of a structure to an object.
pub(super) fn add_members<'v>(
    object: &mut Object<'_>,
    members: impl IntoIterator<Item = &'v (&'static str, Value)>,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    for (name, value) in members {
        path.push(name);
        add_member(object, name, value, shape, path, walk);
        path.pop();
    }
}

fn add_member(
    object: &mut Object<'_>,
    name: &'static str,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    let member = shape.and_then(|shape| shape.member(name));
    if let (true, Value::Structure(body)) = (walk.facts.is_inline && path.len() == 1, value)
        && shape.and_then(Shape::payload).is_some_and(|payload| payload.name() == name)
    {
        let inner = member.map(cairn_wire::model::Member::shape);
        add_members(object, body, inner, path, walk);
        return;
    }
    let fate = walk.fate(path, member, value);
    let wire_name = member.map(cairn_wire::model::Member::wire_name).filter(|_| walk.is_as_is);
    let plain = lower_first(name);
    let key = match fate {
        Fate::Omitted => return,
        Fate::Renamed(key) => key,
        _ => wire_name.unwrap_or(&plain),
    };
    match fate {
        Fate::Omitted => {}
        Fate::Text(text) => object.text(key, text),
        Fate::Texts(text) => push_repeated(object.key(key), value, text),
        Fate::Empty => object.raw(key, "{}"),
        Fate::Shown | Fate::Renamed(_) => {
            let is_label = member.is_some_and(|m| m.location() == Location::Uri);
            let label = value.as_str().filter(|_| is_label && walk.facts.encodes_labels);
            if let Some(label) = label {
                object.text(key, &utf8_percent_encode(label, SEGMENT).to_string());
            } else if let Value::Timestamp(at) = value {
                push_date(object.key(key), *at, walk.date_of(member));
            } else {
                let inner = member.map(cairn_wire::model::Member::shape);
                push_value(object.key(key), value, inner, path, walk);
            }
        }
    }
}

/// Writes any value.
pub(super) fn push_value(
    out: &mut Vec<u8>,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    if push_scalar(out, value, walk) {
        return;
    }
    match value {
        Value::Structure(members) => structure(out, members, shape, path, walk),
        Value::List(items) => {
            let inner = shape
                .and_then(cairn_wire::model::Shape::list_member)
                .map(cairn_wire::model::Member::shape);
            let mut array = Array::begin(out);
            for item in items.iter().filter(|item| !matches!(item, Value::Blob(_))) {
                push_inner(array.element(), item, inner, path, walk);
            }
            array.end();
        }
        Value::Map(entries) => {
            let inner = shape
                .and_then(cairn_wire::model::Shape::map_value)
                .map(cairn_wire::model::Member::shape);
            let mut object = Object::begin(out);
            for (key, item) in entries.iter().filter(|(_, item)| !matches!(item, Value::Blob(_))) {
                push_inner(object.key(key), item, inner, path, walk);
            }
            object.end();
        }
        _ => out.extend_from_slice(b"null"),
    }
}

/// Writes an element of a list or map, hidden if its own shape is secret.
fn push_inner(
    out: &mut Vec<u8>,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    if walk.is_secret(shape) {
        push_string(out, walk.facts.mask);
    } else {
        push_value(out, value, shape, path, walk);
    }
}
