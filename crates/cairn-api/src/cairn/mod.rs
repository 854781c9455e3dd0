//! Cairn's own service: what AWS has no operation for. Same path, same rules: signed, authorised,
//! recorded.
//!
//! All of them see, or take, the records of all accounts, regions and categories. Who may call them
//! sees everything.

mod error;
pub mod put_records;
pub(crate) mod search_records;
pub(crate) mod tail_records;

pub use error::CairnError;

use cairn_event::Timestamp;
use cairn_store::Offset;
use cairn_wire::validate::Violation;
use serde::Serialize;

use error::FilterFault;

/// A record, as the operations that find some return it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Record {
    /// Its number in the log.
    offset: i64,
    /// When it happened.
    event_time: Timestamp,
    /// The record as it was written.
    cloud_trail_event: String,
}

impl Record {
    fn of(offset: Offset, event_time: Timestamp, record: &[u8]) -> Self {
        Self {
            offset: i64::try_from(offset.as_u64()).unwrap_or(i64::MAX),
            event_time,
            cloud_trail_event: String::from_utf8_lossy(record).into_owned(),
        }
    }
}

/// The most bytes of records in one answer. One record is returned even if it is longer.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CairnError> {
    let member = violation.path.split('.').next().unwrap_or_default();
    match member {
        "filters" => Some(FilterFault::Rule { rule: violation.to_string() }.into()),
        "nextToken" => Some(CairnError::InvalidNextToken),
        "cursor" => Some(CairnError::InvalidCursor),
        _ => None,
    }
}
