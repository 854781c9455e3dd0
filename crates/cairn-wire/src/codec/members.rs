//! Gathering the members of a structure from the order of the wire into the order of the model.

use std::collections::HashMap;

use crate::{
    model::{Location, Member, Shape},
    value::Value,
};

/// Members read so far.
#[derive(Default)]
pub(super) struct Gathered {
    members: Vec<Read>,
}

struct Read {
    index: usize,
    name: &'static str,
    /// Under the wire name, which servers read; the member's own name is read by few.
    is_wire_name: bool,
    value: Value,
}

impl Gathered {
    /// Keeps one member. Null means absent. Of a name that was sent twice the last one counts, and the
    /// wire name before the member's own, in whatever order they come: so do servers read it.
    pub(super) fn put(&mut self, index: usize, member: Member<'static>, value: Value) {
        self.put_as(index, member, true, value);
    }

    /// As [`Gathered::put`], under one of the two names.
    pub(super) fn put_named(
        &mut self,
        index: usize,
        member: Member<'static>,
        name: &str,
        value: Value,
    ) {
        self.put_as(index, member, member.wire_name() == name, value);
    }

    fn put_as(&mut self, index: usize, member: Member<'static>, is_wire_name: bool, value: Value) {
        let new = Read { index, name: member.name(), is_wire_name, value };
        match self.members.iter_mut().find(|read| read.index == index) {
            Some(read) if read.is_wire_name && !is_wire_name => {}
            Some(read) => *read = new,
            None => self.members.push(new),
        }
    }

    /// The structure, in the model's order.
    pub(super) fn finish(mut self) -> Value {
        self.members.sort_by_key(|read| read.index);
        let there = self.members.into_iter().filter(|read| !matches!(read.value, Value::Null));
        Value::Structure(there.map(|read| (read.name, read.value)).collect())
    }
}

/// A map as servers read it: of a key that was sent twice the last one counts.
pub(super) fn map(entries: Vec<(String, Value)>) -> Value {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for (place, (key, _)) in entries.iter().enumerate() {
        places.insert(key, place);
    }
    if places.len() == entries.len() {
        return Value::Map(entries);
    }
    let mut kept: Vec<usize> = places.into_values().collect();
    kept.sort_unstable();
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    let kept = kept.into_iter().filter_map(|place| entries.get_mut(place)?.take());
    Value::Map(kept.collect())
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
