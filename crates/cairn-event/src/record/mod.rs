//! The head of a record: what the rest of Cairn asks of it, borrowed from its bytes.
//!
//! Real records are dirty (numbers where text belongs, two spellings of one key, one key twice,
//! half a surrogate pair), and a record that was accepted once must never be refused later. So a
//! head is strict about one thing only, that the text is one JSON object in UTF-8; everything
//! inside is taken if it has the right type and left out if it has not. Of a key that occurs twice
//! the last one counts, as in most JSON readers.

mod head;
mod identity;
mod resource;

use std::borrow::Cow;

use crate::Timestamp;
use crate::json::check::DEPTH_MAX;
pub use identity::IdentityHead;
pub use resource::{ResourceRef, ResourceRefs};

/// The largest record that is read: AWS stops at 256 KB, event data stores at 1 MB.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// Why some bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More bytes than any record has.
    #[error("a record of {bytes} bytes: at most {RECORD_BYTES_MAX} are taken")]
    TooLarge {
        /// How many bytes there were.
        bytes: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the record is not UTF-8")]
    NotUtf8,
    /// The text is not JSON, or not an object, or more follows it.
    #[error("the record is not one JSON object: it stops being one at byte {at}")]
    NotAnObject {
        /// Where.
        at: usize,
    },
    /// Objects and arrays are nested deeper than any reader takes.
    #[error("the record is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
}

/// The four kinds of records that trails and queries tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Control-plane calls, sign-in and service events.
    Management,
    /// Calls on the content of a resource.
    Data,
    /// A finding of CloudTrail Insights.
    Insight,
    /// A call through a VPC endpoint, as its owner sees it.
    NetworkActivity,
    /// Anything else, such as aggregated events.
    Other,
}

impl Category {
    /// The value of `eventCategory`; [`Category::Other`] has none.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Management => Some("Management"),
            Self::Data => Some("Data"),
            Self::Insight => Some("Insight"),
            Self::NetworkActivity => Some("NetworkActivity"),
            Self::Other => None,
        }
    }
}

/// The fields of a record that are asked for again and again, borrowed from its bytes.
///
/// A field is `None` if the record lacks it, holds null, or holds a value of the wrong type.
#[derive(Clone, Debug, Default)]
pub struct RecordHead<'a> {
    /// `eventVersion`.
    pub event_version: Option<Cow<'a, str>>,
    /// `eventID`, or `eventId` where that is missing.
    pub event_id: Option<Cow<'a, str>>,
    /// `eventTime` as an instant; `None` if its text is no ISO 8601.
    pub event_time: Option<Timestamp>,
    /// `eventTime` as written, or `@timestamp` where that is missing.
    pub event_time_text: Option<Cow<'a, str>>,
    /// `eventSource`, or that of `insightDetails` in an Insights event, which has no other.
    pub event_source: Option<Cow<'a, str>>,
    /// `eventName`, or that of `insightDetails`.
    pub event_name: Option<Cow<'a, str>>,
    /// `awsRegion`.
    pub aws_region: Option<Cow<'a, str>>,
    /// `sourceIPAddress`: an address, two, a service's name or nothing of the kind.
    pub source_ip_address: Option<Cow<'a, str>>,
    /// `userAgent`.
    pub user_agent: Option<Cow<'a, str>>,
    /// `errorCode`.
    pub error_code: Option<Cow<'a, str>>,
    /// `errorMessage`, which may stand without a code.
    pub error_message: Option<Cow<'a, str>>,
    /// `requestID`, or `requestId` where that is missing.
    pub request_id: Option<Cow<'a, str>>,
    /// `readOnly`, also where it is written as text.
    pub read_only: Option<bool>,
    /// `managementEvent`, also where it is written as text.
    pub management_event: Option<bool>,
    /// `eventType`.
    pub event_type: Option<Cow<'a, str>>,
    /// `eventCategory` as written; [`RecordHead::category`] also knows records without it.
    pub event_category: Option<Cow<'a, str>>,
    /// `recipientAccountId`.
    pub recipient_account_id: Option<Cow<'a, str>>,
    /// `sharedEventID`.
    pub shared_event_id: Option<Cow<'a, str>>,
    /// `vpcEndpointId`.
    pub vpc_endpoint_id: Option<Cow<'a, str>>,
    /// `sessionCredentialFromConsole`, text at AWS and a boolean in some copies.
    pub session_credential_from_console: Option<bool>,
    /// `userIdentity`; empty if the record has none.
    pub identity: IdentityHead<'a>,
    /// `resources`: the array's own text.
    pub resources: Option<&'a str>,
    /// `requestParameters`: its own text, whatever its type.
    pub request_parameters: Option<&'a str>,
    /// `responseElements`: its own text, whatever its type.
    pub response_elements: Option<&'a str>,
    /// `additionalEventData`: its own text, whatever its type.
    pub additional_event_data: Option<&'a str>,
}

impl<'a> RecordHead<'a> {
    /// Reads the head of one record.
    ///
    /// ```
    /// use cairn_event::RecordHead;
    /// let record = br#"{"eventName":"CreateTrail","eventTime":"2026-11-25T17:00:00Z"}"#;
    /// let head = RecordHead::parse(record).unwrap();
    /// assert_eq!(head.event_name.as_deref(), Some("CreateTrail"));
    /// assert_eq!(head.event_time.unwrap().as_seconds(), 1_795_626_000);
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        head::parse(bytes)
    }

    /// Whether an object is a record at all: it names an operation or a service, or it has a time and
    /// what else only a record has. A record whose time cannot be read is one.
    pub fn is_record(&self) -> bool {
        let is_marked = self.event_version.is_some() || self.event_id.is_some();
        self.event_name.is_some()
            || self.event_source.is_some()
            || (is_marked && self.event_time_text.is_some())
    }

    /// The category, also of records from before `eventCategory` existed (2021).
    pub fn category(&self) -> Category {
        match self.event_category.as_deref() {
            Some("Management") => Category::Management,
            Some("Data") => Category::Data,
            Some("Insight") => Category::Insight,
            Some("NetworkActivity") => Category::NetworkActivity,
            Some(_) => Category::Other,
            None => self.category_by_other_fields(),
        }
    }

    fn category_by_other_fields(&self) -> Category {
        match self.event_type.as_deref() {
            Some("AwsCloudTrailInsight") => return Category::Insight,
            // Documented with the plural, shown without it.
            Some("AwsVpceEvent" | "AwsVpceEvents") => return Category::NetworkActivity,
            Some("AwsAggregatedEvent") => return Category::Other,
            _ => {}
        }
        let is_data = match self.management_event {
            Some(is_management) => !is_management,
            None => self.resource_refs().any(|r| {
                matches!(
                    r.resource_type.as_deref(),
                    Some("AWS::S3::Object" | "AWS::Lambda::Function" | "AWS::DynamoDB::Table")
                )
            }),
        };
        if is_data { Category::Data } else { Category::Management }
    }

    /// The account that the record belongs to: its recipient, or else the caller's account.
    pub fn account(&self) -> Option<&str> {
        self.recipient_account_id.as_deref().or(self.identity.account_id.as_deref())
    }

    /// The name by which `LookupEvents` lists the caller: user name, role session name, federated
    /// user name, or `root` (documented for the operation, observed for the first three).
    pub fn username(&self) -> Option<Cow<'_, str>> {
        self.identity.username()
    }

    /// The entries of `resources`, in order.
    pub fn resource_refs(&self) -> ResourceRefs<'a> {
        ResourceRefs::over(self.resources)
    }
}
