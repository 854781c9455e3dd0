//! Reading a blob; `xtask/src/models/compact` writes it, field by field in the same order.
//!
//! Layout: the texts (count, lengths, bytes), then numbers of seven bits a byte, low first. A text
//! is a number: its place among the texts. An optional text is 0, or 1 and the text.

use super::rows::{
    MemberRow, Namespace, OperationRow, RareRow, Run, ShapeRow, Text, Texts, TraitsRow,
};

/// The tables of one service.
pub(super) struct Tables {
    pub(super) texts: Texts,
    pub(super) json_version: Text,
    pub(super) xml_namespace: Text,
    pub(super) query_compatible: bool,
    pub(super) shapes: Box<[ShapeRow]>,
    pub(super) traits: Box<[TraitsRow]>,
    pub(super) members: Box<[MemberRow]>,
    pub(super) rare: Box<[RareRow]>,
    /// The names that texts may be, of all shapes.
    pub(super) enums: Box<[Text]>,
    /// The shapes of errors, of all operations.
    pub(super) errors: Box<[u32]>,
    pub(super) operations: Box<[OperationRow]>,
    /// What an id that belongs to another service leads to.
    pub(super) no_operation: OperationRow,
    pub(super) no_shape: ShapeRow,
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
            traits: reader.traits.into(),
            members: reader.members.into(),
            rare: reader.rare.into(),
            enums: reader.enums.into(),
            errors: reader.errors.into(),
            texts: reader.texts,
            no_operation: OperationRow::default(),
            no_shape: ShapeRow::default(),
        })
    }
}

/// What is left of a blob, and the tables that shapes and operations share.
struct Reader<'a> {
    rest: &'a [u8],
    texts: Texts,
    traits: Vec<TraitsRow>,
    members: Vec<MemberRow>,
    rare: Vec<RareRow>,
    enums: Vec<Text>,
    errors: Vec<u32>,
}

impl<'a> Reader<'a> {
    fn open(blob: &'a [u8]) -> Option<Self> {
        let mut rest = blob;
        let count = number(&mut rest)?;
        let lengths: Vec<usize> = (0..count).map(|_| number(&mut rest)).collect::<Option<_>>()?;
        let (text, rest) = rest.split_at_checked(lengths.iter().sum())?;
        let texts = Texts::new(std::str::from_utf8(text).ok()?, &lengths)?;
        Some(Self {
            rest,
            texts,
            traits: Vec::new(),
            members: Vec::new(),
            rare: Vec::new(),
            enums: Vec::new(),
            errors: Vec::new(),
        })
    }

    fn number(&mut self) -> Option<usize> {
        number(&mut self.rest)
    }

    fn small<T: TryFrom<usize>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<Text> {
        let place = self.number()?;
        self.texts.at(place)
    }

    fn optional(&mut self) -> Option<Text> {
        if self.number()? == 0 { Some(Text::default()) } else { self.text() }
    }

    /// A number that a text holds; an empty text holds none.
    fn parsed<T: std::str::FromStr>(&self, text: Text) -> Option<T> {
        self.texts.get(text).parse().ok()
    }

    fn namespace(&mut self) -> Option<Namespace> {
        Some(Namespace { uri: self.text()?, prefix: self.text()? })
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Box<[T]>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn shape(&mut self) -> Option<ShapeRow> {
        let (kind, flags) = (self.small()?, self.small()?);
        let present: u32 = self.small()?;
        let has = |bit: u32| present & (1 << bit) != 0;
        let format = if has(0) { self.small()? } else { 0 };
        let traits = if present & !1 != 0 { self.traits(has)? } else { 0 };
        let (members_start, member_count) = (self.members.len() as u32, self.small()?);
        for _ in 0..member_count {
            let member = self.member()?;
            self.members.push(member);
        }
        Some(ShapeRow { kind, format, flags, member_count, members_start, traits })
    }

    fn traits(&mut self, has: impl Fn(u32) -> bool) -> Option<u32> {
        let mut row = TraitsRow::default();
        if has(1) {
            let text = self.text()?;
            row.min = self.parsed(text);
        }
        if has(2) {
            let text = self.text()?;
            row.max = self.parsed(text);
        }
        if has(3) {
            row.pattern = self.text()?;
        }
        if has(4) {
            row.enums = Run { start: self.enums.len() as u32, count: self.small()? };
            for _ in 0..row.enums.count {
                let name = self.text()?;
                self.enums.push(name);
            }
        }
        if has(5) {
            row.namespace = self.namespace()?;
        }
        if has(6) {
            (row.error_name, row.error_code) = (self.text()?, self.text()?);
            let status = self.text()?;
            row.error_status = self.parsed(status);
        }
        if has(7) {
            row.payload = self.text()?;
        }
        self.traits.push(row);
        u32::try_from(self.traits.len()).ok()
    }

    fn member(&mut self) -> Option<MemberRow> {
        let name = self.text()?;
        let (shape, flags) = (self.small()?, self.small()?);
        let present: u32 = self.small()?;
        let has = |bit: u32| present & (1 << bit) != 0;
        let wire = if has(0) { self.text()? } else { name };
        let location = if has(1) { self.small()? } else { 0 };
        let query_name = if has(2) { self.text()? } else { Text::default() };
        let namespace = if has(3) { self.namespace()? } else { Namespace::default() };
        let mut rare = 0;
        if has(2) || has(3) {
            self.rare.push(RareRow { query_name, namespace });
            rare = u32::try_from(self.rare.len()).ok()?;
        }
        Some(MemberRow { name, wire, shape, rare, flags, location })
    }

    fn operation(&mut self) -> Option<OperationRow> {
        let (name, method, uri) = (self.text()?, self.text()?, self.text()?);
        let (flags, input, output) = (self.small()?, self.small()?, self.small()?);
        let errors = Run { start: self.errors.len() as u32, count: self.small()? };
        for _ in 0..errors.count {
            let error = self.small()?;
            self.errors.push(error);
        }
        let (root, root_namespace) = (self.optional()?, self.optional()?);
        let (result_wrapper, host_prefix) = (self.optional()?, self.optional()?);
        let response_code = self.optional()?;
        let response_code = self.parsed(response_code);
        Some(OperationRow {
            name,
            method,
            uri,
            flags,
            response_code,
            input,
            output,
            errors,
            root,
            root_namespace,
            result_wrapper,
            host_prefix,
        })
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift = shift.checked_add(7)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}
