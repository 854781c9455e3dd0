//! A record in the making, and the one way to write it down.
//!
//! Whoever records something fills a [`RecordDraft`]; key order, the null fields and the size
//! limits are decided here and nowhere else. Structured parts arrive as JSON text that is already
//! written, so nothing is built twice.

use std::borrow::Cow;

use crate::Timestamp;
use crate::json::push_string;

/// The largest record that is written (documented).
pub const RENDERED_BYTES_MAX: usize = 256 * 1024;
/// The largest `requestParameters`, `responseElements` and `serviceEventDetails` (documented).
pub const PARAMETERS_BYTES_MAX: usize = 100 * 1024;
/// The largest `additionalEventData` (documented).
pub const ADDITIONAL_EVENT_DATA_BYTES_MAX: usize = 28 * 1024;
/// The longest user agent, error code, error message and request id (documented).
pub const TEXT_BYTES_MAX: usize = 1024;

/// Everything a record can say. Fields named "as JSON" hold one JSON value each, already written.
#[derive(Clone, Debug, Default)]
pub struct RecordDraft<'a> {
    /// `eventVersion`.
    pub event_version: &'a str,
    /// `userIdentity` as JSON.
    pub user_identity: &'a str,
    /// `eventTime`, written in whole seconds.
    pub event_time: Timestamp,
    /// `eventSource`.
    pub event_source: &'a str,
    /// `eventName`.
    pub event_name: &'a str,
    /// `awsRegion`.
    pub aws_region: &'a str,
    /// `sourceIPAddress`.
    pub source_ip_address: &'a str,
    /// `userAgent`; cut at [`TEXT_BYTES_MAX`].
    pub user_agent: Option<&'a str>,
    /// `errorCode`; cut at [`TEXT_BYTES_MAX`].
    pub error_code: Option<&'a str>,
    /// `errorMessage`; cut at [`TEXT_BYTES_MAX`].
    pub error_message: Option<&'a str>,
    /// `requestParameters` as JSON; null if absent, replaced by a note above
    /// [`PARAMETERS_BYTES_MAX`].
    pub request_parameters: Option<&'a str>,
    /// `responseElements` as JSON; null if absent, replaced by a note above
    /// [`PARAMETERS_BYTES_MAX`].
    pub response_elements: Option<&'a str>,
    /// `additionalEventData` as JSON; replaced by a note above
    /// [`ADDITIONAL_EVENT_DATA_BYTES_MAX`].
    pub additional_event_data: Option<&'a str>,
    /// `requestID`; cut at [`TEXT_BYTES_MAX`].
    pub request_id: Option<&'a str>,
    /// `eventID`.
    pub event_id: &'a str,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `resources` as JSON.
    pub resources: Option<&'a str>,
    /// `eventType`.
    pub event_type: &'a str,
    /// `apiVersion`.
    pub api_version: Option<&'a str>,
    /// `managementEvent`.
    pub management_event: Option<bool>,
    /// `recipientAccountId`.
    pub recipient_account_id: Option<&'a str>,
    /// `sharedEventID`.
    pub shared_event_id: Option<&'a str>,
    /// `vpcEndpointId`.
    pub vpc_endpoint_id: Option<&'a str>,
    /// `vpcEndpointAccountId`.
    pub vpc_endpoint_account_id: Option<&'a str>,
    /// `serviceEventDetails` as JSON; replaced by a note above [`PARAMETERS_BYTES_MAX`].
    pub service_event_details: Option<&'a str>,
    /// `eventCategory`.
    pub event_category: &'a str,
    /// `tlsDetails` as JSON.
    pub tls_details: Option<&'a str>,
    /// `sessionCredentialFromConsole`: written, as text, only if true.
    pub session_credential_from_console: bool,
}

/// The structured parts after the size limits.
struct Parts<'a> {
    request_parameters: Option<Cow<'a, str>>,
    response_elements: Option<Cow<'a, str>>,
    additional_event_data: Option<Cow<'a, str>>,
    service_event_details: Option<Cow<'a, str>>,
}

