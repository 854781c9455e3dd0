//! An error before it takes a protocol's form: the model's part of it looked up once.

use super::WireError;
use crate::{
    model::{Location, Member, Operation, Protocol, Service, Shape},
    value::Value,
};

const STATUS_SENDER: u16 = 400;
const STATUS_RECEIVER: u16 = 500;

/// An error with everything that the six protocols want to know about it.
pub(super) struct Fault<'a> {
    pub(super) error: &'a WireError,
    /// The shape name: what the JSON protocols and CBOR send.
    pub(super) name: String,
    /// The wire code: what query, ec2 and rest-xml send.
    pub(super) code: String,
    pub(super) status: u16,
    pub(super) message_name: &'static str,
    pub(super) shape: Option<Shape<'static>>,
}

impl<'a> Fault<'a> {
    /// Looks an error up among those of the operation, then of the whole service.
    pub(super) fn of(
        service: Option<&'static Service>,
        operation: Option<Operation<'static>>,
        protocol: Protocol,
        error: &'a WireError,
    ) -> Self {
        let named = |shape: &Shape<'static>| {
            shape.error_name() == Some(error.code.as_str())
                || shape.error_code() == Some(error.code.as_str())
        };
        let shape = operation.and_then(|operation| operation.errors().find(named)).or_else(|| {
            let mut operations = service?.operations();
            operations.find_map(|operation| operation.errors().find(named))
        });
        let name = shape.and_then(Shape::error_name).unwrap_or(&error.code);
        let code = shape.and_then(Shape::error_code).unwrap_or(name);
        let by_fault = if error.sender_fault { STATUS_SENDER } else { STATUS_RECEIVER };
        let modelled = shape.and_then(Shape::error_status);
        Self {
            error,
            name: name.to_owned(),
            code: code.to_owned(),
            status: error.status.or(modelled).unwrap_or(by_fault),
            message_name: message_name(service, shape, protocol),
            shape,
        }
    }

    /// `Sender` or `Receiver`, as XML bodies and `x-amzn-query-error` say it.
    pub(super) const fn side(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }

    /// The further members of the error's body: name, the model's member if there is one, value.
    pub(super) fn fields(
        &self,
    ) -> impl Iterator<Item = (&'static str, Option<Member<'static>>, &'a Value)> {
        let message_name = self.message_name;
        self.members().filter_map(move |(name, member, value)| {
            let wire_name = member.map_or(name, Member::wire_name);
            let in_body = member.is_none_or(|member| member.location() == Location::Body);
            (in_body && wire_name != message_name).then_some((wire_name, member, value))
        })
    }

    /// The members that travel in headers.
    pub(super) fn headers(&self) -> impl Iterator<Item = (Member<'static>, &'a Value)> {
        self.members().filter_map(|(_, member, value)| {
            let member = member.filter(|member| member.location() == Location::Header)?;
            Some((member, value))
        })
    }

    fn members(&self) -> impl Iterator<Item = (&'static str, Option<Member<'static>>, &'a Value)> {
        let shape = self.shape;
        let members = self.error.fields.as_ref().and_then(Value::as_structure).unwrap_or(&[]);
        members
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Null | Value::Stream))
            .map(move |(name, value)| (*name, shape.and_then(|shape| shape.member(name)), value))
    }
}

/// How the body spells the message.
///
/// evidence: observed for CloudTrail (`Message`, though its errors are modelled without members);
/// modelled where the error has the member; `message` is what rest-json, CBOR and most of the
/// JSON services send (documented).
fn message_name(
    service: Option<&'static Service>,
    shape: Option<Shape<'static>>,
    protocol: Protocol,
) -> &'static str {
    let modelled = shape.and_then(|shape| {
        shape.members().find(|member| member.wire_name().eq_ignore_ascii_case("message"))
    });
    if let Some(member) = modelled {
        return member.wire_name();
    }
    let of_service = service.is_some_and(|service| service.id() == "cloudtrail");
    if of_service && protocol == Protocol::Json { "Message" } else { "message" }
}
