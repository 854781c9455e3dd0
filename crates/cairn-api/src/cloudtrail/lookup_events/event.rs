//! One event as `LookupEvents` shows it.
//!
//! - Members without a value are absent: a service's own events have neither user nor key
//!   (observed).
//! - `ReadOnly` is text; `Resources` is there even if it is empty (observed).
//! - `CloudTrailEvent` is the record as it was written.

use bytes::Bytes;
use cairn_event::{RecordHead, Timestamp, lookup_resources};
use cairn_history::Hit;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the model's names")]
pub(crate) struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<String>,
    event_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    resources: Vec<Resource>,
    cloud_trail_event: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    resource_name: String,
}

impl Event {
    /// The event of a record that was found.
    pub(crate) fn of(hit: Hit) -> Self {
        // Records of foreign logs need not be readable; what cannot be read is shown all the same.
        let head = RecordHead::parse(&hit.record).ok();
        let owned =
            |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let resources = head.as_ref().map(lookup_resources).unwrap_or_default();
        let head = head.as_ref();
        let event = Self {
            event_id: owned(head.and_then(|head| head.event_id.clone())),
            event_name: owned(head.and_then(|head| head.event_name.clone())),
            read_only: head
                .and_then(|head| head.read_only)
                .map(|read_only| if read_only { "true" } else { "false" }),
            access_key_id: owned(head.and_then(|head| head.identity.access_key_id.clone())),
            event_time: Timestamp::from_ms(hit.event_time_ms),
            event_source: owned(head.and_then(|head| head.event_source.clone())),
            username: owned(head.and_then(RecordHead::username)),
            resources: resources
                .into_iter()
                .map(|resource| Resource {
                    resource_type: owned(resource.resource_type),
                    resource_name: resource.resource_name.into_owned(),
                })
                .collect(),
            cloud_trail_event: String::new(),
        };
        Self { cloud_trail_event: text(hit.record), ..event }
    }
}

/// The record as text, without a copy if it is text and nobody else holds it.
fn text(record: Bytes) -> String {
    String::from_utf8(record.into())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