impl RecordDraft<'_> {
    /// Writes the record: compact, keys in the order in which AWS delivers them, limits applied.
    ///
    /// A part over its limit gives way to a note of its size, text is cut between characters. If
    /// the whole is still over [`RENDERED_BYTES_MAX`], parts give way until it fits, the least
    /// telling first (documented order of event data stores).
    pub fn render(&self) -> Vec<u8> {
        let mut parts = Parts {
            request_parameters: limited(
                self.request_parameters,
                "requestParameters",
                PARAMETERS_BYTES_MAX,
            ),
            response_elements: limited(
                self.response_elements,
                "responseElements",
                PARAMETERS_BYTES_MAX,
            ),
            additional_event_data: limited(
                self.additional_event_data,
                "additionalEventData",
                ADDITIONAL_EVENT_DATA_BYTES_MAX,
            ),
            service_event_details: limited(
                self.service_event_details,
                "serviceEventDetails",
                PARAMETERS_BYTES_MAX,
            ),
        };
        let mut out = self.write(&parts);
        for turn in 0..4_u8 {
            if out.len() <= RENDERED_BYTES_MAX {
                break;
            }
            let (part, name) = match turn {
                0 => (&mut parts.additional_event_data, "additionalEventData"),
                1 => (&mut parts.service_event_details, "serviceEventDetails"),
                2 => (&mut parts.response_elements, "responseElements"),
                _ => (&mut parts.request_parameters, "requestParameters"),
            };
            if let Some(text) = part {
                *part = Some(Cow::Owned(omission(name, text.len())));
                out = self.write(&parts);
            }
        }
        out
    }

    fn write(&self, parts: &Parts<'_>) -> Vec<u8> {
        let mut out = Object::with_capacity(1536);
        out.text("eventVersion", self.event_version);
        out.raw("userIdentity", self.user_identity);
        out.text("eventTime", &self.event_time.iso_seconds());
        out.text("eventSource", self.event_source);
        out.text("eventName", self.event_name);
        out.text("awsRegion", self.aws_region);
        out.text("sourceIPAddress", self.source_ip_address);
        out.short_text("userAgent", self.user_agent);
        out.short_text("errorCode", self.error_code);
        out.short_text("errorMessage", self.error_message);
        out.raw("requestParameters", parts.request_parameters.as_deref().unwrap_or("null"));
        out.raw("responseElements", parts.response_elements.as_deref().unwrap_or("null"));
        out.optional_raw("additionalEventData", parts.additional_event_data.as_deref());
        out.short_text("requestID", self.request_id);
        out.text("eventID", self.event_id);
        out.optional_boolean("readOnly", self.read_only);
        out.optional_raw("resources", self.resources);
        out.text("eventType", self.event_type);
        out.short_text("apiVersion", self.api_version);
        out.optional_boolean("managementEvent", self.management_event);
        out.short_text("recipientAccountId", self.recipient_account_id);
        out.short_text("sharedEventID", self.shared_event_id);
        out.short_text("vpcEndpointId", self.vpc_endpoint_id);
        out.short_text("vpcEndpointAccountId", self.vpc_endpoint_account_id);
        out.optional_raw("serviceEventDetails", parts.service_event_details.as_deref());
        out.text("eventCategory", self.event_category);
        out.optional_raw("tlsDetails", self.tls_details);
        if self.session_credential_from_console {
            out.text("sessionCredentialFromConsole", "true");
        }
        out.finish()
    }
}

/// `text`, or the note that stands for it above the limit.
fn limited<'a>(text: Option<&'a str>, name: &str, bytes_max: usize) -> Option<Cow<'a, str>> {
    text.map(|text| match text.len() {
        bytes if bytes > bytes_max => Cow::Owned(omission(name, bytes)),
        _ => Cow::Borrowed(text),
    })
}

/// What stands in for a part that is too large (observed for requestParameters; the others assumed
/// alike).
fn omission(name: &str, bytes: usize) -> String {
    format!(r#"{{"reason":"{name} too large","omitted":true,"originalSize":{bytes}}}"#)
}

/// The longest start of `text` that has at most `bytes_max` bytes and ends between characters.
pub fn truncated(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

/// A JSON object that is written key by key.
struct Object {
    out: Vec<u8>,
}

impl Object {
    fn with_capacity(bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes);
        out.push(b'{');
        Self { out }
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn raw(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.extend_from_slice(value.as_bytes());
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_string(&mut self.out, value);
    }

    fn short_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, truncated(value, TEXT_BYTES_MAX));
        }
    }

    fn optional_raw(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.raw(key, value);
        }
    }

    fn optional_boolean(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.raw(key, if value { "true" } else { "false" });
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }
}

#[cfg(test)]
mod tests;
