//! What one may ask of history, and what comes back.

use std::fmt;

use bytes::Bytes;
use cairn_event::{AccountId, RecordHead, Region, Timestamp};
use cairn_store::Offset;
use serde::{Deserialize, Serialize};

/// The most records that one page holds, whatever the caller asks for.
pub const PAGE_RECORDS_MAX: usize = 10_000;

/// Where a page ended: the next one holds older records only.
///
/// It names a record, not a place in a file, so it stays valid when slices are merged and after a
/// restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The time of the record, in milliseconds since 1970.
    pub event_time_ms: i64,
    /// Its number in the log, which orders records of one time.
    pub offset: Offset,
}

/// The eight attributes by which `LookupEvents` finds a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeKey {
    /// `eventID`.
    EventId,
    /// `eventName`.
    EventName,
    /// `readOnly`, as `true` or `false`.
    ReadOnly,
    /// The user name, the session name or `root`.
    Username,
    /// The type of a resource that the call touched.
    ResourceType,
    /// The name of a resource that the call touched.
    ResourceName,
    /// `eventSource`.
    EventSource,
    /// `userIdentity.accessKeyId`.
    AccessKeyId,
}

impl AttributeKey {
    /// Every key.
    pub const ALL: [Self; 8] = [
        Self::EventId,
        Self::EventName,
        Self::ReadOnly,
        Self::Username,
        Self::ResourceType,
        Self::ResourceName,
        Self::EventSource,
        Self::AccessKeyId,
    ];

    /// The key as `LookupEvents` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventId => "EventId",
            Self::EventName => "EventName",
            Self::ReadOnly => "ReadOnly",
            Self::Username => "Username",
            Self::ResourceType => "ResourceType",
            Self::ResourceName => "ResourceName",
            Self::EventSource => "EventSource",
            Self::AccessKeyId => "AccessKeyId",
        }
    }

    /// The key with this spelling; case counts.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == text)
    }
}

impl fmt::Display for AttributeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of the two lists that `LookupEvents` keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LookupCategory {
    /// Management events.
    #[default]
    Management,
    /// Insights events.
    Insight,
}

/// One `LookupEvents` query: the records of one account and region, newest first.
#[derive(Clone, Debug)]
pub struct LookupQuery {
    /// Whose records.
    pub account: AccountId,
    /// Of which region.
    pub region: Region,
    /// The one attribute that must be equal, if any.
    pub attribute: Option<(AttributeKey, String)>,
    /// No record before this time, which is included.
    pub start: Option<Timestamp>,
    /// No record after this time, which is included.
    pub end: Option<Timestamp>,
    /// Management or Insights events.
    pub category: LookupCategory,
}

/// A column by which `search` filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `eventID`.
    EventId,
    /// `eventName`.
    EventName,
    /// `eventSource`.
    EventSource,
    /// `awsRegion`.
    Region,
    /// `recipientAccountId`, or else `userIdentity.accountId`.
    Account,
    /// `sourceIPAddress`.
    SourceIp,
    /// `userAgent`.
    UserAgent,
    /// `errorCode`.
    ErrorCode,
    /// `errorMessage`.
    ErrorMessage,
    /// `readOnly`, as `true` or `false`.
    ReadOnly,
    /// `Management`, `Data`, `Insight`, `NetworkActivity` or `Other`.
    Category,
    /// `eventType`.
    EventType,
    /// The user name, the session name or `root`, as `LookupEvents` has it.
    UserName,
    /// `userIdentity.type`.
    UserType,
    /// `userIdentity.arn`.
    UserArn,
    /// `userIdentity.sessionContext.sessionIssuer.arn`.
    SessionIssuerArn,
    /// `userIdentity.invokedBy`.
    InvokedBy,
    /// `userIdentity.accessKeyId`.
    AccessKeyId,
    /// `userIdentity.principalId`.
    PrincipalId,
    /// `requestID`.
    RequestId,
    /// `vpcEndpointId`.
    VpcEndpointId,
    /// `sharedEventID`.
    SharedEventId,
    /// The types of resources that the call touched: one of them must match.
    ResourceType,
    /// The names of resources that the call touched: one of them must match. A search finds objects
    /// of S3, too, by `BUCKET/KEY` or their ARN, and by any part of either.
    ResourceName,
}

