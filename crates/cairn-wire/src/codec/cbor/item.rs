//! CBOR items: the reader and the writer under the protocol.
//!
//! Our own, because SDKs use corners that general readers refuse or hide: indefinite lengths,
//! half floats, tag 1 with every kind of number, big numbers as tags 2 to 4.

use crate::codec::{
    DecodeError,
    limits::{DEPTH_MAX, VALUES_MAX},
};

/// The start of an item: its kind, with the length or value that the head carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head {
    Unsigned(u64),
    /// The argument; the number is `-1 - argument`.
    Negative(u64),
    /// `None` is an indefinite length.
    Bytes(Option<u64>),
    Text(Option<u64>),
    Array(Option<u64>),
    Map(Option<u64>),
    Tag(u64),
    Bool(bool),
    Null,
    Float(f64),
    Break,
}

/// Walks bytes item by item.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, values: 0 }
    }

    pub(super) fn syntax(&self, why: &str) -> DecodeError {
        DecodeError::Syntax { syntax: "CBOR", why: why.to_owned(), at: self.at }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() <= self.at
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(piece) => {
                self.at += count;
                Ok(piece)
            }
            None => Err(self.syntax("the body ends inside a value")),
        }
    }

    fn unsigned(&mut self, count: usize) -> Result<u64, DecodeError> {
        let bytes = self.take(count)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Reads the head of the next item.
    pub(super) fn head(&mut self) -> Result<Head, DecodeError> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(DecodeError::TooMany(VALUES_MAX));
        }
        let first = self.unsigned(1)?;
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(info);
        }
        let argument = match info {
            0..=23 => Some(info),
            24 => Some(self.unsigned(1)?),
            25 => Some(self.unsigned(2)?),
            26 => Some(self.unsigned(4)?),
            27 => Some(self.unsigned(8)?),
            31 if (2..=5).contains(&major) => None,
            _ => return Err(self.syntax("a reserved length")),
        };
        Ok(match (major, argument) {
            (2, length) => Head::Bytes(length),
            (3, length) => Head::Text(length),
            (4, length) => Head::Array(length),
            (5, length) => Head::Map(length),
            (0, Some(number)) => Head::Unsigned(number),
            (1, Some(number)) => Head::Negative(number),
            (6, Some(tag)) => Head::Tag(tag),
            _ => return Err(self.syntax("a reserved length")),
        })
    }

    fn simple(&mut self, info: u64) -> Result<Head, DecodeError> {
        Ok(match info {
            20 => Head::Bool(false),
            21 => Head::Bool(true),
            22 | 23 => Head::Null,
            25 => Head::Float(half(self.unsigned(2)? as u16)),
            26 => Head::Float(f32::from_bits(self.unsigned(4)? as u32).into()),
            27 => Head::Float(f64::from_bits(self.unsigned(8)?)),
            31 => Head::Break,
            _ => return Err(self.syntax("an unknown simple value")),
        })
    }

    /// The bytes of a byte or text string whose head was just read.
    pub(super) fn string(&mut self, length: Option<u64>) -> Result<Vec<u8>, DecodeError> {
        if let Some(length) = length {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            return Ok(self.take(length)?.to_vec());
        }
        let mut whole = Vec::new();
        loop {
            match self.head()? {
                Head::Bytes(Some(length)) | Head::Text(Some(length)) => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    whole.extend_from_slice(self.take(length)?);
                }
                Head::Break => return Ok(whole),
                _ => return Err(self.syntax("a string with a piece that is none")),
            }
        }
    }

    /// The text of a text string whose head was just read.
    pub(super) fn text(&mut self, length: Option<u64>) -> Result<String, DecodeError> {
        let bytes = self.string(length)?;
        String::from_utf8(bytes).map_err(|_| self.syntax("text that is not UTF-8"))
    }

    /// Whether a container has another element; takes the break of an indefinite one. The head
    /// of the next element has then been read.
    pub(super) fn next_in(&mut self, left: &mut Option<u64>) -> Result<Option<Head>, DecodeError> {
        match left {
            Some(0) => return Ok(None),
            Some(count) => *count -= 1,
            None => {}
        }
        match self.head()? {
            Head::Break if left.is_none() => Ok(None),
            Head::Break => Err(self.syntax("a break outside an indefinite container")),
            head => Ok(Some(head)),
        }
    }

    /// Reads past the item whose head was just read.
    pub(super) fn skip(&mut self, head: Head, depth: usize) -> Result<(), DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        match head {
            Head::Bytes(length) | Head::Text(length) => {
                self.string(length)?;
            }
            Head::Tag(_) => {
                let head = self.head()?;
                self.skip(head, depth + 1)?;
            }
            Head::Array(mut left) => {
                while let Some(head) = self.next_in(&mut left)? {
                    self.skip(head, depth + 1)?;
                }
            }
            Head::Map(mut left) => {
                while let Some(key) = self.next_in(&mut left)? {
                    self.skip(key, depth + 1)?;
                    let value = self.head()?;
                    self.skip(value, depth + 1)?;
                }
            }
            Head::Break => return Err(self.syntax("a break outside an indefinite container")),
            Head::Unsigned(_) | Head::Negative(_) | Head::Bool(_) | Head::Null | Head::Float(_) => {
            }
        }
        Ok(())
    }
}

/// A half-precision float, widened.
fn half(bits: u16) -> f64 {
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1_024.0) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Writes items.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    fn head(&mut self, major: u8, argument: u64) {
        let first = major << 5;
        let wide = argument.to_be_bytes();
        let [.., b4, b5, b6, b7] = wide;
        match argument {
            0..=0x17 => self.bytes.push(first | b7),
            0x18..=0xff => self.bytes.extend_from_slice(&[first | 0x18, b7]),
            0x100..=0xffff => self.bytes.extend_from_slice(&[first | 0x19, b6, b7]),
            0x1_0000..=0xffff_ffff => {
                self.bytes.extend_from_slice(&[first | 0x1a, b4, b5, b6, b7]);
            }
            _ => {
                self.bytes.push(first | 0x1b);
                self.bytes.extend_from_slice(&wide);
            }
        }
    }

    pub(super) fn null(&mut self) {
        self.bytes.push(0xf6);
    }

    pub(super) fn bool(&mut self, flag: bool) {
        self.bytes.push(if flag { 0xf5 } else { 0xf4 });
    }

    pub(super) fn integer(&mut self, number: i64) {
        if number < 0 {
            self.head(1, !number.cast_unsigned());
        } else {
            self.head(0, number.cast_unsigned());
        }
    }

    pub(super) fn double(&mut self, number: f64) {
        self.bytes.push(0xfb);
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn array(&mut self, count: usize) {
        self.head(4, count as u64);
    }

    pub(super) fn map(&mut self, count: usize) {
        self.head(5, count as u64);
    }

    pub(super) fn tag(&mut self, tag: u64) {
        self.head(6, tag);
    }
}
