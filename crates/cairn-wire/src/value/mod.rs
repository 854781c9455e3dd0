//! The typed tree between the wire and the handlers.
//!
//! Six protocols decode into this one tree and are encoded from it, guided by the model; what
//! records an API call walks it, what serves one turns it into a struct of its own through serde.
//! Streaming bodies are never held: they leave a mark.

mod bridge;
mod from;
mod keys;
mod to;

#[cfg(test)]
mod tests;

pub use bridge::{BridgeError, from_value, to_value};

use cairn_event::Timestamp;
use serde_json::value::RawValue;

/// A parameter of a call, or a part of one.
#[derive(Clone, Debug)]
pub enum Value {
    /// An explicit null (sparse lists and maps, documents); absent members are left out instead.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Integer(i64),
    /// A floating point number; not-a-number and the infinities occur.
    Double(f64),
    /// A number that neither of the two holds without loss, as it was written.
    Decimal(Box<str>),
    /// Text.
    String(String),
    /// Bytes, decoded from whatever the protocol makes of them.
    Blob(Vec<u8>),
    /// An instant, exact to the millisecond.
    Timestamp(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A map with text keys, in the order of the wire.
    Map(Vec<(String, Value)>),
    /// A structure: the model's member names, in the model's order, absent members left out.
    Structure(Vec<(&'static str, Value)>),
    /// A free-form JSON document with its own text (numbers, key order, duplicates).
    Document(Box<RawValue>),
    /// A streaming blob or an event stream: it travels beside the call and is not held here.
    Stream,
}

impl Value {
    /// The structure without members, the answer of most writing operations.
    pub const fn empty() -> Self {
        Self::Structure(Vec::new())
    }

    /// The member of a structure, or the entry of a map, by name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Structure(members) => {
                members.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
            }
            Self::Map(entries) => {
                entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one.
    pub const fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The instant, if this is one.
    pub const fn as_timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Timestamp(at) => Some(*at),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if this is a structure.
    pub fn as_structure(&self) -> Option<&[(&'static str, Value)]> {
        match self {
            Self::Structure(members) => Some(members),
            _ => None,
        }
    }
}

/// Equal means: the same on the wire. Doubles compare by bits (so not-a-number equals itself),
/// documents by their text.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Stream, Self::Stream) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Blob(a), Self::Blob(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Structure(a), Self::Structure(b)) => a == b,
            (Self::Document(a), Self::Document(b)) => a.get() == b.get(),
            _ => false,
        }
    }
}
