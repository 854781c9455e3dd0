//! JSON as policies need it: repeated names stay visible, depth and number of nodes are bounded.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::PolicyFault;

/// How deep a document nests at most; the deepest that the language has is 7.
const DEPTH_MAX: u8 = 16;
/// How many objects, lists and values a document has at most.
pub(super) const NODES_MAX: usize = 8_192;

/// A JSON value. Numbers are the text that stands for them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a document that is one object.
    pub(super) fn parse_object(text: &str) -> Result<Vec<(String, Self)>, PolicyFault> {
        let left = Cell::new(Some(NODES_MAX));
        let mut reader = serde_json::Deserializer::from_str(text);
        let node = Seed { depth: 0, left: &left }.deserialize(&mut reader);
        match node {
            _ if left.get().is_none() => {
                Err(PolicyFault::TooMany { name: "values", max: NODES_MAX })
            }
            Ok(Self::Object(members)) => match reader.end() {
                Ok(()) => Ok(members),
                Err(_) => Err(PolicyFault::InvalidJson),
            },
            Ok(_) => Err(PolicyFault::NotAnObject),
            Err(_) => Err(PolicyFault::InvalidJson),
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: u8,
    /// How many more values there may be; `None` once there was one too many.
    left: &'a Cell<Option<usize>>,
}

impl Seed<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth < DEPTH_MAX {
            Ok(Self { depth: self.depth + 1, ..self })
        } else {
            Err(E::custom("too deep"))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(1)));
        if self.left.get().is_none() {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let deeper = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(deeper)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let deeper = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            members.push((name, object.next_value_seed(deeper)?));
        }
        Ok(Node::Object(members))
    }
}
