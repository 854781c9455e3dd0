//! One event: whether it is one, and the record that becomes of it.
//!
//! - What an event has to have, how long it may be, and the record are documented ("CloudTrail Lake
//!   integrations event schema"), and so are the codes of what is wrong with one; which code goes with
//!   what is assumed.
//! - The record keeps the bytes of the event.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Ctx;
use crate::cloudtrail::channel::Channel;

/// The longest event (documented).
const EVENT_BYTES_MAX: usize = 256 << 10;
/// The longest `requestParameters` and `responseElements` (documented).
const ELEMENTS_BYTES_MAX: usize = 100 << 10;
/// The longest `additionalEventData` (documented).
const ADDITIONAL_BYTES_MAX: usize = 28 << 10;
/// The version of the record's format (assumed).
const EVENT_VERSION: &str = "1.0";

/// What is wrong with an event.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EventFault {
    /// A field is longer than it may be.
    #[error("The field {0} is longer than allowed.")]
    TooLong(&'static str),
    /// A field is missing.
    #[error("The field {0} is missing.")]
    NotFound(&'static str),
    /// The checksum is another one, or none.
    #[error("The checksum does not match the event.")]
    Checksum,
    /// It is no event.
    #[error("The event is not valid: {0}.")]
    Data(String),
    /// It is for somebody else than the owner of the channel.
    #[error("The recipientAccountId is not the account that owns the channel.")]
    Recipient,
}

impl EventFault {
    /// The code under which it is listed.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "FieldTooLong",
            Self::NotFound(_) => "FieldNotFound",
            Self::Checksum => "InvalidChecksum",
            Self::Data(_) => "InvalidData",
            Self::Recipient => "InvalidRecipient",
        }
    }
}

/// What is looked at.
#[expect(clippy::struct_field_names, reason = "the names are the event's")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventData<'e> {
    #[serde(borrow)]
    version: Option<&'e RawValue>,
    #[serde(borrow)]
    user_identity: Option<&'e RawValue>,
    #[serde(borrow)]
    user_agent: Option<&'e RawValue>,
    #[serde(borrow)]
    event_source: Option<&'e RawValue>,
    #[serde(borrow)]
    event_name: Option<&'e RawValue>,
    #[serde(borrow)]
    event_time: Option<&'e RawValue>,
    #[serde(borrow, rename = "UID")]
    uid: Option<&'e RawValue>,
    #[serde(borrow)]
    request_parameters: Option<&'e RawValue>,
    #[serde(borrow)]
    response_elements: Option<&'e RawValue>,
    #[serde(borrow)]
    error_code: Option<&'e RawValue>,
    #[serde(borrow)]
    error_message: Option<&'e RawValue>,
    #[serde(borrow, rename = "sourceIPAddress")]
    source_ip_address: Option<&'e RawValue>,
    #[serde(borrow)]
    recipient_account_id: Option<&'e RawValue>,
    #[serde(borrow)]
    additional_event_data: Option<&'e RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'e> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'e RawValue>,
    #[serde(borrow)]
    principal_id: Option<&'e RawValue>,
    #[serde(borrow)]
    details: Option<&'e RawValue>,
}

/// The record of an event, under an id of ours.
pub(super) fn record(
    ctx: &Ctx,
    channel: &Channel,
    event_data: &str,
    checksum: Option<&str>,
    event_id: &str,
) -> Result<String, EventFault> {
    if checksum.is_some_and(|checksum| !is_checksum_of(checksum, event_data)) {
        return Err(EventFault::Checksum);
    }
    if event_data.len() > EVENT_BYTES_MAX {
        return Err(EventFault::Data(format!("it has more than {EVENT_BYTES_MAX} bytes")));
    }
    let time = check(event_data, channel.account.as_str())?.iso_seconds();
    let (now, arn) = (ctx.now.iso_seconds(), channel.arn());
    let (region, account) = (&ctx.region, &channel.account);
    let event_data = event_data.trim_ascii();
    Ok(format!(
        r#"{{"eventVersion":"{EVENT_VERSION}","eventCategory":"ActivityAuditLog","eventType":"ActivityLog","eventID":"{event_id}","eventTime":"{time}","awsRegion":"{region}","recipientAccountId":"{account}","metadata":{{"ingestionTime":"{now}","channelARN":"{arn}"}},"eventData":{event_data}}}"#
    ))
}

