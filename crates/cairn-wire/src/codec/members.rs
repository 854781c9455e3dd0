//! Gathering the members of a structure from the order of the wire into the order of the model.

use crate::{
    model::{Location, Member, Shape},
    value::Value,
};

/// Members read so far.
#[derive(Default)]
pub(super) struct Gathered {
    members: Vec<(usize, &'static str, Value)>,
}

impl Gathered {
    /// Keeps one member; null means absent, and of a name sent twice the last one counts.
    pub(super) fn put(&mut self, index: usize, member: Member<'static>, value: Value) {
        if matches!(value, Value::Null) {
            return;
        }
        match self.members.iter_mut().find(|(known, ..)| *known == index) {
            Some((.., kept)) => *kept = value,
            None => self.members.push((index, member.name(), value)),
        }
    }

    /// The structure, in the model's order.
    pub(super) fn finish(mut self) -> Value {
        self.members.sort_by_key(|(index, ..)| *index);
        Value::Structure(self.members.into_iter().map(|(_, name, value)| (name, value)).collect())
    }
}

/// The member that a body calls `name`, with its place in the model: the wire name first, then
/// the member's own name, which some SDKs send instead.
pub(super) fn by_wire_name(shape: Shape<'static>, name: &str) -> Option<(usize, Member<'static>)> {
    let in_body = |member: &Member<'static>| member.location() == Location::Body;
    shape
        .members()
        .enumerate()
        .find(|(_, member)| member.wire_name() == name && in_body(member))
        .or_else(|| {
            shape.members().enumerate().find(|(_, member)| member.name() == name && in_body(member))
        })
}
