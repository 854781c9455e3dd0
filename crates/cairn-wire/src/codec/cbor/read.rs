//! CBOR bodies into the tree, guided by the model.

use cairn_event::Timestamp;

use super::{
    Dialect,
    item::{Head, Reader},
};
use crate::{
    codec::{
        DecodeError,
        limits::DEPTH_MAX,
        members::{Gathered, by_wire_name, map as map_of},
        scalar, time,
    },
    model::{Shape, ShapeKind},
    value::Value,
};

const TAG_EPOCH: u64 = 1;
const TAG_BIG_POSITIVE: u64 = 2;
const TAG_BIG_NEGATIVE: u64 = 3;
const TAG_DECIMAL: u64 = 4;

/// Reads a body of the shape; an empty body is the empty structure.
pub(in crate::codec) fn structure(
    shape: Shape<'static>,
    body: &[u8],
    dialect: Dialect,
) -> Result<Value, DecodeError> {
    let mut walk = Walk { reader: Reader::new(body), dialect };
    if walk.reader.is_empty() {
        return Ok(Value::empty());
    }
    let head = walk.reader.head()?;
    let value = walk.value(shape, head, 0)?;
    if !walk.reader.is_empty() {
        return Err(walk.reader.syntax("bytes after the value"));
    }
    Ok(match value {
        Value::Null => Value::empty(),
        value => value,
    })
}

/// The text members of an error body, by name: whatever shape the error turns out to have.
pub(in crate::codec) fn error_fields(body: &[u8]) -> Vec<(String, String)> {
    let mut reader = Reader::new(body);
    let mut fields = Vec::new();
    let Ok(Head::Map(mut left)) = reader.head() else {
        return fields;
    };
    while let Ok(Some(Head::Text(length))) = reader.next_in(&mut left) {
        let (Ok(name), Ok(head)) = (reader.text(length), reader.head()) else {
            break;
        };
        let read = match head {
            Head::Text(length) => reader.text(length).map(|text| fields.push((name, text))),
            other => reader.skip(other, 0),
        };
        if read.is_err() {
            break;
        }
    }
    fields
}

struct Walk<'a> {
    reader: Reader<'a>,
    dialect: Dialect,
}

fn kind(wanted: &'static str) -> DecodeError {
    DecodeError::Kind { path: String::new(), wanted }
}

