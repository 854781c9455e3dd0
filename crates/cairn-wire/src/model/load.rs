//! Reading a blob; `xtask/src/models/compact` writes it, field by field in the same order.
//!
//! Layout: the texts (count, lengths, bytes), then numbers of seven bits a byte, low first. A text is a number: its
//! place among the texts. An optional text is 0, or 1 and the text.

use super::shape::{MemberRow, ShapeRow};

/// The rows of one service.
pub(super) struct Tables {
    pub(super) json_version: Option<&'static str>,
    pub(super) xml_namespace: Option<&'static str>,
    pub(super) query_compatible: bool,
    pub(super) shapes: Box<[ShapeRow]>,
    pub(super) operations: Box<[OperationRow]>,
    /// What an id that belongs to another service leads to.
    pub(super) no_operation: OperationRow,
    pub(super) no_shape: ShapeRow,
}

/// One operation. Shape references are the index and one; 0 is none.
#[derive(Default)]
pub(super) struct OperationRow {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) uri: &'static str,
    pub(super) flags: u32,
    pub(super) input: u32,
    pub(super) output: u32,
    pub(super) errors: Box<[u32]>,
    pub(super) root: Option<&'static str>,
    pub(super) root_namespace: Option<&'static str>,
    pub(super) result_wrapper: Option<&'static str>,
    pub(super) host_prefix: Option<&'static str>,
    pub(super) response_code: Option<u16>,
}

impl Tables {
    /// `None` for bytes that are no model.
    pub(super) fn read(blob: &[u8]) -> Option<Self> {
        let mut reader = Reader::open(blob)?;
        let json_version = reader.optional()?;
        let xml_namespace = reader.optional()?;
        let query_compatible = reader.number()? != 0;
        let shapes = reader.list(Reader::shape)?;
        let operations = reader.list(Reader::operation)?;
        Some(Self {
            json_version,
            xml_namespace,
            query_compatible,
            shapes,
            operations,
            no_operation: OperationRow::default(),
            no_shape: ShapeRow::default(),
        })
    }
}

struct Reader<'a> {
    texts: Vec<&'static str>,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn open(blob: &'a [u8]) -> Option<Self> {
        let mut reader = Self { texts: Vec::new(), rest: blob };
        let lengths = reader.list(Reader::number)?;
        let total = lengths.iter().sum();
        let (text, rest) = reader.rest.split_at_checked(total)?;
        // A model is decoded once and kept for the life of the program.
        let mut arena: &'static str = Box::leak(std::str::from_utf8(text).ok()?.into());
        reader.rest = rest;
        for length in lengths {
            let (text, after) = arena.split_at_checked(length)?;
            reader.texts.push(text);
            arena = after;
        }
        Some(reader)
    }

    fn number(&mut self) -> Option<usize> {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift = shift.checked_add(7)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<&'static str> {
        let place = self.number()?;
        self.texts.get(place).copied()
    }

    fn optional(&mut self) -> Option<Option<&'static str>> {
        if self.number()? == 0 { Some(None) } else { self.text().map(Some) }
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Box<[T]>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn shape(&mut self) -> Option<ShapeRow> {
        let mut row = ShapeRow { kind: self.small()? as u8, flags: self.small()?, ..ShapeRow::default() };
        let present = self.small()?;
        let has = |bit: u32| present & (1 << bit) != 0;
        if has(0) {
            row.format = self.small()? as u8;
        }
        if has(1) {
            row.min = self.text()?.parse().ok();
        }
        if has(2) {
            row.max = self.text()?.parse().ok();
        }
        if has(3) {
            row.pattern = Some(self.text()?);
        }
        if has(4) {
            row.enums = self.list(Reader::text)?;
        }
        if has(5) {
            row.namespace = Some(Box::new((self.text()?, self.text()?)));
        }
        if has(6) {
            row.error = Some(Box::new((self.text()?, self.text()?, self.text()?.parse().ok())));
        }
        if has(7) {
            row.payload = Some(self.text()?);
        }
        row.members = self.list(Reader::member)?;
        Some(row)
    }

    fn member(&mut self) -> Option<MemberRow> {
        let name = self.text()?;
        let shape = self.small()?;
        let flags = self.small()?;
        let present = self.small()?;
        let has = |bit: u32| present & (1 << bit) != 0;
        let wire = if has(0) { self.text()? } else { name };
        let location = if has(1) { self.small()? as u8 } else { 0 };
        let query_name = if has(2) { Some(self.text()?) } else { None };
        let namespace = if has(3) { Some((self.text()?, self.text()?)) } else { None };
        let rare = (query_name.is_some() || namespace.is_some()).then(|| Box::new((query_name, namespace)));
        Some(MemberRow { name, wire, shape, flags, location, rare })
    }

    fn operation(&mut self) -> Option<OperationRow> {
        Some(OperationRow {
            name: self.text()?,
            method: self.text()?,
            uri: self.text()?,
            flags: self.small()?,
            input: self.small()?,
            output: self.small()?,
            errors: self.list(Reader::small)?,
            root: self.optional()?,
            root_namespace: self.optional()?,
            result_wrapper: self.optional()?,
            host_prefix: self.optional()?,
            response_code: self.optional()?.and_then(|text| text.parse().ok()),
        })
    }
}
