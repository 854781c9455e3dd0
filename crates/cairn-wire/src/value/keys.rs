//! Map keys: text, or an enum's name.

use std::fmt::Display;

use serde::{Serialize, Serializer, ser::Impossible};

use super::BridgeError;

/// Serialises a map key; anything but text is a fault of the program.
pub(super) struct KeySerializer;

type No = Impossible<String, BridgeError>;
type Result<T = String> = std::result::Result<T, BridgeError>;

const fn not_text<T>(given: &'static str) -> Result<T> {
    Err(BridgeError::Kind { given, wanted: "a text key" })
}

macro_rules! refuse {
    ($($method:ident: $given:ty),* $(,)?) => {
        $(fn $method(self, _value: $given) -> Result {
            not_text(stringify!($given))
        })*
    };
}

impl Serializer for KeySerializer {
    type Ok = String;
    type Error = BridgeError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    refuse! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_bytes: &[u8],
    }

    fn serialize_char(self, character: char) -> Result {
        Ok(character.to_string())
    }

    fn serialize_str(self, text: &str) -> Result {
        Ok(text.to_owned())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        Ok(value.to_string())
    }

    fn serialize_none(self) -> Result {
        not_text("none")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        not_text("unit")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        not_text("unit")
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result {
        not_text("variant")
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<No> {
        not_text("list")
    }

    fn serialize_tuple(self, _len: usize) -> Result<No> {
        not_text("tuple")
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<No> {
        not_text("tuple")
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No> {
        not_text("tuple")
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<No> {
        not_text("map")
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<No> {
        not_text("structure")
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No> {
        not_text("structure")
    }
}
