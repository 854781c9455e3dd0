//! The two doors between the tree and serde, and what can go wrong in them.

use std::fmt::Display;

use serde::{Serialize, de, de::DeserializeOwned, ser};

use super::{Value, to::ShapedSerializer};
use crate::model::Shape;

/// A typed value does not fit the tree, or the tree not the type.
///
/// Handlers' types are written against the model, so this is a fault of the program, never of the
/// caller: what a caller can get wrong is found by the decoders and by `validate` before.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// serde's own words: a missing field, a wrong type.
    #[error("{0}")]
    Serde(String),
    /// A field that the model's structure does not have.
    #[error("the model has no member `{0}` here")]
    UnknownMember(&'static str),
    /// A kind of value where the model wants another.
    #[error("a value of the kind `{given}` where the model has `{wanted}`")]
    Kind {
        /// What serde brought.
        given: &'static str,
        /// What the model says.
        wanted: &'static str,
    },
    /// A whole number beyond 64 bits.
    #[error("a number that does not fit 64 bits")]
    TooLarge,
}

impl de::Error for BridgeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Serde(message.to_string())
    }
}

impl ser::Error for BridgeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Serde(message.to_string())
    }
}

/// Reads a typed struct out of the tree: structures by member name, timestamps as milliseconds
/// (what `cairn_event::Timestamp` reads), blobs as bytes, documents as whatever their JSON says.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, BridgeError> {
    T::deserialize(value)
}

/// Writes a typed struct into the tree, guided by the shape it answers to: members in the model's
/// order, `None` left out, milliseconds as timestamps, bytes (or text) as blobs.
pub fn to_value<T: Serialize>(typed: &T, shape: Shape<'static>) -> Result<Value, BridgeError> {
    typed.serialize(ShapedSerializer { shape })
}
