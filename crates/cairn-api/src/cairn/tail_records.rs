//! `TailRecords`: records as they are committed, oldest first, by a cursor.
//!
//! - Without a cursor it begins at the end of the log; `earliest` begins at the oldest record kept.
//! - If there is nothing new, it waits, at most `WaitMs`; an empty answer has a cursor to go on
//!   with.
//! - Records of `TailRecords` calls are left out and wake nobody: else two who follow would keep
//!   each other awake for ever. `SearchRecords` finds them.

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
        let more = tokio::select! {
            more = tokio::time::timeout_at(until, log.changed(at)) => more.is_ok(),
            () = ctx.services.stopping.begun() => false,
        };
        if !more {
            return Ok(Output { records: Vec::new(), cursor: to_cursor(at) });
        }
    }
}

/// The records of a slice but those of this operation.
fn shown(slice: &LogSlice) -> Vec<Record> {
    let numbered =
        (0..).map(|index| slice.first.plus(index)).zip(&slice.records).zip(&slice.appended_ms);
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value as Json, json};

    use crate::testing::{World, cases, event};

    fn ids(page: &Json) -> Vec<String> {
        let records = page["Records"].as_array().unwrap().iter();
        records
            .map(|record| {
                let text = record["CloudTrailEvent"].as_str().unwrap();
                serde_json::from_str::<Json>(text).unwrap()["eventID"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    fn own(id: &str) -> String {
        event(id, "TailRecords", 0, "").replace("iam.amazonaws.com", "cairn.amazonaws.com")
    }

    #[tokio::test]
    async fn a_cursor_goes_through_the_log() {
        let world = World::new();
        world.commit(&[event("e-0", "A", 0, ""), event("e-1", "B", 0, "")]).await;
        let calls = cases(&world, "cairn", "TailRecords");
        let page = calls.call(r#"{"Cursor": "earliest", "MaxResults": 1}"#).await.json();
        assert_eq!(ids(&page), ["e-0"]);
        let page = calls.call(&json!({"Cursor": page["Cursor"]}).to_string()).await.json();
        assert_eq!(
            (ids(&page), &page["Records"][0]["Offset"]),
            (vec!["e-1".to_owned()], &json!(1))
        );
        let at_end = calls.call(r#"{"WaitMs": 0}"#).await.json();
        assert_eq!((ids(&at_end), &at_end["Cursor"]), (vec![], &page["Cursor"]));
        for wrong in ["7", "r", "r-1", "r9", "newest"] {
            let error = calls.call(&json!({"Cursor": wrong}).to_string()).await;
            error.fails("InvalidCursorException");
        }
    }

    #[tokio::test]
    async fn a_call_wakes_for_a_record_but_not_for_another_tail() {
        let world = World::new();
        let calls = cases(&world, "cairn", "TailRecords");
        let waiting = calls.call("{}");
        let mut waiting = std::pin::pin!(waiting);
        let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "there is nothing to return yet");
        world.commit(&[own("t-1")]).await;
        let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "its own kind of call has woken it");
        world.commit(&[own("t-2"), event("e-0", "A", 0, ""), own("t-3")]).await;
        let page = waiting.await.json();
        assert_eq!(
            (ids(&page), &page["Records"][0]["Offset"]),
            (vec!["e-0".to_owned()], &json!(2))
        );
        assert_eq!(page["Cursor"], "r4");
    }

    #[tokio::test]
    async fn a_wait_ends_and_moves_the_cursor() {
        let world = World::new();
        world.commit(&[own("t-1"), own("t-2")]).await;
        let calls = cases(&world, "cairn", "TailRecords");
        let page = calls.call(r#"{"Cursor": "earliest", "WaitMs": 1}"#).await.json();
        assert_eq!((ids(&page).len(), &page["Cursor"]), (0, &json!("r2")));
    }
}
