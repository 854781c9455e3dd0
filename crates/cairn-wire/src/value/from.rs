//! Reading typed structs out of the tree.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, VariantAccess, Visitor,
        value::{SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{BridgeError, Value};

impl<'de> IntoDeserializer<'de, BridgeError> for &'de Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The JSON text of a document goes through serde's JSON reader with its own error.
fn document_error(error: &serde_json::Error) -> BridgeError {
    BridgeError::Serde(error.to_string())
}

fn visit_decimal<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, BridgeError> {
    if let Ok(number) = text.parse::<u64>() {
        return visitor.visit_u64(number);
    }
    match text.parse::<f64>() {
        Ok(number) => visitor.visit_f64(number),
        Err(_) => visitor.visit_str(text),
    }
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = BridgeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BridgeError> {
        match self {
            Value::Null | Value::Stream => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Double(number) => visitor.visit_f64(*number),
            Value::Decimal(text) => visit_decimal(text, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Blob(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Timestamp(at) => visitor.visit_i64(at.as_ms()),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Map(entries) => visitor.visit_map(Entries::new(entries)),
            Value::Structure(members) => visitor.visit_map(Entries::new(members)),
            Value::Document(raw) => serde_json::Deserializer::from_str(raw.get())
                .deserialize_any(visitor)
                .map_err(|error| document_error(&error)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BridgeError> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Bytes as a sequence of numbers, so that a plain `Vec<u8>` field reads a blob.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BridgeError> {
        match self {
            Value::Blob(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BridgeError> {
        match self {
            // `RawValue` asks by its own secret name; the JSON reader knows it.
            Value::Document(raw) => serde_json::Deserializer::from_str(raw.get())
                .deserialize_newtype_struct(name, visitor)
                .map_err(|error| document_error(&error)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BridgeError> {
        match self {
            Value::String(text) => {
                let text: StrDeserializer<'_, BridgeError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Structure(members) => match members.as_slice() {
                [(name, value)] => visitor.visit_enum(OneMember { name, value }),
                _ => Err(BridgeError::Kind { given: "structure", wanted: "one member of a union" }),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

/// Walks the entries of a map or of a structure.
struct Entries<'de, K> {
    rest: std::slice::Iter<'de, (K, Value)>,
    value: Option<&'de Value>,
}

impl<'de, K> Entries<'de, K> {
    fn new(entries: &'de [(K, Value)]) -> Self {
        Self { rest: entries.iter(), value: None }
    }
}

impl<'de, K: AsRef<str>> MapAccess<'de> for Entries<'de, K> {
    type Error = BridgeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, BridgeError> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let key: StrDeserializer<'_, BridgeError> = key.as_ref().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, BridgeError> {
        seed.deserialize(self.value.take().unwrap_or(&Value::Null))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A union with its one member, read as an enum.
struct OneMember<'de> {
    name: &'de str,
    value: &'de Value,
}

impl<'de> EnumAccess<'de> for OneMember<'de> {
    type Error = BridgeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), BridgeError> {
        let name: StrDeserializer<'_, BridgeError> = self.name.into_deserializer();
        seed.deserialize(name).map(|variant| (variant, self))
    }
}

impl<'de> VariantAccess<'de> for OneMember<'de> {
    type Error = BridgeError;

    fn unit_variant(self) -> Result<(), BridgeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, BridgeError> {
        seed.deserialize(self.value)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, BridgeError> {
        self.value.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BridgeError> {
        self.value.deserialize_any(visitor)
    }
}