impl Walk<'_> {
    fn value(
        &mut self,
        shape: Shape<'static>,
        head: Head,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        if head == Head::Null {
            return Ok(Value::Null);
        }
        if let Head::Tag(tag) = head {
            return self.tagged(shape, tag, depth);
        }
        match (shape.kind(), head) {
            (ShapeKind::Structure, Head::Map(left)) => self.members(shape, left, depth),
            (ShapeKind::Structure, _) => Err(kind("a structure")),
            (ShapeKind::List, Head::Array(left)) => self.list(shape, left, depth),
            (ShapeKind::List, _) => Err(kind("a list")),
            (ShapeKind::Map, Head::Map(left)) => self.map(shape, left, depth),
            (ShapeKind::Map, _) => Err(kind("a map")),
            (ShapeKind::String, Head::Text(length)) => self.reader.text(length).map(Value::String),
            (ShapeKind::String, _) => Err(kind("a string")),
            (ShapeKind::Blob, Head::Bytes(length)) => self.reader.string(length).map(Value::Blob),
            (ShapeKind::Blob, Head::Text(length)) => scalar::blob(&self.reader.text(length)?),
            (ShapeKind::Blob, _) => Err(kind("a blob")),
            (ShapeKind::Boolean, Head::Bool(flag)) => Ok(Value::Bool(flag)),
            (ShapeKind::Boolean, _) => Err(kind("a boolean")),
            (ShapeKind::Timestamp, head) => {
                let at = self.instant(head)?;
                at.map(Value::Timestamp).ok_or_else(|| kind("a timestamp"))
            }
            (number, head) => self.number(number, head),
        }
    }

    fn number(&mut self, wanted: ShapeKind, head: Head) -> Result<Value, DecodeError> {
        let floating = matches!(wanted, ShapeKind::Float | ShapeKind::Double);
        match head {
            Head::Float(number) if floating => Ok(Value::Double(number)),
            Head::Float(number) => scalar::number(wanted, &scalar::write_double(number)),
            Head::Unsigned(number) => scalar::number(wanted, &number.to_string()),
            Head::Negative(below) => scalar::number(wanted, &(-1 - i128::from(below)).to_string()),
            // Not-a-number and the infinities as text, as the JSON protocols have them.
            Head::Text(length) if floating => {
                let text = self.reader.text(length)?;
                scalar::number(wanted, &text)
            }
            _ => Err(kind("a number")),
        }
    }

    /// Seconds, or milliseconds in the older dialect.
    fn instant(&mut self, head: Head) -> Result<Option<Timestamp>, DecodeError> {
        let whole = |number: Option<i64>| match self.dialect {
            Dialect::RpcV2 => number.map(Timestamp::from_seconds),
            Dialect::Legacy => number.map(Timestamp::from_ms),
        };
        Ok(match head {
            Head::Unsigned(number) => whole(i64::try_from(number).ok()),
            Head::Negative(below) => whole(i64::try_from(below).ok().map(|below| -1 - below)),
            Head::Float(number) if self.dialect == Dialect::Legacy => {
                time::from_seconds(number / 1_000.0)
            }
            Head::Float(number) => time::from_seconds(number),
            Head::Text(length) => time::parse(&self.reader.text(length)?),
            _ => None,
        })
    }

    fn tagged(
        &mut self,
        shape: Shape<'static>,
        tag: u64,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let head = self.reader.head()?;
        match tag {
            TAG_EPOCH if shape.kind() == ShapeKind::Timestamp => {
                let at = self.instant(head)?;
                at.map(Value::Timestamp).ok_or_else(|| kind("a timestamp"))
            }
            TAG_BIG_POSITIVE | TAG_BIG_NEGATIVE if scalar::is_number(shape.kind()) => {
                let Head::Bytes(length) = head else {
                    return Err(self.reader.syntax("a big number without bytes"));
                };
                let magnitude = decimal_digits(&self.reader.string(length)?)
                    .ok_or_else(|| self.reader.syntax("a number that is too big"))?;
                // Tag 3 is -1 - n, which is one digit string away from -n.
                let text = if tag == TAG_BIG_NEGATIVE {
                    format!("-{}", plus_one(&magnitude))
                } else {
                    magnitude
                };
                scalar::number(shape.kind(), &text)
            }
            TAG_DECIMAL if scalar::is_number(shape.kind()) => self.decimal(shape.kind(), head),
            // A tag that says nothing about this shape: the value inside counts.
            _ => self.value(shape, head, depth + 1),
        }
    }

    /// Tag 4: `[exponent, mantissa]`.
    fn decimal(&mut self, wanted: ShapeKind, head: Head) -> Result<Value, DecodeError> {
        if head != Head::Array(Some(2)) {
            return Err(self.reader.syntax("a decimal that is not a pair"));
        }
        let exponent = self.small()?;
        let mantissa = self.small()?;
        scalar::number(wanted, &format!("{mantissa}e{exponent}"))
    }

    fn small(&mut self) -> Result<i128, DecodeError> {
        match self.reader.head()? {
            Head::Unsigned(number) => Ok(number.into()),
            Head::Negative(below) => Ok(-1 - i128::from(below)),
            _ => Err(self.reader.syntax("a decimal with a part that is no number")),
        }
    }

    fn members(
        &mut self,
        shape: Shape<'static>,
        mut left: Option<u64>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let mut gathered = Gathered::default();
        while let Some(key) = self.reader.next_in(&mut left)? {
            let name = self.key(key)?;
            let head = self.reader.head()?;
            match by_wire_name(shape, &name) {
                Some((index, member)) => {
                    let value = self
                        .value(member.shape(), head, depth + 1)
                        .map_err(|error| error.within(&name))?;
                    gathered.put_named(index, member, &name, value);
                }
                None => self.reader.skip(head, depth + 1)?,
            }
        }
        Ok(gathered.finish())
    }

    fn key(&mut self, head: Head) -> Result<String, DecodeError> {
        match head {
            Head::Text(length) => self.reader.text(length),
            _ => Err(self.reader.syntax("a key that is not text")),
        }
    }

    fn list(
        &mut self,
        shape: Shape<'static>,
        mut left: Option<u64>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let element = shape.list_member().ok_or_else(|| kind("a list"))?.shape();
        let mut items = Vec::new();
        while let Some(head) = self.reader.next_in(&mut left)? {
            items.push(self.value(element, head, depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(
        &mut self,
        shape: Shape<'static>,
        mut left: Option<u64>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let wanted = shape.map_value().ok_or_else(|| kind("a map"))?.shape();
        let mut entries = Vec::new();
        while let Some(key) = self.reader.next_in(&mut left)? {
            let name = self.key(key)?;
            let head = self.reader.head()?;
            let value = self.value(wanted, head, depth + 1).map_err(|error| error.within(&name))?;
            entries.push((name, value));
        }
        Ok(map_of(entries))
    }
}

/// Longest big number that is turned into digits, which costs the square of its length.
const BIG_NUMBER_BYTES_MAX: usize = 64;

/// Big-endian bytes as decimal digits.
fn decimal_digits(bytes: &[u8]) -> Option<String> {
    if bytes.len() > BIG_NUMBER_BYTES_MAX {
        return None;
    }
    let mut digits = vec![0_u8];
    for byte in bytes {
        let mut carry = u16::from(*byte);
        for digit in &mut digits {
            let sum = u16::from(*digit) * 256 + carry;
            *digit = (sum % 10) as u8;
            carry = sum / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    Some(digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect())
}

/// The decimal digits of a number, plus one.
fn plus_one(digits: &str) -> String {
    let mut carry = true;
    let mut reversed: Vec<u8> = digits
        .bytes()
        .rev()
        .map(|digit| match (carry, digit) {
            (true, b'9') => b'0',
            (true, digit) => {
                carry = false;
                digit + 1
            }
            (false, digit) => digit,
        })
        .collect();
    if carry {
        reversed.push(b'1');
    }
    reversed.iter().rev().map(|digit| char::from(*digit)).collect()
}
