//! Shapes and their members.

use std::fmt;

use super::Service;
use super::rows::{MemberRow, Namespace, RareRow, Run, ShapeRow, Text, TraitsRow};

/// The place of a shape in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShapeId(u32);

impl ShapeId {
    pub(super) fn new(index: u32) -> Self {
        Self(index)
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What kind of value a shape holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShapeKind {
    /// Named members.
    Structure,
    /// Values of one shape.
    List,
    /// Texts to values of one shape.
    Map,
    /// Text.
    String,
    /// Bytes.
    Blob,
    /// True or false.
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// A moment.
    Timestamp,
    /// Any number of digits.
    BigInteger,
    /// Any number of digits.
    BigDecimal,
}

const KINDS: [ShapeKind; 13] = [
    ShapeKind::Structure,
    ShapeKind::List,
    ShapeKind::Map,
    ShapeKind::String,
    ShapeKind::Blob,
    ShapeKind::Boolean,
    ShapeKind::Integer,
    ShapeKind::Long,
    ShapeKind::Float,
    ShapeKind::Double,
    ShapeKind::Timestamp,
    ShapeKind::BigInteger,
    ShapeKind::BigDecimal,
];

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFormat {
    /// `2026-11-25T17:00:00Z`.
    Iso8601,
    /// `Wed, 25 Nov 2026 17:00:00 GMT`.
    Rfc822,
    /// Seconds since 1970.
    UnixTimestamp,
}

/// Where a member travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the body.
    Body,
    /// In the header that its wire name names.
    Header,
    /// In all headers that begin with its wire name.
    Headers,
    /// In the query string.
    QueryString,
    /// In the path.
    Uri,
    /// As the status of the answer.
    StatusCode,
}

const LOCATIONS: [Location; 6] = [
    Location::Body,
    Location::Header,
    Location::Headers,
    Location::QueryString,
    Location::Uri,
    Location::StatusCode,
];

/// A namespace declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlNamespace {
    /// The prefix, if the declaration is not for the element itself.
    pub prefix: Option<&'static str>,
    /// The namespace.
    pub uri: &'static str,
}

/// One shape of a service.
#[derive(Clone, Copy)]
pub struct Shape<'a> {
    service: &'a Service,
    row: &'a ShapeRow,
    id: ShapeId,
}

impl fmt::Debug for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:?}", self.service.id(), self.kind())
    }
}

impl<'a> Shape<'a> {
    pub(super) fn new(service: &'a Service, row: &'a ShapeRow, id: ShapeId) -> Self {
        Self { service, row, id }
    }

    /// The place of the shape in its service.
    pub fn id(self) -> ShapeId {
        self.id
    }

    /// What kind of value it holds.
    pub fn kind(self) -> ShapeKind {
        KINDS.get(usize::from(self.row.kind)).copied().unwrap_or(ShapeKind::String)
    }

    /// The members of a structure, in the order of the model; none of other kinds.
    pub fn members(self) -> impl Iterator<Item = Member<'a>> {
        let rows = if self.kind() == ShapeKind::Structure { self.rows() } else { &[] };
        let service = self.service;
        rows.iter().map(move |row| Member { service, row })
    }

    /// The member of a structure with this name.
    pub fn member(self, name: &str) -> Option<Member<'a>> {
        self.members().find(|member| member.name() == name)
    }

    /// The member that is the whole body.
    pub fn payload(self) -> Option<Member<'a>> {
        self.member(self.text(self.traits()?.payload)?)
    }

    /// The element of a list.
    pub fn list_member(self) -> Option<Member<'a>> {
        self.place(ShapeKind::List, 0)
    }

    /// The key of a map.
    pub fn map_key(self) -> Option<Member<'a>> {
        self.place(ShapeKind::Map, 0)
    }

    /// The value of a map.
    pub fn map_value(self) -> Option<Member<'a>> {
        self.place(ShapeKind::Map, 1)
    }

    /// The names that a text may be.
    pub fn enums(self) -> impl Iterator<Item = &'static str> {
        let tables = &self.service.tables;
        let run = self.traits().map_or(Run::default(), |traits| traits.enums);
        run.of(&tables.enums).iter().map(|text| tables.texts.get(*text))
    }

    /// The least value, or the least length.
    pub fn min(self) -> Option<f64> {
        self.traits()?.min
    }

    /// The greatest value, or the greatest length.
    pub fn max(self) -> Option<f64> {
        self.traits()?.max
    }

    /// What a text must look like, in the notation of Java.
    pub fn pattern(self) -> Option<&'static str> {
        self.text(self.traits()?.pattern)
    }

    /// How a moment is written, where the protocol's own way is not meant.
    pub fn timestamp_format(self) -> Option<TimestampFormat> {
        Some(match self.row.format {
            1 => TimestampFormat::Iso8601,
            2 => TimestampFormat::Rfc822,
            3 => TimestampFormat::UnixTimestamp,
            _ => return None,
        })
    }

    /// The namespace of the element.
    pub fn xml_namespace(self) -> Option<XmlNamespace> {
        namespace(self.service, self.traits()?.namespace)
    }

    /// The name of an error, `TrailNotFoundException`; `None` for what is no error.
    pub fn error_name(self) -> Option<&'static str> {
        self.text(self.traits()?.error_name)
    }

    /// What query and XML protocols call the error.
    pub fn error_code(self) -> Option<&'static str> {
        let code = self.text(self.traits()?.error_code).filter(|code| !code.is_empty());
        code.or_else(|| self.error_name())
    }

    /// The HTTP status of the error, where the model gives one.
    pub fn error_status(self) -> Option<u16> {
        self.traits()?.error_status
    }

    /// Whether records and logs must not show the value.
    pub fn sensitive(self) -> bool {
        self.flag(0)
    }

    /// Whether the elements stand without a level of their own.
    pub fn flattened(self) -> bool {
        self.flag(1)
    }

    /// Whether the value is JSON of any form.
    pub fn document(self) -> bool {
        self.flag(2)
    }

    /// Whether exactly one member is set.
    pub fn union(self) -> bool {
        self.flag(3)
    }

    /// Whether the bytes are streamed.
    pub fn streaming(self) -> bool {
        self.flag(4)
    }

    /// Whether it is a stream of events.
    pub fn event_stream(self) -> bool {
        self.flag(5)
    }

    /// Whether query answers name it by a level that records leave out.
    pub fn wrapper(self) -> bool {
        self.flag(6)
    }

    /// Whether elements may be null.
    pub fn sparse(self) -> bool {
        self.flag(7)
    }

    /// Whether the error is the server's fault.
    pub fn server_fault(self) -> bool {
        self.flag(8)
    }

    fn flag(self, bit: u32) -> bool {
        self.row.flags & (1 << bit) != 0
    }

    fn text(self, text: Text) -> Option<&'static str> {
        self.service.tables.texts.optional(text)
    }

    fn traits(self) -> Option<&'a TraitsRow> {
        self.service.tables.traits.get(self.row.traits.checked_sub(1)? as usize)
    }

    fn rows(self) -> &'a [MemberRow] {
        let count = u32::from(self.row.member_count);
        Run { start: self.row.members_start, count }.of(&self.service.tables.members)
    }

    fn place(self, kind: ShapeKind, index: usize) -> Option<Member<'a>> {
        let row = self.rows().get(index).filter(|_| self.kind() == kind)?;
        Some(Member { service: self.service, row })
    }
}

