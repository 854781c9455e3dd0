//! `TailRecords`: records as they are committed, oldest first, by a cursor.
//!
//! - Without a cursor it begins at the end of the log; `earliest` begins at the oldest record kept.
//! - If there is nothing new, it waits, at most `WaitMs`; an empty answer has a cursor to go on with.
//! - Records of `TailRecords` calls are left out and wake nobody: else two who follow would keep each other awake
//!   for ever. `SearchRecords` finds them.

use std::time::Duration;

use cairn_event::{RecordHead, Timestamp};
use cairn_store::{LogSlice, Offset, ReadLimit};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::Ctx;

use super::{ANSWER_BYTES_MAX, CairnError, Record};

/// How many records an answer has if the caller says nothing.
const RECORDS_DEFAULT: usize = 100;
/// The most records of an answer, as in the model.
const RECORDS_MAX: usize = 1_000;
/// How long a call waits if the caller says nothing.
const WAIT_MS_DEFAULT: u64 = 10_000;
/// The longest wait, as in the model.
const WAIT_MS_MAX: u64 = 20_000;
/// What is at the front of a cursor, so that a number is not taken for one.
const CURSOR_MARK: &str = "r";

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    cursor: Option<String>,
    max_results: Option<usize>,
    wait_ms: Option<u64>,
}

/// What has been committed, and where to go on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    records: Vec<Record>,
    cursor: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CairnError> {
    let log = &ctx.services.log;
    let mut at = match input.cursor.as_deref() {
        None | Some("latest") => log.committed(),
        Some("earliest") => log.first(),
        Some(cursor) => of_cursor(cursor)?,
    };
    let limit = ReadLimit {
        records_max: input.max_results.unwrap_or(RECORDS_DEFAULT).clamp(1, RECORDS_MAX),
        bytes_max: ANSWER_BYTES_MAX,
    };
    let wait = Duration::from_millis(input.wait_ms.unwrap_or(WAIT_MS_DEFAULT).min(WAIT_MS_MAX));
    let until = Instant::now() + wait;
    loop {
        let slice = log.read(at, limit).await?;
        at = slice.next;
        let records = shown(&slice);
        if !records.is_empty() {
            return Ok(Output { records, cursor: to_cursor(at) });
        }
        let more = tokio::time::timeout_at(until, log.changed(at)).await.is_ok();
        if !more {
            return Ok(Output { records: Vec::new(), cursor: to_cursor(at) });
        }
    }
}

/// The records of a slice but those of this operation.
fn shown(slice: &LogSlice) -> Vec<Record> {
    let numbered = (0..).map(|index| slice.first.plus(index)).zip(&slice.records).zip(&slice.appended_ms);
    numbered
        .filter_map(|((offset, record), appended_ms)| {
            let head = RecordHead::parse(record).ok();
            if head.as_ref().is_some_and(is_own) {
                return None;
            }
            let time = head.and_then(|head| head.event_time);
            Some(Record::of(offset, time.unwrap_or(Timestamp::from_ms(*appended_ms)), record))
        })
        .collect()
}

/// Whether a record is of a call of this operation.
fn is_own(head: &RecordHead<'_>) -> bool {
    head.event_name.as_deref() == Some("TailRecords")
        && head.event_source.as_deref() == Some("cairn.amazonaws.com")
}

fn to_cursor(at: Offset) -> String {
    format!("{CURSOR_MARK}{at}")
}

fn of_cursor(cursor: &str) -> Result<Offset, CairnError> {
    let number = cursor.strip_prefix(CURSOR_MARK).and_then(|number| number.parse().ok());
    number.map(Offset::new).ok_or(CairnError::InvalidCursor)
}
