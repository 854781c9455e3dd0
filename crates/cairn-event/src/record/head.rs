//! The parse itself: one pass that checks the whole text and borrows from it.

use std::borrow::Cow;

use super::identity::Scope as IdentityScope;
use super::{IdentityHead, RECORD_BYTES_MAX, RecordError, RecordHead};
use crate::json::check::{Fault, Member, Visitor, check_object};
use crate::{Timestamp, json};

pub(super) fn parse(bytes: &[u8]) -> Result<RecordHead<'_>, RecordError> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(RecordError::TooLarge { bytes: bytes.len() });
    }
    let text = simdutf8::basic::from_utf8(bytes).map_err(|_| RecordError::NotUtf8)?;
    let mut reading = Reading::default();
    check_object(text, Scope::Record, &mut reading).map_err(|fault| match fault {
        Fault::At(at) => RecordError::NotAnObject { at },
        Fault::TooDeep => RecordError::TooDeep,
    })?;
    let Reading { mut head, fallback } = reading;
    if let Some(insight) = fallback.insight {
        let inner = |key| json::member(insight, key).and_then(json::string);
        head.event_source = head.event_source.or_else(|| inner("eventSource"));
        head.event_name = head.event_name.or_else(|| inner("eventName"));
    }
    if let Some(event) = fallback.event_data.filter(|_| is_activity(&head)) {
        take_in(&mut head, event);
    }
    head.event_id = head.event_id.or(fallback.event_id);
    head.request_id = head.request_id.or(fallback.request_id);
    head.event_time_text = head.event_time_text.or(fallback.time);
    head.event_time = head.event_time_text.as_deref().and_then(Timestamp::parse_iso);
    Ok(head)
}

/// Whether a record holds the event of an application, as a channel brought it.
fn is_activity(head: &RecordHead<'_>) -> bool {
    head.event_category.as_deref() == Some("ActivityAuditLog")
}

/// What the record of an event of an application says of it, it says in `eventData` (documented).
fn take_in<'a>(head: &mut RecordHead<'a>, event: &'a str) {
    let text = |object: &'a str, key| json::member(object, key).and_then(json::string);
    head.event_source = head.event_source.take().or_else(|| text(event, "eventSource"));
    head.event_name = head.event_name.take().or_else(|| text(event, "eventName"));
    head.user_agent = head.user_agent.take().or_else(|| text(event, "userAgent"));
    head.source_ip_address =
        head.source_ip_address.take().or_else(|| text(event, "sourceIPAddress"));
    head.error_code = head.error_code.take().or_else(|| text(event, "errorCode"));
    head.error_message = head.error_message.take().or_else(|| text(event, "errorMessage"));
    if let Some(identity) = json::member(event, "userIdentity") {
        let own = &mut head.identity;
        own.kind = own.kind.take().or_else(|| text(identity, "type"));
        own.principal_id = own.principal_id.take().or_else(|| text(identity, "principalId"));
    }
}

/// Values in another place or under another spelling: they count only if the right one is missing.
#[derive(Default)]
struct Fallback<'a> {
    event_id: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    insight: Option<&'a str>,
    event_data: Option<&'a str>,
}

/// A head in the making.
#[derive(Default)]
struct Reading<'a> {
    head: RecordHead<'a>,
    fallback: Fallback<'a>,
}

/// The objects whose members are looked at.
#[derive(Clone, Copy)]
enum Scope {
    Record,
    Identity(IdentityScope),
}

impl<'a> Visitor<'a> for Reading<'a> {
    type Scope = Scope;

    fn open(&mut self, scope: Scope, key: &str) -> Option<Scope> {
        match scope {
            Scope::Record if key == "userIdentity" => {
                self.head.identity = IdentityHead::default();
                Some(Scope::Identity(IdentityScope::Identity))
            }
            Scope::Record => None,
            Scope::Identity(scope) => self.head.identity.open(scope, key).map(Scope::Identity),
        }
    }

    fn show(&mut self, scope: Scope, member: Member<'_, 'a>) {
        match scope {
            Scope::Record => set(&mut self.head, &mut self.fallback, member),
            Scope::Identity(scope) => self.head.identity.set(scope, member),
        }
    }
}

fn set<'a>(head: &mut RecordHead<'a>, fallback: &mut Fallback<'a>, member: Member<'_, 'a>) {
    let value = member.value;
    let text = || member.text();
    match member.key {
        "eventVersion" => head.event_version = text(),
        "userIdentity" => head.identity = IdentityHead::default(),
        "eventTime" => head.event_time_text = text(),
        "@timestamp" => fallback.time = text(),
        "eventSource" => head.event_source = text(),
        "eventName" => head.event_name = text(),
        "awsRegion" => head.aws_region = text(),
        "sourceIPAddress" => head.source_ip_address = text(),
        "userAgent" => head.user_agent = text(),
        "errorCode" => head.error_code = text(),
        "errorMessage" => head.error_message = text(),
        "requestParameters" => head.request_parameters = present(value),
        "responseElements" => head.response_elements = present(value),
        "additionalEventData" => head.additional_event_data = present(value),
        "requestID" => head.request_id = text(),
        "requestId" => fallback.request_id = text(),
        "eventID" => head.event_id = text(),
        "eventId" => fallback.event_id = text(),
        "readOnly" => head.read_only = boolean(value),
        "resources" => head.resources = present(value),
        "insightDetails" => fallback.insight = Some(value),
        "eventData" => fallback.event_data = Some(value),
        "eventType" => head.event_type = text(),
        "managementEvent" => head.management_event = boolean(value),
        "recipientAccountId" => head.recipient_account_id = text(),
        "sharedEventID" => head.shared_event_id = text(),
        "vpcEndpointId" => head.vpc_endpoint_id = text(),
        "eventCategory" => head.event_category = text(),
        "sessionCredentialFromConsole" => head.session_credential_from_console = boolean(value),
        _ => {}
    }
}

fn present(value: &str) -> Option<&str> {
    (value != "null").then_some(value)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "\"true\"" => Some(true),
        "false" | "\"false\"" => Some(false),
        _ => None,
    }
}
