//! The newer style: the request as one object named after the operation, in the names of the query
//! protocol, and the answer likewise in those of the XML, both typed by org.json (observed).

use cairn_wire::model::{Member, Operation, Shape};
use cairn_wire::value::Value;

use super::sets::{Form, form};
use crate::recorder::parameters::walk::{Fate, Walk, push_scalar};
use crate::recorder::text::{Array, Object, push_org_json, upper_first};

/// The namespace that every answer names.
const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

pub(in crate::recorder) fn request(
    out: &mut Vec<u8>,
    input: &[(&'static str, Value)],
    operation: Operation<'static>,
    walk: &Walk,
) {
    let usual = format!("{}Request", operation.name());
    let name = match form(operation.name(), ".") {
        Some(Form::Name(name)) => name,
        _ => &usual,
    };
    let mut object = Object::begin(out);
    let members = object.key(name);
    if input.is_empty() {
        members.extend_from_slice(b"\"\"");
    } else {
        let mut inner = Object::begin(members);
        add_members(&mut inner, input, operation.input(), &mut Vec::new(), walk);
        inner.end();
    }
    object.end();
}

fn add_members(
    object: &mut Object<'_>,
    members: &[(&'static str, Value)],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    for (name, value) in members {
        path.push(name);
        let member = shape.and_then(|shape| shape.member(name));
        let key = member.map_or_else(|| upper_first(name), |member| query_name(&member));
        let inner = member.map(cairn_wire::model::Member::shape);
        match walk.fate(path, member, value) {
            Fate::Omitted => {}
            Fate::Text(text) | Fate::Texts(text) => object.text(&key, text),
            Fate::Empty => object.raw(&key, "\"\""),
            Fate::Shown | Fate::Renamed(_) => match value {
                Value::List(items) if items.is_empty() => {}
                Value::List(items) => push_list(object.key(&key), items, inner, path, walk),
                _ => push_value(object.key(&key), value, inner, path, walk),
            },
        }
        path.pop();
    }
}

/// The name in the query protocol: its own, or else that of the wire with an upper first letter.
pub(in crate::recorder) fn query_name(member: &Member<'static>) -> String {
    member.query_name().map_or_else(|| upper_first(member.wire_name()), str::to_owned)
}

/// One element is an object, several are an array; each carries its place as `tag`.
fn push_list(
    out: &mut Vec<u8>,
    items: &[Value],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    let inner =
        shape.and_then(cairn_wire::model::Shape::list_member).map(cairn_wire::model::Member::shape);
    if let [item] = items {
        push_item(out, 1, item, inner, path, walk);
        return;
    }
    let mut array = Array::begin(out);
    for (index, item) in items.iter().enumerate() {
        push_item(array.element(), index + 1, item, inner, path, walk);
    }
    array.end();
}

fn push_item(
    out: &mut Vec<u8>,
    place: usize,
    item: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    let mut object = Object::begin(out);
    object.number("tag", &place);
    match item {
        Value::Structure(members) => add_members(&mut object, members, shape, path, walk),
        _ => push_value(object.key("content"), item, shape, path, walk),
    }
    object.end();
}

fn push_value(
    out: &mut Vec<u8>,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    match value {
        Value::String(text) => push_org_json(out, text),
        Value::Structure(members) if members.is_empty() => out.extend_from_slice(b"\"\""),
        Value::Structure(members) => {
            let mut object = Object::begin(out);
            add_members(&mut object, members, shape, path, walk);
            object.end();
        }
        Value::List(items) => push_list(out, items, shape, path, walk),
        _ => {
            push_scalar(out, value, walk);
        }
    }
}

pub(in crate::recorder) fn response(
    out: &mut Vec<u8>,
    output: &[(&'static str, Value)],
    operation: Operation<'static>,
    request_id: &str,
    walk: &Walk,
) {
    let mut object = Object::begin(out);
    let mut inner = Object::begin(object.key(&format!("{}Response", operation.name())));
    inner.text("xmlns", NAMESPACE);
    inner.text("requestId", request_id);
    add_answer(&mut inner, output, operation.output(), &mut Vec::new(), walk);
    inner.end();
    object.end();
}

fn add_answer(
    object: &mut Object<'_>,
    members: &[(&'static str, Value)],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    for (name, value) in members {
        path.push(name);
        let member = shape.and_then(|shape| shape.member(name));
        let key = member.map_or(*name, |m| m.wire_name());
        match walk.fate(path, member, value) {
            Fate::Omitted => {}
            Fate::Text(text) | Fate::Texts(text) => object.text(key, text),
            Fate::Empty => object.raw(key, "\"\""),
            Fate::Shown | Fate::Renamed(_) => {
                push_answer(
                    object.key(key),
                    value,
                    member.map(cairn_wire::model::Member::shape),
                    path,
                    walk,
                );
            }
        }
        path.pop();
    }
}

fn push_answer(
    out: &mut Vec<u8>,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    walk: &Walk,
) {
    match value {
        Value::String(text) => push_org_json(out, text),
        Value::Structure(members) if members.is_empty() => out.extend_from_slice(b"\"\""),
        Value::Structure(members) => {
            let mut object = Object::begin(out);
            add_answer(&mut object, members, shape, path, walk);
            object.end();
        }
        Value::List(items) => {
            let inner = shape
                .and_then(cairn_wire::model::Shape::list_member)
                .map(cairn_wire::model::Member::shape);
            match items.as_slice() {
                [] => out.extend_from_slice(b"\"\""),
                [item] => {
                    let mut object = Object::begin(out);
                    push_answer(object.key("item"), item, inner, path, walk);
                    object.end();
                }
                items => {
                    let mut object = Object::begin(out);
                    let mut array = Array::begin(object.key("item"));
                    for item in items {
                        push_answer(array.element(), item, inner, path, walk);
                    }
                    array.end();
                    object.end();
                }
            }
        }
        _ => {
            push_scalar(out, value, walk);
        }
    }
}
