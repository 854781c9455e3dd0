//! Writing typed structs into the tree, guided by the model.

use cairn_event::Timestamp;
use serde::{Serialize, Serializer, ser};

use super::{BridgeError, Value, keys::KeySerializer};
use crate::model::{Shape, ShapeKind};

/// Serialises one value that the model describes by `shape`.
#[derive(Clone, Copy)]
pub(super) struct ShapedSerializer {
    pub(super) shape: Shape<'static>,
}

type Result<T = Value> = std::result::Result<T, BridgeError>;

/// A value inside another: documents leave serde's data model here and become JSON text.
fn inner<T: Serialize + ?Sized>(value: &T, shape: Shape<'static>) -> Result {
    if shape.document() {
        return match serde_json::value::to_raw_value(value) {
            Ok(raw) if raw.get() == "null" => Ok(Value::Null),
            Ok(raw) => Ok(Value::Document(raw)),
            Err(error) => Err(BridgeError::Serde(error.to_string())),
        };
    }
    value.serialize(ShapedSerializer { shape })
}

const fn kind_name(kind: ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Structure => "structure",
        ShapeKind::List => "list",
        ShapeKind::Map => "map",
        ShapeKind::String => "string",
        ShapeKind::Blob => "blob",
        ShapeKind::Boolean => "boolean",
        ShapeKind::Timestamp => "timestamp",
        _ => "number",
    }
}

impl ShapedSerializer {
    fn mismatch<T>(self, given: &'static str) -> Result<T> {
        Err(BridgeError::Kind { given, wanted: kind_name(self.shape.kind()) })
    }

    fn integer(self, number: i64) -> Result {
        match self.shape.kind() {
            ShapeKind::Integer | ShapeKind::Long => Ok(Value::Integer(number)),
            ShapeKind::Float | ShapeKind::Double => Ok(Value::Double(number as f64)),
            ShapeKind::Timestamp => Ok(Value::Timestamp(Timestamp::from_ms(number))),
            ShapeKind::Blob => match u8::try_from(number) {
                Ok(byte) => Ok(Value::Blob(vec![byte])),
                Err(_) => Err(BridgeError::TooLarge),
            },
            _ => self.mismatch("integer"),
        }
    }
}

impl Serializer for ShapedSerializer {
    type Ok = Value;
    type Error = BridgeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = ser::Impossible<Value, BridgeError>;
    type SerializeMap = Pairs;
    type SerializeStruct = Members;
    type SerializeStructVariant = ser::Impossible<Value, BridgeError>;

    fn serialize_bool(self, flag: bool) -> Result {
        match self.shape.kind() {
            ShapeKind::Boolean => Ok(Value::Bool(flag)),
            _ => self.mismatch("boolean"),
        }
    }

    fn serialize_i8(self, number: i8) -> Result {
        self.integer(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result {
        self.integer(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result {
        self.integer(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result {
        self.integer(number)
    }

    fn serialize_u8(self, number: u8) -> Result {
        self.integer(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result {
        self.integer(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result {
        self.integer(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result {
        self.integer(i64::try_from(number).map_err(|_| BridgeError::TooLarge)?)
    }

    fn serialize_f32(self, number: f32) -> Result {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result {
        match self.shape.kind() {
            ShapeKind::Float | ShapeKind::Double => Ok(Value::Double(number)),
            _ => self.mismatch("double"),
        }
    }

    fn serialize_char(self, character: char) -> Result {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result {
        match self.shape.kind() {
            ShapeKind::String => Ok(Value::String(text.to_owned())),
            ShapeKind::Blob => Ok(Value::Blob(text.as_bytes().to_vec())),
            _ => self.mismatch("string"),
        }
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        match self.shape.kind() {
            ShapeKind::Blob => Ok(Value::Blob(bytes.to_vec())),
            _ => self.mismatch("bytes"),
        }
    }

    fn serialize_none(self) -> Result {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        Ok(Value::Null)
    }

    /// A unit struct is how a handler says "no members".
    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        match self.shape.kind() {
            ShapeKind::Structure => Ok(Value::empty()),
            _ => self.mismatch("unit"),
        }
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    /// A union: the variant is the one member that is set.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        let mut members = self.serialize_struct("", 1)?;
        ser::SerializeStruct::serialize_field(&mut members, variant, value)?;
        ser::SerializeStruct::end(members)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items> {
        match self.shape.kind() {
            ShapeKind::List | ShapeKind::Blob => {
                Ok(Items { shape: self.shape, values: Vec::new(), bytes: Vec::new() })
            }
            _ => self.mismatch("list"),
        }
    }

    fn serialize_tuple(self, len: usize) -> Result<Items> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.mismatch("tuple variant")
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Pairs> {
        match self.shape.kind() {
            ShapeKind::Map => Ok(Pairs { shape: self.shape, entries: Vec::new(), key: None }),
            _ => self.mismatch("map"),
        }
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Members> {
        match self.shape.kind() {
            ShapeKind::Structure => Ok(Members { shape: self.shape, given: Vec::new() }),
            _ => self.mismatch("structure"),
        }
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.mismatch("structure variant")
    }
}

/// Collects a list, or the bytes of a blob that came as a sequence.
pub(super) struct Items {
    shape: Shape<'static>,
    values: Vec<Value>,
    bytes: Vec<u8>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if let Some(element) = self.shape.list_member() {
            self.values.push(inner(value, element.shape())?);
        } else if let Value::Blob(byte) = value.serialize(ShapedSerializer { shape: self.shape })? {
            self.bytes.extend_from_slice(&byte);
        }
        Ok(())
    }

    fn finish(self) -> Value {
        match self.shape.kind() {
            ShapeKind::Blob => Value::Blob(self.bytes),
            _ => Value::List(self.values),
        }
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Value;
    type Error = BridgeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Value;
    type Error = BridgeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Value;
    type Error = BridgeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(self.finish())
    }
}

/// Collects a map.
pub(super) struct Pairs {
    shape: Shape<'static>,
    entries: Vec<(String, Value)>,
    key: Option<String>,
}

impl ser::SerializeMap for Pairs {
    type Ok = Value;
    type Error = BridgeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key.serialize(KeySerializer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let Some(member) = self.shape.map_value() else {
            return Err(BridgeError::Kind { given: "map", wanted: "structure" });
        };
        let value = inner(value, member.shape())?;
        self.entries.push((self.key.take().unwrap_or_default(), value));
        Ok(())
    }

    fn end(self) -> Result {
        Ok(Value::Map(self.entries))
    }
}

/// Collects a structure and puts its members into the model's order.
pub(super) struct Members {
    shape: Shape<'static>,
    given: Vec<(usize, &'static str, Value)>,
}

impl ser::SerializeStruct for Members {
    type Ok = Value;
    type Error = BridgeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        let Some((index, member)) =
            self.shape.members().enumerate().find(|(_, member)| member.name() == key)
        else {
            return Err(BridgeError::UnknownMember(key));
        };
        match inner(value, member.shape())? {
            Value::Null => {}
            value => self.given.push((index, member.name(), value)),
        }
        Ok(())
    }

    fn end(mut self) -> Result {
        self.given.sort_by_key(|(index, ..)| *index);
        Ok(Value::Structure(self.given.into_iter().map(|(_, name, value)| (name, value)).collect()))
    }
}
