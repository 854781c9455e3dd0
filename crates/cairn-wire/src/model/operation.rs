//! Operations.

use std::fmt;

use super::Service;
use super::rows::{OperationRow, Text};
use super::shape::{Location, Member, Shape, ShapeId};

/// The place of an operation in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationId(u32);

impl OperationId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation of a service.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    service: &'a Service,
    row: &'a OperationRow,
    id: OperationId,
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.id(), self.name())
    }
}

impl PartialEq for Operation<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.service.id() == other.service.id()
    }
}

impl<'a> Operation<'a> {
    pub(super) fn new(service: &'a Service, row: &'a OperationRow, index: usize) -> Self {
        Self { service, row, id: OperationId(index as u32) }
    }

    /// The place of the operation in its service.
    pub fn id(self) -> OperationId {
        self.id
    }

    /// `LookupEvents`.
    pub fn name(self) -> &'static str {
        self.service.tables.texts.get(self.row.name)
    }

    /// The service that it belongs to.
    pub fn service(self) -> &'a Service {
        self.service
    }

    /// The HTTP method.
    pub fn method(self) -> &'static str {
        self.service.tables.texts.get(self.row.method)
    }

    /// The path template, with its fixed query: `/{Bucket}/{Key+}?acl`.
    pub fn uri(self) -> &'static str {
        self.service.tables.texts.get(self.row.uri)
    }

    /// The fixed parts of the query: a name, and a value if one is given.
    pub fn query_literals(self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let query = self.uri().split_once('?').map_or("", |(_, query)| query);
        let parts = query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        })
    }

    /// The names of the parameters that stand in the query.
    pub fn query_parameters(self) -> impl Iterator<Item = &'static str> {
        let members = self.input().into_iter().flat_map(Shape::members);
        members.filter(|member| member.location() == Location::QueryString).map(Member::wire_name)
    }

    /// The parameters.
    pub fn input(self) -> Option<Shape<'a>> {
        self.reference(self.row.input)
    }

    /// The answer.
    pub fn output(self) -> Option<Shape<'a>> {
        self.reference(self.row.output)
    }

    /// The errors that the model lists.
    pub fn errors(self) -> impl Iterator<Item = Shape<'a>> {
        let service = self.service;
        self.row
            .errors
            .of(&service.tables.errors)
            .iter()
            .map(move |index| service.shape(ShapeId::new(*index)))
    }

    /// Name and namespace of the root element of a rest-xml request.
    pub fn input_root(self) -> Option<(&'static str, Option<&'static str>)> {
        self.text(self.row.root).map(|root| (root, self.text(self.row.root_namespace)))
    }

    /// The element around the answer of a query call.
    pub fn result_wrapper(self) -> Option<&'static str> {
        self.text(self.row.result_wrapper)
    }

    /// What stands before the host: `{AccountId}.`.
    pub fn host_prefix(self) -> Option<&'static str> {
        self.text(self.row.host_prefix)
    }

    /// The status of success, where the model gives one.
    pub fn response_code(self) -> Option<u16> {
        self.row.response_code
    }

    /// Whether it changes nothing, as records say it (`readOnly`).
    pub fn read_only(self) -> bool {
        self.flag(0)
    }

    /// Whether it is recorded as a data event.
    pub fn data_event(self) -> bool {
        self.flag(1)
    }

    /// Whether it needs no signature.
    pub fn unsigned(self) -> bool {
        self.flag(2)
    }

    /// Whether EC2 records it in the form of its SOAP days.
    pub fn ec2_legacy(self) -> bool {
        self.flag(3)
    }

    /// Whether a newer operation took its place.
    pub fn deprecated(self) -> bool {
        self.flag(4)
    }

    /// Whether repeating it changes nothing more.
    pub fn idempotent(self) -> bool {
        self.flag(5)
    }

    fn text(self, text: Text) -> Option<&'static str> {
        self.service.tables.texts.optional(text)
    }

    fn flag(self, bit: u32) -> bool {
        self.row.flags & (1 << bit) != 0
    }

    fn reference(self, index_and_one: u32) -> Option<Shape<'a>> {
        index_and_one.checked_sub(1).map(|index| self.service.shape(ShapeId::new(index)))
    }
}