impl Field {
    /// Every field, with the name by which callers know it: as in `LookupEvents`, or as in the
    /// record.
    pub const NAMED: [(&'static str, Self); 24] = [
        ("EventId", Self::EventId),
        ("EventName", Self::EventName),
        ("EventSource", Self::EventSource),
        ("AwsRegion", Self::Region),
        ("AccountId", Self::Account),
        ("SourceIPAddress", Self::SourceIp),
        ("UserAgent", Self::UserAgent),
        ("ErrorCode", Self::ErrorCode),
        ("ErrorMessage", Self::ErrorMessage),
        ("ReadOnly", Self::ReadOnly),
        ("EventCategory", Self::Category),
        ("EventType", Self::EventType),
        ("Username", Self::UserName),
        ("UserType", Self::UserType),
        ("UserArn", Self::UserArn),
        ("SessionIssuerArn", Self::SessionIssuerArn),
        ("InvokedBy", Self::InvokedBy),
        ("AccessKeyId", Self::AccessKeyId),
        ("PrincipalId", Self::PrincipalId),
        ("RequestId", Self::RequestId),
        ("VpcEndpointId", Self::VpcEndpointId),
        ("SharedEventId", Self::SharedEventId),
        ("ResourceType", Self::ResourceType),
        ("ResourceName", Self::ResourceName),
    ];

    /// The field of this name; case does not count.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, field)| *field)
    }

    /// The name by which callers know it.
    pub fn name(self) -> &'static str {
        let found = Self::NAMED.iter().find(|(_, field)| *field == self);
        found.map_or("", |(name, _)| name)
    }
}

/// How a column's value must be. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Exactly this.
    Equals(String),
    /// It begins so.
    Prefix(String),
    /// It holds this somewhere.
    Contains(String),
    /// There is a value, whatever it is.
    Present,
    /// There is none.
    Absent,
}

/// One condition of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The column.
    pub field: Field,
    /// How its value must be.
    pub value: Match,
}

impl Filter {
    /// The column has exactly this value.
    pub fn equals(field: Field, value: impl Into<String>) -> Self {
        Self { field, value: Match::Equals(value.into()) }
    }

    /// The column's value begins so.
    pub fn prefix(field: Field, value: impl Into<String>) -> Self {
        Self { field, value: Match::Prefix(value.into()) }
    }

    /// The column's value holds this somewhere.
    pub fn contains(field: Field, value: impl Into<String>) -> Self {
        Self { field, value: Match::Contains(value.into()) }
    }
}

/// One search: every condition must hold. Without any, all records.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    /// Conditions on columns.
    pub filters: Vec<Filter>,
    /// Texts that the record's own bytes must hold, each somewhere. Case counts.
    pub texts: Vec<String>,
    /// No record before this time, which is included.
    pub start: Option<Timestamp>,
    /// No record after this time, which is included.
    pub end: Option<Timestamp>,
}

/// How much work one `search` may do before it returns what it has, with a position to go on from.
///
/// At least one block of rows is looked at whatever the budget says, so repeated calls arrive.
#[derive(Clone, Copy)]
pub struct SearchBudget<'a> {
    /// The most rows to look at without the help of the index.
    pub rows_max: u64,
    /// Asked between blocks of rows: `true` ends the search early (a deadline, a caller gone).
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl fmt::Debug for SearchBudget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchBudget").field("rows_max", &self.rows_max).finish_non_exhaustive()
    }
}

impl SearchBudget<'static> {
    /// A number of rows and no other bound.
    pub fn rows(rows_max: u64) -> Self {
        Self { rows_max, stop: &|| false }
    }
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number in the log.
    pub offset: Offset,
    /// Its time, in milliseconds since 1970: `eventTime`, or when it was recorded if it has none.
    pub event_time_ms: i64,
    /// The record, byte for byte.
    pub record: Bytes,
}

/// A record that was found, where it lies: whoever asked takes what they need of it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'r> {
    /// Its number in the log.
    pub offset: Offset,
    /// As [`Hit::event_time_ms`].
    pub event_time_ms: i64,
    /// The record, byte for byte.
    pub record: &'r [u8],
    /// Its head, if it had to be parsed to see that the record passes.
    pub head: Option<&'r RecordHead<'r>>,
}

impl Hit {
    /// Keeps a record that was found.
    pub fn of(found: Found<'_>) -> Self {
        let Found { offset, event_time_ms, record, .. } = found;
        Self { offset, event_time_ms, record: Bytes::copy_from_slice(record) }
    }
}

/// A page of records, newest first; records of one time by falling offset.
#[derive(Clone, Debug)]
pub struct Page<T = Hit> {
    /// What was found.
    pub hits: Vec<T>,
    /// Where to go on; `None` if there is no more. A page may be short, or empty, and not the last.
    pub next: Option<Position>,
    /// How many rows were looked at one by one, without the help of the index.
    pub rows_scanned: u64,
}
