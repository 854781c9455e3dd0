//! The older style: scalars with a lower first letter, lists as sets of items, and the empty sets
//! of a Describe call always there (observed).

use cairn_event::json::push_string;
use cairn_wire::model::{Operation, Shape, ShapeKind};
use cairn_wire::value::Value;

use super::sets::{Form, defaults, form};
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
    for (key, json) in defaults(name) {
        if !input.iter().any(|(member, value)| key_of(name, &[member], value) == *key) {
            object.raw(key, json);
        }
    }
    object.end();
}

/// The key of a member with this value.
fn key_of(operation: &str, path: &[&str], value: &Value) -> String {
    let elements = match value {
        Value::List(items) => Some(matches!(items.first(), Some(Value::Structure(_)))),
        _ => None,
    };
    key(form_at(operation, path), path.last().unwrap_or(&""), elements)
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
    match (form, value) {
        (Some(Form::Inside), _) if path.len() == 1 => return,
        (Some(Form::Hoisted), Value::Structure(members)) => {
            add_members(object, members, inner, path, style);
            return;
        }
        _ => {}
    }
    let key = key_of(style.operation, path, value);
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
            (Some(Form::Capitals(_)), Value::String(text)) => object.text(&key, &capitals(text)),
            (Some(Form::Empty), _) => object.raw(&key, "{}"),
            _ => push_value(object.key(&key), value, inner, path, style),
        },
    }
}

/// `createVolumePermission` is `CREATE_VOLUME_PERMISSION`.
fn capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for character in text.chars() {
        let is_start = character.is_ascii_uppercase() && out.ends_with(|c: char| c != '_');
        if is_start && text.contains(|c: char| c.is_ascii_lowercase()) {
            out.push('_');
        }
        out.push(character.to_ascii_uppercase());
    }
    out
}

/// The form of the member at a path.
pub(in crate::recorder) fn form_at(operation: &str, path: &[&str]) -> Option<Form> {
    match path {
        [.., outer, inner] => {
            form(operation, &format!("{outer}.{inner}")).or_else(|| form(operation, inner))
        }
        [name] => form(operation, name),
        [] => None,
    }
}

/// The key of a member of this form; `elements` says of a list whether it is one of structures.
///
/// A set that the table does not have: structures under the member's own name (observed for
/// `launchPermission.add`), scalars as `…Set` (assumed from the table's many).
pub(in crate::recorder) fn key(form: Option<Form>, name: &str, elements: Option<bool>) -> String {
    match (form, elements) {
        (
            Some(
                Form::Set { name, .. }
                | Form::Array(name)
                | Form::Name(name)
                | Form::Capitals(name),
            ),
            _,
        ) => name.to_owned(),
        (_, Some(false)) => format!("{}Set", default_item(name)),
        _ => lower_first(name),
    }
}

/// The key of a scalar in such a set.
pub(in crate::recorder) fn default_item(name: &str) -> String {
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
    if output.is_empty() || form(operation.name(), ".") == Some(Form::Returns) {
        object.boolean("_return", true);
    }
    let answer = Answer { operation: operation.name(), walk };
    answer.add_members(&mut object, output, operation.output(), &mut Vec::new());
    object.end();
}

/// What stays the same below one answer.
struct Answer<'w> {
    operation: &'static str,
    walk: &'w Walk,
}

impl Answer<'_> {
    fn add_members(
        &self,
        object: &mut Object<'_>,
        members: &[(&'static str, Value)],
        shape: Option<Shape<'static>>,
        path: &mut Vec<&'static str>,
    ) {
        for (name, value) in members {
            path.push(name);
            let member = shape.and_then(|shape| shape.member(name));
            let form = answer_form(self.operation, name);
            let key = match (form, member.map(cairn_wire::model::Member::wire_name)) {
                (Some(Form::Name(key)), _) => key,
                (_, Some("return")) => "_return",
                (_, Some(wire_name)) => wire_name,
                (_, None) => name,
            };
            match self.walk.fate(path, member, value) {
                Fate::Omitted => {}
                Fate::Text(text) => object.text(key, text),
                Fate::Texts(text) => push_repeated(object.key(key), value, text),
                Fate::Empty => object.raw(key, "{}"),
                Fate::Shown | Fate::Renamed(_) => {
                    if let (Some(Form::Text), Value::Integer(number)) = (form, value) {
                        object.text(key, &number.to_string());
                    } else {
                        let inner = member.map(cairn_wire::model::Member::shape);
                        let items = if form == Some(Form::Item) { "item" } else { "items" };
                        self.push(object.key(key), value, inner, path, items);
                    }
                }
            }
            path.pop();
        }
        if self.walk.adds {
            for added in self.walk.rules.added(path) {
                added.push(object, members);
            }
        }
    }

    fn push(
        &self,
        out: &mut Vec<u8>,
        value: &Value,
        shape: Option<Shape<'static>>,
        path: &mut Vec<&'static str>,
        items_key: &str,
    ) {
        if push_scalar(out, value, self.walk) {
            return;
        }
        let mut object = Object::begin(out);
        match value {
            Value::Structure(members) => self.add_members(&mut object, members, shape, path),
            Value::List(items) if !items.is_empty() => {
                let inner = shape
                    .and_then(cairn_wire::model::Shape::list_member)
                    .map(cairn_wire::model::Member::shape);
                let mut array = Array::begin(object.key(items_key));
                for item in items {
                    self.push(array.element(), item, inner, path, "items");
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
}

/// The form of a member of an answer.
pub(in crate::recorder) fn answer_form(operation: &str, member: &str) -> Option<Form> {
    const ANSWERS: [&str; 2] = ["CreateVolume", "RunInstances"];
    let is_known = ANSWERS.contains(&operation);
    if is_known { form(operation, &format!("<{member}")) } else { None }
}
