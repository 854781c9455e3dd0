//! How the query and ec2 protocols call things.

use std::borrow::Cow;

use crate::model::{Member, Protocol, Shape, ShapeKind};

/// The name of a list's elements when the model gives none.
pub(in crate::codec) const ELEMENT: &str = "member";

/// The key of a member, as it is written.
pub(super) fn written(member: Member<'static>, protocol: Protocol) -> Cow<'static, str> {
    if protocol == Protocol::Ec2 {
        if let Some(name) = member.query_name() {
            return Cow::Borrowed(name);
        }
        return if member.wire_name() == member.name() {
            Cow::Borrowed(member.name())
        } else {
            upper_first(member.wire_name())
        };
    }
    // SQS's older protocol has names of its own; those of the model are for its JSON.
    if let Some(name) = member.query_name() {
        return Cow::Borrowed(name);
    }
    let shape = member.shape();
    if is_flattened(member)
        && shape.kind() == ShapeKind::List
        && let Some(name) = element_name(shape)
    {
        return Cow::Borrowed(name);
    }
    Cow::Borrowed(member.wire_name())
}

/// All keys under which a member may stand, the likeliest first.
pub(super) fn accepted(
    member: Member<'static>,
    protocol: Protocol,
) -> impl Iterator<Item = Cow<'static, str>> {
    let mut names = vec![written(member, protocol)];
    for name in [member.wire_name(), member.name()] {
        if !names.iter().any(|known| known == name) {
            names.push(Cow::Borrowed(name));
        }
    }
    names.into_iter()
}

/// Whether the elements stand without a level of their own.
pub(in crate::codec) fn is_flattened(member: Member<'static>) -> bool {
    member.flattened() || member.shape().flattened()
}

/// The name that the model gives the elements of a list, if it does.
pub(in crate::codec) fn element_name(shape: Shape<'static>) -> Option<&'static str> {
    let element = shape.list_member()?;
    let name = element.query_name().unwrap_or(element.wire_name());
    (name != ELEMENT).then_some(name)
}

/// The names of keys and values in the entries of a map.
pub(in crate::codec) fn entry_names(shape: Shape<'static>) -> (&'static str, &'static str) {
    let name = |member: Option<Member<'static>>, usual| {
        member.map_or(usual, |member| member.query_name().unwrap_or(member.wire_name()))
    };
    (name(shape.map_key(), "key"), name(shape.map_value(), "value"))
}

fn upper_first(name: &'static str) -> Cow<'static, str> {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if first.is_lowercase() => {
            Cow::Owned(first.to_uppercase().chain(letters).collect())
        }
        _ => Cow::Borrowed(name),
    }
}
