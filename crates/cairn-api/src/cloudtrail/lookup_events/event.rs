//! One event as `LookupEvents` shows it.
//!
//! - Members without a value are absent: a service's own events have neither user nor key
//!   (observed).
//! - `ReadOnly` is text; `Resources` is there even if it is empty (observed).
//! - `CloudTrailEvent` is the record as it was written.

use std::borrow::Cow;

use cairn_event::{RecordHead, Timestamp, lookup_resources};
use cairn_history::Found;
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
    pub(crate) fn of(found: Found<'_>) -> Self {
        if found.head.is_some() {
            return Self::with_head(found, found.head);
        }
        // Records of foreign logs need not be readable; what cannot be read is shown all the same.
        Self::with_head(found, RecordHead::parse(found.record).ok().as_ref())
    }

    fn with_head(found: Found<'_>, head: Option<&RecordHead<'_>>) -> Self {
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let resources = head.map(lookup_resources).unwrap_or_default();
        Self {
            event_id: owned(head.and_then(|head| head.event_id.clone())),
            event_name: owned(head.and_then(|head| head.event_name.clone())),
            read_only: head
                .and_then(|head| head.read_only)
                .map(|read_only| if read_only { "true" } else { "false" }),
            access_key_id: owned(head.and_then(|head| head.identity.access_key_id.clone())),
            event_time: Timestamp::from_ms(found.event_time_ms),
            event_source: owned(head.and_then(|head| head.event_source.clone())),
            username: owned(head.and_then(RecordHead::username)),
            resources: resources
                .into_iter()
                .map(|resource| Resource {
                    resource_type: owned(resource.resource_type),
                    resource_name: resource.resource_name.into_owned(),
                })
                .collect(),
            cloud_trail_event: String::from_utf8_lossy(found.record).into_owned(),
        }
    }
}