/// One member of a structure, the element of a list, the key or value of a map.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    service: &'a Service,
    row: &'a MemberRow,
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'a> Member<'a> {
    /// The name in the model; `member`, `key` and `value` of lists and maps.
    pub fn name(self) -> &'static str {
        self.service.tables.texts.get(self.row.name)
    }

    /// The name on the wire: the location name, else the name.
    pub fn wire_name(self) -> &'static str {
        self.service.tables.texts.get(self.row.wire)
    }

    /// Where it travels.
    pub fn location(self) -> Location {
        LOCATIONS.get(usize::from(self.row.location)).copied().unwrap_or(Location::Body)
    }

    /// What it holds.
    pub fn shape(self) -> Shape<'a> {
        self.service.shape(ShapeId::new(self.row.shape))
    }

    /// The name in ec2 calls, and in those of SQS's older protocol, where the model gives one.
    pub fn query_name(self) -> Option<&'static str> {
        self.service.tables.texts.optional(self.rare()?.query_name)
    }

    /// The namespace of the element.
    pub fn xml_namespace(self) -> Option<XmlNamespace> {
        namespace(self.service, self.rare()?.namespace)
    }

    /// How a moment is written, where the protocol's own way is not meant.
    pub fn timestamp_format(self) -> Option<TimestampFormat> {
        self.shape().timestamp_format()
    }

    /// Whether a call without it is refused.
    pub fn required(self) -> bool {
        self.flag(0)
    }

    /// Whether the elements stand without a level of their own.
    pub fn flattened(self) -> bool {
        self.flag(1)
    }

    /// Whether it is an attribute of the element around it.
    pub fn xml_attribute(self) -> bool {
        self.flag(2)
    }

    /// Whether the bytes are streamed.
    pub fn streaming(self) -> bool {
        self.flag(3)
    }

    /// Whether a header holds it as base64 of JSON.
    pub fn jsonvalue(self) -> bool {
        self.flag(4)
    }

    /// Whether clients fill it so that a repeated call counts once.
    pub fn idempotency_token(self) -> bool {
        self.flag(5)
    }

    /// Whether it stands in the host name.
    pub fn host_label(self) -> bool {
        self.flag(6)
    }

    /// Whether records and logs must not show the value.
    pub fn sensitive(self) -> bool {
        self.shape().sensitive()
    }

    fn rare(self) -> Option<&'a RareRow> {
        self.service.tables.rare.get(self.row.rare.checked_sub(1)? as usize)
    }

    fn flag(self, bit: u32) -> bool {
        self.row.flags & (1 << bit) != 0
    }
}

fn namespace(service: &Service, row: Namespace) -> Option<XmlNamespace> {
    let texts = &service.tables.texts;
    let prefix = texts.optional(row.prefix).filter(|prefix| !prefix.is_empty());
    Some(XmlNamespace { prefix, uri: texts.optional(row.uri)? })
}
