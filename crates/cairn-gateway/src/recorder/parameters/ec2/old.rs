//! The older style: scalars with a lower first letter, lists as sets of items, and the empty sets
//! of a Describe call always there (observed).

use cairn_event::json::push_string;
use cairn_wire::model::{Operation, Shape, ShapeKind};
use cairn_wire::value::Value;

use super::sets::{Form, form};
use crate::recorder::parameters::walk::{Fate, Walk, push_repeated, push_scalar};
use crate::recorder::text::{Array, Object, lower_first};

/// What stays the same below one operation.
struct Style<'w> {
    operation: &'static str,
    items: &'static str,
    walk: &'w Walk,
}

pub(in crate::recorder) fn request(
    out: &mut Vec<u8>,
    input: &[(&'static str, Value)],
    operation: Operation<'static>,
    walk: &Walk,
) {
    let name = operation.name();
    let items = if form(name, ".") == Some(Form::Item) { "item" } else { "items" };
    let style = Style { operation: name, items, walk };
    let mut object = Object::begin(out);
    push_first_instance(&mut object, input, operation.input(), &style);
    add_members(&mut object, input, operation.input(), &mut Vec::new(), &style);
    if name.starts_with("Describe") {
        push_missing_sets(&mut object, input, operation);
    }
    object.end();
}

/// The members that move into `instancesSet`.
fn push_first_instance(
    object: &mut Object<'_>,
    input: &[(&'static str, Value)],
    shape: Option<Shape<'static>>,
    style: &Style<'_>,
) {
    let is_inside = |name: &str| form(style.operation, name) == Some(Form::Inside);
    if !input.iter().any(|(name, _)| is_inside(name)) {
        return;
    }
    let mut set = Object::begin(object.key("instancesSet"));
    let mut array = Array::begin(set.key(style.items));
    let mut instance = Object::begin(array.element());
    for (name, value) in input.iter().filter(|(name, _)| is_inside(name)) {
        let inner = shape.and_then(|s| s.member(name)).map(cairn_wire::model::Member::shape);
        push_value(instance.key(&lower_first(name)), value, inner, &mut vec![name], style);
    }
    instance.end();
    array.end();
    set.end();
}

fn push_missing_sets(
    object: &mut Object<'_>,
    input: &[(&'static str, Value)],
    operation: Operation<'static>,
) {
    let Some(shape) = operation.input() else { return };
    for member in shape.members().filter(|m| m.shape().kind() == ShapeKind::List) {
        if input.iter().any(|(name, _)| *name == member.name()) {
            continue;
        }
        if let Some(Form::Set { name, .. }) = form(operation.name(), member.name()) {
            object.raw(name, "{}");
        }
    }
}

fn add_members(
    object: &mut Object<'_>,
    members: &[(&'static str, Value)],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    style: &Style<'_>,
) {
    for (name, value) in members {
        path.push(name);
        add_member(object, name, value, shape, path, style);
        path.pop();
    }
}

fn add_member(
    object: &mut Object<'_>,
    name: &'static str,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    style: &Style<'_>,
) {
    let member = shape.and_then(|shape| shape.member(name));
    let inner = member.map(cairn_wire::model::Member::shape);
    let form = form_at(style.operation, path);
    let key = match (form, value) {
        (Some(Form::Inside), _) if path.len() == 1 => return,
        (Some(Form::Hoisted), Value::Structure(members)) => {
            add_members(object, members, inner, path, style);
            return;
        }
        (Some(Form::Set { name, .. } | Form::Array(name) | Form::Name(name)), _) => name.to_owned(),
        (_, Value::List(items)) => default_set(name, items),
        _ => lower_first(name),
    };
    match style.walk.fate(path, member, value) {
        Fate::Omitted => {}
        Fate::Text(text) => object.text(&key, text),
        Fate::Texts(text) => push_repeated(object.key(&key), value, text),
        Fate::Empty => object.raw(&key, "{}"),
        Fate::Shown | Fate::Renamed(_) => match (form, value) {
            (Some(Form::Array(_)), Value::List(items)) => {
                push_array(object.key(&key), items, inner, path, style);
            }
            (_, Value::List(items)) => {
                let item = match form {
                    Some(Form::Set { item, .. }) => item.map(str::to_owned),
                    _ => Some(default_item(name)),
                };
                push_set(object.key(&key), items, item.as_deref(), inner, path, style);
            }
            (Some(Form::Text), Value::Integer(number)) => object.text(&key, &number.to_string()),
            _ => push_value(object.key(&key), value, inner, path, style),
        },
    }
}

fn form_at(operation: &str, path: &[&str]) -> Option<Form> {
    match path {
        [.., outer, inner] => {
            form(operation, &format!("{outer}.{inner}")).or_else(|| form(operation, inner))
        }
        [name] => form(operation, name),
        [] => None,
    }
}

/// The name of a set that the table does not have: structures under the member's own name
/// (observed for `launchPermission.add`), scalars as `…Set` (assumed from the table's many).
fn default_set(name: &str, items: &[Value]) -> String {
    if matches!(items.first(), Some(Value::Structure(_))) {
        lower_first(name)
    } else {
        format!("{}Set", default_item(name))
    }
}

fn default_item(name: &str) -> String {
    lower_first(name.strip_suffix('s').unwrap_or(name))
}

fn push_set(
    out: &mut Vec<u8>,
    items: &[Value],
    item_key: Option<&str>,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    style: &Style<'_>,
) {
    let mut set = Object::begin(out);
    if !items.is_empty() {
        let inner = shape
            .and_then(cairn_wire::model::Shape::list_member)
            .map(cairn_wire::model::Member::shape);
        let mut array = Array::begin(set.key(style.items));
        for item in items {
            match (item, item_key) {
                (Value::Structure(_), _) | (_, None) => {
                    push_value(array.element(), item, inner, path, style);
                }
                (_, Some(key)) => {
                    let mut object = Object::begin(array.element());
                    push_value(object.key(key), item, inner, path, style);
                    object.end();
                }
            }
        }
        array.end();
    }
    set.end();
}

fn push_array(
    out: &mut Vec<u8>,
    items: &[Value],
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    style: &Style<'_>,
) {
    let inner =
        shape.and_then(cairn_wire::model::Shape::list_member).map(cairn_wire::model::Member::shape);
    let mut array = Array::begin(out);
    for item in items {
        push_value(array.element(), item, inner, path, style);
    }
    array.end();
}

fn push_value(
    out: &mut Vec<u8>,
    value: &Value,
    shape: Option<Shape<'static>>,
    path: &mut Vec<&'static str>,
    style: &Style<'_>,
) {
    if push_scalar(out, value, style.walk) {
        return;
    }
    match value {
        Value::Structure(members) => {
            let mut object = Object::begin(out);
            add_members(&mut object, members, shape, path, style);
            if path.last() == Some(&"IpPermissions") {
                push_missing_ranges(&mut object, members);
            }
            object.end();
        }
        Value::List(items) => push_set(out, items, None, shape, path, style),
        _ => out.extend_from_slice(b"{}"),
    }
}

/// A rule of a security group always shows its four lists (observed).
fn push_missing_ranges(object: &mut Object<'_>, members: &[(&'static str, Value)]) {
    for name in ["UserIdGroupPairs", "IpRanges", "Ipv6Ranges", "PrefixListIds"] {
        if members.iter().any(|(member, _)| *member == name) {
            continue;
        }
        if let Some(Form::Set { name, .. }) = form("*", &format!("IpPermissions.{name}")) {
            object.raw(name, "{}");
        }
    }
}

/// The answer: the request's id, then the names of the wire with lists as sets; an answer that says
/// nothing is `_return`.
pub(in crate::recorder) fn response(
    out: &mut Vec<u8>,
    output: &[(&'static str, Value)],
    operation: Operation<'static>,
    request_id: &str,
    walk: &Walk,
) {
    let mut object = Object::begin(out);
    object.text("requestId", request_id);
    if output.is_empty() {
        object.boolean("_return", true);
    }
    add_answer(&mut object, output, operation.output(), &mut Vec::new(), walk);
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
        let key = match member.map(cairn_wire::model::Member::wire_name) {
            Some("return") => "_return",
            Some(wire_name) => wire_name,
            None => name,
        };
        match walk.fate(path, member, value) {
            Fate::Omitted => {}
            Fate::Text(text) => object.text(key, text),
            Fate::Texts(text) => push_repeated(object.key(key), value, text),
            Fate::Empty => object.raw(key, "{}"),
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
    if push_scalar(out, value, walk) {
        return;
    }
    let mut object = Object::begin(out);
    match value {
        Value::Structure(members) => add_answer(&mut object, members, shape, path, walk),
        Value::List(items) if !items.is_empty() => {
            let inner = shape
                .and_then(cairn_wire::model::Shape::list_member)
                .map(cairn_wire::model::Member::shape);
            let mut array = Array::begin(object.key("items"));
            for item in items {
                push_answer(array.element(), item, inner, path, walk);
            }
            array.end();
        }
        Value::Map(entries) => {
            for (key, item) in entries {
                push_string(object.key(key), item.as_str().unwrap_or_default());
            }
        }
        _ => {}
    }
    object.end();
}
