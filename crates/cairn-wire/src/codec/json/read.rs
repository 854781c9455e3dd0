//! JSON bodies into the tree, guided by the model.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    codec::{
        DecodeError,
        limits::{DEPTH_MAX, VALUES_MAX},
        members::{Gathered, by_wire_name, map as map_of},
        scalar, time,
    },
    model::{Shape, ShapeKind},
    value::Value,
};

/// Reads a body of the shape, which is a structure; an empty body is the empty structure.
pub(in crate::codec) fn structure(
    shape: Shape<'static>,
    body: &[u8],
) -> Result<Value, DecodeError> {
    match read(shape, body)? {
        Value::Null => Ok(Value::empty()),
        value => Ok(value),
    }
}

/// Reads a body of any shape.
pub(in crate::codec) fn read(shape: Shape<'static>, body: &[u8]) -> Result<Value, DecodeError> {
    let text = text(body)?;
    if text.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    let walk = Walk { values: Cell::new(0), error: RefCell::new(None) };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Seed { walk: &walk, shape, depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| walk.error.take().unwrap_or_else(|| syntax(text, &error)))
}

fn text(body: &[u8]) -> Result<&str, DecodeError> {
    simdutf8::basic::from_utf8(body).map_err(|_| DecodeError::Syntax {
        syntax: "JSON",
        why: "text that is not UTF-8".to_owned(),
        at: std::str::from_utf8(body).map_or_else(|error| error.valid_up_to(), str::len),
    })
}

fn syntax(text: &str, error: &serde_json::Error) -> DecodeError {
    let before: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let words = error.to_string();
    let why = words.split(" at line ").next().unwrap_or_default().to_owned();
    DecodeError::Syntax { syntax: "JSON", why, at: before + error.column() }
}

/// The text members of an error body, by name: whatever shape the error turns out to have.
pub(in crate::codec) fn error_fields(body: &[u8]) -> Vec<(String, String)> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, String)>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
                    fields.push((name, text));
                }
            }
            Ok(fields)
        }
    }
    let Ok(text) = text(body) else {
        return Vec::new();
    };
    serde_json::Deserializer::from_str(text).deserialize_map(Fields).unwrap_or_default()
}

/// What all seeds of one body share. serde's errors carry words only, so ours waits here.
struct Walk {
    values: Cell<usize>,
    error: RefCell<Option<DecodeError>>,
}

impl Walk {
    fn fail<E: serde::de::Error>(&self, error: DecodeError) -> E {
        self.error.replace(Some(error));
        E::custom("")
    }

    /// The error on its way out of a member.
    fn within<E>(&self, name: &str, error: E) -> E {
        let mut kept = self.error.borrow_mut();
        *kept = kept.take().map(|error| error.within(name));
        error
    }
}

/// Reads one value of the shape.
#[derive(Clone, Copy)]
struct Seed<'w> {
    walk: &'w Walk,
    shape: Shape<'static>,
    depth: usize,
}

impl Seed<'_> {
    fn inner(self, shape: Shape<'static>) -> Self {
        Self { shape, depth: self.depth + 1, ..self }
    }

    fn kind<E: serde::de::Error>(self) -> E {
        let wanted = match self.shape.kind() {
            ShapeKind::Structure => "a structure",
            ShapeKind::List => "a list",
            ShapeKind::Map => "a map",
            ShapeKind::String => "a string",
            ShapeKind::Blob => "base64 text",
            ShapeKind::Boolean => "a boolean",
            ShapeKind::Timestamp => "a timestamp",
            _ => "a number",
        };
        self.walk.fail(DecodeError::Kind { path: String::new(), wanted })
    }

    /// Numbers and timestamps, from their own text.
    fn raw_scalar<E: serde::de::Error>(self, raw: &RawValue) -> Result<Value, E> {
        let text = raw.get();
        if text == "null" {
            return Ok(Value::Null);
        }
        let timestamp = self.shape.kind() == ShapeKind::Timestamp;
        let floating = matches!(self.shape.kind(), ShapeKind::Float | ShapeKind::Double);
        let text = match text.as_bytes().first() {
            Some(b'"') if timestamp || floating => {
                serde_json::from_str::<Cow<'_, str>>(text).map_err(E::custom)?
            }
            Some(b'-' | b'0'..=b'9') => Cow::Borrowed(text),
            _ => return Err(self.kind()),
        };
        let value = if timestamp {
            time::parse(&text).map(Value::Timestamp).ok_or_else(|| scalar::bad(&text, "timestamp"))
        } else {
            scalar::number(self.shape.kind(), &text)
        };
        value.map_err(|error| self.walk.fail(error))
    }

    fn document<E: serde::de::Error>(self, raw: &RawValue) -> Result<Value, E> {
        if nesting(raw.get()) + self.depth > DEPTH_MAX {
            return Err(self.walk.fail(DecodeError::TooDeep));
        }
        Ok(Value::Document(raw.to_owned()))
    }
}

/// How deep valid JSON is nested; it may be text from anyone, so this does not recurse.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let seen = self.walk.values.get() + 1;
        self.walk.values.set(seen);
        if seen > VALUES_MAX {
            return Err(self.walk.fail(DecodeError::TooMany(VALUES_MAX)));
        }
        if self.depth > DEPTH_MAX {
            return Err(self.walk.fail(DecodeError::TooDeep));
        }
        if self.shape.document() {
            return self.document(<&RawValue>::deserialize(reader)?);
        }
        match self.shape.kind() {
            ShapeKind::Structure
            | ShapeKind::List
            | ShapeKind::Map
            | ShapeKind::String
            | ShapeKind::Blob
            | ShapeKind::Boolean => reader.deserialize_any(self),
            _ => self.raw_scalar(<&RawValue>::deserialize(reader)?),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value of the model")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Value, E> {
        match self.shape.kind() {
            ShapeKind::Boolean => Ok(Value::Bool(flag)),
            _ => Err(self.kind()),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, _number: i64) -> Result<Value, E> {
        Err(self.kind())
    }

    fn visit_u64<E: serde::de::Error>(self, _number: u64) -> Result<Value, E> {
        Err(self.kind())
    }

    fn visit_f64<E: serde::de::Error>(self, _number: f64) -> Result<Value, E> {
        Err(self.kind())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self.shape.kind() {
            ShapeKind::String => Ok(Value::String(text.to_owned())),
            ShapeKind::Blob => scalar::blob(text).map_err(|error| self.walk.fail(error)),
            _ => Err(self.kind()),
        }
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        match self.shape.kind() {
            ShapeKind::String => Ok(Value::String(text)),
            _ => self.visit_str(&text),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Some(element) = self.shape.list_member() else {
            return Err(self.kind());
        };
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.inner(element.shape()))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        if self.shape.kind() == ShapeKind::Structure {
            let mut gathered = Gathered::default();
            while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                let Some((index, member)) = by_wire_name(self.shape, &name) else {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                };
                let value = map
                    .next_value_seed(self.inner(member.shape()))
                    .map_err(|error| self.walk.within(&name, error))?;
                gathered.put_named(index, member, &name, value);
            }
            return Ok(gathered.finish());
        }
        let Some(wanted) = self.shape.map_value() else {
            return Err(self.kind());
        };
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map
                .next_value_seed(self.inner(wanted.shape()))
                .map_err(|error| self.walk.within(&name, error))?;
            entries.push((name, value));
        }
        Ok(map_of(entries))
    }
}
