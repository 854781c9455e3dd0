//! Shapes and their members.

use std::fmt;

use super::Service;

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

/// One shape. Of a list the only member is the element; of a map, key and value.
#[derive(Default)]
pub(super) struct ShapeRow {
    pub(super) kind: u8,
    pub(super) format: u8,
    pub(super) flags: u32,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Option<&'static str>,
    pub(super) enums: Box<[&'static str]>,
    /// URI, prefix ("" for none).
    pub(super) namespace: Option<Box<(&'static str, &'static str)>>,
    /// Name, code ("" for the name), status.
    pub(super) error: Option<Box<(&'static str, &'static str, Option<u16>)>>,
    pub(super) payload: Option<&'static str>,
    pub(super) members: Box<[MemberRow]>,
}

/// What few members have: the ec2 name; namespace and prefix.
type Rare = (Option<&'static str>, Option<(&'static str, &'static str)>);

/// One member.
pub(super) struct MemberRow {
    pub(super) name: &'static str,
    pub(super) wire: &'static str,
    pub(super) shape: u32,
    pub(super) flags: u32,
    pub(super) location: u8,
    pub(super) rare: Option<Box<Rare>>,
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
        let rows = if self.kind() == ShapeKind::Structure { &*self.row.members } else { &[] };
        let service = self.service;
        rows.iter().map(move |row| Member { service, row })
    }

    /// The member of a structure with this name.
    pub fn member(self, name: &str) -> Option<Member<'a>> {
        self.members().find(|member| member.row.name == name)
    }

    /// The member that is the whole body.
    pub fn payload(self) -> Option<Member<'a>> {
        self.member(self.row.payload?)
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
        self.row.enums.iter().copied()
    }

    /// The least value, or the least length.
    pub fn min(self) -> Option<f64> {
        self.row.min
    }

    /// The greatest value, or the greatest length.
    pub fn max(self) -> Option<f64> {
        self.row.max
    }

    /// What a text must look like, in the notation of Java.
    pub fn pattern(self) -> Option<&'static str> {
        self.row.pattern
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
        self.row.namespace.as_deref().copied().map(namespace)
    }

    /// The name of an error, `TrailNotFoundException`; `None` for what is no error.
    pub fn error_name(self) -> Option<&'static str> {
        self.row.error.as_deref().map(|(name, _, _)| *name)
    }

    /// What query and XML protocols call the error.
    pub fn error_code(self) -> Option<&'static str> {
        let (name, code, _) = self.row.error.as_deref()?;
        Some(if code.is_empty() { name } else { code })
    }

    /// The HTTP status of the error, where the model gives one.
    pub fn error_status(self) -> Option<u16> {
        self.row.error.as_deref().and_then(|(_, _, status)| *status)
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

    fn place(self, kind: ShapeKind, index: usize) -> Option<Member<'a>> {
        let row = self.row.members.get(index).filter(|_| self.kind() == kind)?;
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
        f.write_str(self.row.name)
    }
}

impl<'a> Member<'a> {
    /// The name in the model; `member`, `key` and `value` of lists and maps.
    pub fn name(self) -> &'static str {
        self.row.name
    }

    /// The name on the wire: the location name, else the name.
    pub fn wire_name(self) -> &'static str {
        self.row.wire
    }

    /// Where it travels.
    pub fn location(self) -> Location {
        LOCATIONS.get(usize::from(self.row.location)).copied().unwrap_or(Location::Body)
    }

    /// What it holds.
    pub fn shape(self) -> Shape<'a> {
        self.service.shape(ShapeId::new(self.row.shape))
    }

    /// The name in ec2 calls, where the model gives one.
    pub fn query_name(self) -> Option<&'static str> {
        self.row.rare.as_deref().and_then(|(name, _)| *name)
    }

    /// The namespace of the element.
    pub fn xml_namespace(self) -> Option<XmlNamespace> {
        self.row.rare.as_deref().and_then(|(_, found)| *found).map(namespace)
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

    fn flag(self, bit: u32) -> bool {
        self.row.flags & (1 << bit) != 0
    }
}

fn namespace((uri, prefix): (&'static str, &'static str)) -> XmlNamespace {
    XmlNamespace { prefix: (!prefix.is_empty()).then_some(prefix), uri }
}
