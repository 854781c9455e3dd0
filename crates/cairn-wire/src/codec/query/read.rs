//! Forms into the tree, guided by the model.

use super::{
    keys::{Form, Node},
    names,
};
use crate::{
    codec::{DecodeError, limits::DEPTH_MAX, members, scalar},
    model::{Member, Operation, Protocol, Shape, ShapeKind},
    value::Value,
};

/// Reads the parameters of a call from its query string and its body.
pub(in crate::codec) fn request(
    operation: Operation<'static>,
    protocol: Protocol,
    query: &str,
    body: &[u8],
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.input() else {
        return Ok(Value::empty());
    };
    let form = Form::parse(query, body)?;
    structure(shape, protocol, form.root(), 0)
}

fn structure(
    shape: Shape<'static>,
    protocol: Protocol,
    node: Node<'_>,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut members = Vec::new();
    for member in shape.members() {
        let found = names::accepted(member, protocol)
            .find_map(|name| node.child(&name).map(|node| (name, node)));
        if let Some((name, below)) = found {
            let value =
                value(member, protocol, below, depth + 1).map_err(|error| error.within(&name))?;
            members.push((member.name(), value));
        }
    }
    Ok(Value::Structure(members))
}

fn value(
    member: Member<'static>,
    protocol: Protocol,
    node: Node<'_>,
    depth: usize,
) -> Result<Value, DecodeError> {
    if depth > DEPTH_MAX {
        return Err(DecodeError::TooDeep);
    }
    let shape = member.shape();
    match shape.kind() {
        ShapeKind::Structure => structure(shape, protocol, node, depth),
        ShapeKind::List => list(shape, protocol, node, depth),
        ShapeKind::Map => map(shape, protocol, node, depth),
        _ => match node.value() {
            Some(text) => scalar::read(shape, text),
            None => Err(DecodeError::Kind { path: String::new(), wanted: "a single value" }),
        },
    }
}

/// `Name.member.1`, `Name.Element.1` or `Name.1`, whatever the client sends.
fn list(
    shape: Shape<'static>,
    protocol: Protocol,
    node: Node<'_>,
    depth: usize,
) -> Result<Value, DecodeError> {
    let Some(element) = shape.list_member() else {
        return Ok(Value::List(Vec::new()));
    };
    let nested = [Some(names::ELEMENT), names::element_name(shape)];
    let items = nested
        .into_iter()
        .flatten()
        .filter_map(|name| node.child(name))
        .map(Node::numbered)
        .find(|items| !items.is_empty())
        .unwrap_or_else(|| node.numbered());
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(value(element, protocol, item, depth + 1)?);
    }
    Ok(Value::List(values))
}

/// `Name.entry.1.key` or `Name.1.key`, with the model's names or the usual ones.
fn map(
    shape: Shape<'static>,
    protocol: Protocol,
    node: Node<'_>,
    depth: usize,
) -> Result<Value, DecodeError> {
    let Some(wanted) = shape.map_value() else {
        return Ok(Value::Map(Vec::new()));
    };
    let (key_name, value_name) = names::entry_names(shape);
    let entries = match node.child("entry") {
        Some(entries) => entries.numbered(),
        None => node.numbered(),
    };
    let mut values = Vec::with_capacity(entries.len());
    for entry in entries {
        let any = |names: [&str; 3]| names.into_iter().find_map(|name| entry.child(name));
        let Some(key) = any([key_name, "key", "Name"]).and_then(Node::value) else {
            continue;
        };
        let entry = match any([value_name, "value", "Value"]) {
            Some(below) => value(wanted, protocol, below, depth + 1)?,
            None => Value::Null,
        };
        values.push((key.to_owned(), entry));
    }
    Ok(members::map(values))
}
