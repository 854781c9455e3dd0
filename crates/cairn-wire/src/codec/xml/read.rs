//! XML bodies into the tree, guided by the model.

use super::tree::{Element, Tree};
use crate::{
    codec::{DecodeError, members, query::names, scalar},
    model::{Location, Member, Shape, ShapeKind},
    value::Value,
};

/// Where in a body the wanted structure stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) enum Root<'a> {
    /// It is the root element.
    Itself,
    /// It is this element inside the root (`…Result` of the query protocol).
    Inside(&'a str),
}

/// Reads a body of the shape; an empty body is null.
pub(in crate::codec) fn read(
    shape: Shape<'static>,
    body: &[u8],
    root: Root<'_>,
) -> Result<Value, DecodeError> {
    let Some(tree) = Tree::parse(body)? else {
        return Ok(Value::Null);
    };
    let Some(element) = tree.root() else {
        return Ok(Value::Null);
    };
    let element = match root {
        Root::Itself => Some(element),
        Root::Inside(name) => element.child(name),
    };
    element.map_or(Ok(Value::Null), |element| value(shape, element))
}

/// The text elements of an error body, by name, from all the wrappings that AWS uses.
pub(in crate::codec) fn error_fields(body: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let Ok(Some(tree)) = Tree::parse(body) else {
        return fields;
    };
    let Some(root) = tree.root() else {
        return fields;
    };
    let errors = root.child("Errors").and_then(|errors| errors.child("Error"));
    let error = errors.or_else(|| root.child("Error"));
    for parent in [error, Some(root)].into_iter().flatten() {
        for child in parent.children() {
            if child.children().next().is_none() {
                fields.push((child.name().to_owned(), child.text().to_owned()));
            }
        }
    }
    fields
}

fn value(shape: Shape<'static>, element: Element<'_>) -> Result<Value, DecodeError> {
    match shape.kind() {
        ShapeKind::Structure => structure(shape, element),
        ShapeKind::List => {
            let Some(inner) = shape.list_member() else {
                return Ok(Value::List(Vec::new()));
            };
            list(inner.shape(), element.children())
        }
        ShapeKind::Map => map(shape, element.children()),
        _ => scalar::read(shape, element.text()),
    }
}

fn structure(shape: Shape<'static>, element: Element<'_>) -> Result<Value, DecodeError> {
    let mut members = Vec::new();
    for member in shape.members().filter(|member| member.location() == Location::Body) {
        let read =
            read_member(member, element).map_err(|error| error.within(member.wire_name()))?;
        if let Some(value) = read {
            members.push((member.name(), value));
        }
    }
    Ok(Value::Structure(members))
}

fn read_member(
    member: Member<'static>,
    element: Element<'_>,
) -> Result<Option<Value>, DecodeError> {
    let shape = member.shape();
    let name = member.wire_name();
    if member.xml_attribute() {
        return element.attribute(name).map(|text| scalar::read(shape, text)).transpose();
    }
    if names::is_flattened(member) && matches!(shape.kind(), ShapeKind::List | ShapeKind::Map) {
        let other = names::element_name(shape);
        let matching = element
            .children()
            .filter(|child| child.name() == name || other.is_some_and(|n| n == child.name()));
        let mut matching = matching.peekable();
        if matching.peek().is_none() {
            return Ok(None);
        }
        return match shape.list_member() {
            Some(inner) => list(inner.shape(), matching).map(Some),
            None => map(shape, matching).map(Some),
        };
    }
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    element.child(local).map(|child| value(shape, child)).transpose()
}

fn list<'t>(
    shape: Shape<'static>,
    elements: impl Iterator<Item = Element<'t>>,
) -> Result<Value, DecodeError> {
    elements.map(|element| value(shape, element)).collect::<Result<_, _>>().map(Value::List)
}

fn map<'t>(
    shape: Shape<'static>,
    entries: impl Iterator<Item = Element<'t>>,
) -> Result<Value, DecodeError> {
    let Some(wanted) = shape.map_value() else {
        return Ok(Value::Map(Vec::new()));
    };
    let (key_name, value_name) = names::entry_names(shape);
    let mut values = Vec::new();
    for entry in entries {
        let Some(key) = entry.child(key_name) else {
            continue;
        };
        let below = match entry.child(value_name) {
            Some(below) => value(wanted.shape(), below)?,
            None => Value::Null,
        };
        values.push((key.text().to_owned(), below));
    }
    Ok(members::map(values))
}