fn is_checksum_of(checksum: &str, event_data: &str) -> bool {
    let hash = digest(&SHA256, event_data.as_bytes());
    STANDARD.decode(checksum).is_ok_and(|given| given == hash.as_ref())
}

/// Checks an event; when it happened.
fn check(event_data: &str, owner: &str) -> Result<Timestamp, EventFault> {
    let wrong = |error: serde_json::Error| EventFault::Data(error.to_string());
    let event: EventData<'_> = serde_json::from_str(event_data).map_err(wrong)?;
    needed("version", event.version, 256)?;
    let identity = event.user_identity.ok_or(EventFault::NotFound("userIdentity"))?;
    let identity: UserIdentity<'_> = serde_json::from_str(identity.get()).map_err(wrong)?;
    needed("userIdentity.type", identity.kind, 128)?;
    needed("userIdentity.principalId", identity.principal_id, 1024)?;
    object("userIdentity.details", identity.details, EVENT_BYTES_MAX)?;
    text("userAgent", event.user_agent, 1024)?;
    needed("eventSource", event.event_source, 1024)?;
    needed("eventName", event.event_name, 1024)?;
    let time = needed("eventTime", event.event_time, 64)?;
    needed("UID", event.uid, 1024)?;
    object("requestParameters", event.request_parameters, ELEMENTS_BYTES_MAX)?;
    object("responseElements", event.response_elements, ELEMENTS_BYTES_MAX)?;
    text("errorCode", event.error_code, 256)?;
    text("errorMessage", event.error_message, 1024)?;
    text("sourceIPAddress", event.source_ip_address, 256)?;
    let recipient = needed("recipientAccountId", event.recipient_account_id, 64)?;
    object("additionalEventData", event.additional_event_data, ADDITIONAL_BYTES_MAX)?;
    if recipient != owner {
        return Err(EventFault::Recipient);
    }
    time_of(&time).ok_or_else(|| EventFault::Data(format!("{time:?} is no eventTime")))
}

/// `yyyy-MM-DDTHH:mm:ss`, with or without the Z that stands for UTC (documented both ways).
fn time_of(text: &str) -> Option<Timestamp> {
    Timestamp::parse_iso(text).or_else(|| Timestamp::parse_iso(&format!("{text}Z")))
}

/// A text that has to be there.
fn needed(
    name: &'static str,
    value: Option<&RawValue>,
    chars_max: usize,
) -> Result<String, EventFault> {
    let found = text(name, value, chars_max)?.filter(|text| !text.is_empty());
    found.ok_or(EventFault::NotFound(name))
}

/// A text, if there is one.
fn text(
    name: &'static str,
    value: Option<&RawValue>,
    chars_max: usize,
) -> Result<Option<String>, EventFault> {
    let Some(value) = value else { return Ok(None) };
    let text: Option<String> = serde_json::from_str(value.get())
        .map_err(|_| EventFault::Data(format!("{name} is no text")))?;
    match text {
        Some(text) if text.chars().count() > chars_max => Err(EventFault::TooLong(name)),
        text => Ok(text),
    }
}

/// An object, if there is one.
fn object(
    name: &'static str,
    value: Option<&RawValue>,
    bytes_max: usize,
) -> Result<(), EventFault> {
    let Some(value) = value.filter(|value| value.get() != "null") else { return Ok(()) };
    if !value.get().starts_with('{') {
        return Err(EventFault::Data(format!("{name} is no object")));
    }
    if value.get().len() > bytes_max { Err(EventFault::TooLong(name)) } else { Ok(()) }
}
