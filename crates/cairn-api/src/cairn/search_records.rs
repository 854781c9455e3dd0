//! `SearchRecords`: records by any number of conditions, newest first.
//!
//! - All filters must hold. A field is named as in `LookupEvents` or as in the record; case does
//!   not count.
//! - `ResourceName` finds what `LookupEvents` lists, and the objects of S3's data events, which that
//!   does not list: by `BUCKET/KEY`, by ARN, or by a part of either.
//! - `Text` looks for a text anywhere in the record's own bytes.
//! - A search does a bounded amount of work; a page may be short, or empty, and come with a token
//!   all the same.

use std::sync::atomic::Ordering;

use cairn_event::Timestamp;
use cairn_history::{Field, Filter, Match, Position, SearchBudget, SearchQuery};
use serde::{Deserialize, Serialize};

use crate::{Ctx, history};

use super::error::FilterFault;
use super::{ANSWER_BYTES_MAX, CairnError, Record};

/// How many records a page has if the caller says nothing.
const RECORDS_DEFAULT: usize = 50;
/// The most records of a page, as in the model.
const RECORDS_MAX: usize = 1_000;
/// How many records one call looks at without the help of the index.
const ROWS_MAX: u64 = 1_000_000;

/// The field that stands for the whole record.
const TEXT: &str = "Text";

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    filters: Vec<AskedFilter>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AskedFilter {
    field: String,
    operator: Option<Operator>,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Operator {
    Equals,
    Prefix,
    Contains,
}

/// A page of records.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    records: Vec<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CairnError> {
    let query = query(&input)?;
    let identity = identity(&input);
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let after = match input.next_token.as_deref() {
        None => None,
        Some(token) => {
            Some(history::position(&identity, token).ok_or(CairnError::InvalidNextToken)?)
        }
    };
    let limit = input.max_results.unwrap_or(RECORDS_DEFAULT).clamp(1, RECORDS_MAX);
    history::catch_up(ctx).await?;
    let page = history::ask::<_, CairnError>(ctx, move |history, gone| {
        let stop = || gone.load(Ordering::Relaxed);
        history.search(&query, after, limit, SearchBudget { rows_max: ROWS_MAX, stop: &stop })
    })
    .await?;

    let (mut records, mut bytes, mut next) = (Vec::with_capacity(page.hits.len()), 0, page.next);
    let mut last = None;
    for hit in &page.hits {
        bytes += hit.record.len();
        if bytes > ANSWER_BYTES_MAX && !records.is_empty() {
            // The page ends here instead.
            next = last;
            break;
        }
        last = Some(Position { event_time_ms: hit.event_time_ms, offset: hit.offset });
        records.push(Record::of(hit.offset, Timestamp::from_ms(hit.event_time_ms), &hit.record));
    }
    let next_token = next.map(|position| history::token(&identity, position));
    Ok(Output { records, next_token })
}

fn query(input: &Input) -> Result<SearchQuery, CairnError> {
    if let (Some(start), Some(end)) = (input.start_time, input.end_time)
        && start > end
    {
        return Err(CairnError::InvalidTimeRange);
    }
    let mut query =
        SearchQuery { start: input.start_time, end: input.end_time, ..SearchQuery::default() };
    for asked in &input.filters {
        let value = asked.value.clone();
        if asked.field.eq_ignore_ascii_case(TEXT) {
            if !matches!(asked.operator, None | Some(Operator::Contains)) {
                return Err(FilterFault::Text.into());
            }
            query.texts.push(value);
            continue;
        }
        let value = match asked.operator {
            None | Some(Operator::Equals) => Match::Equals(value),
            Some(Operator::Prefix) => Match::Prefix(value),
            Some(Operator::Contains) => Match::Contains(value),
        };
        query.filters.push(Filter { field: field(&asked.field)?, value });
    }
    Ok(query)
}

fn field(name: &str) -> Result<Field, FilterFault> {
    Field::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Field::NAMED.iter().map(|(known, _)| *known).chain([TEXT]).collect();
        FilterFault::Field { field: name.to_owned(), known: known.join(", ") }
    })
}

/// What a token is bound to: everything but the size of the page.
fn identity(input: &Input) -> Vec<String> {
    let time = |at: Option<Timestamp>| at.map(|at| at.as_ms().to_string()).unwrap_or_default();
    let mut parts = vec!["SearchRecords".to_owned(), time(input.start_time), time(input.end_time)];
    for filter in &input.filters {
        parts.push(filter.field.to_ascii_lowercase());
        parts.push(format!("{:?}", filter.operator));
        parts.push(filter.value.clone());
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::testing::{World, cases, event};

    async fn found(world: &World, input: Json) -> String {
        let page = cases(world, "cairn", "SearchRecords").call(&input.to_string()).await.json();
        let ids = page["Records"].as_array().unwrap().iter().map(|record| {
            let text = record["CloudTrailEvent"].as_str().unwrap();
            serde_json::from_str::<Json>(text).unwrap()["eventID"].as_str().unwrap().to_owned()
        });
        ids.collect::<Vec<_>>().join(" ")
    }

    /// Field, operator, value.
    type Asked = (&'static str, &'static str, &'static str);

    fn filters(filters: &[Asked]) -> Json {
        let filters: Vec<_> = filters
            .iter()
            .map(|(field, operator, value)| json!({"Field": field, "Operator": operator, "Value": value}))
            .collect();
        json!({"Filters": filters})
    }

    #[tokio::test]
    async fn all_conditions_must_hold() {
        let world = World::new();
        let denied = r#","errorCode":"AccessDenied","errorMessage":"no way""#;
        let data = event("e-3", "GetObject", 3, "").replace(r#""Management""#, r#""Data""#);
        let records =
            [event("e-1", "CreateUser", 1, ""), event("e-2", "CreateRole", 2, denied), data];
        world.record(&records).await;
        let table: &[(&[Asked], &str)] = &[
            (&[], "e-3 e-2 e-1"),
            (&[("EventName", "Prefix", "Create")], "e-2 e-1"),
            (&[("eventname", "Prefix", "Create"), ("ErrorCode", "Equals", "AccessDenied")], "e-2"),
            (&[("SourceIPAddress", "Prefix", "192.0.2.")], "e-3 e-2 e-1"),
            (&[("sourceIPAddress", "Equals", "192.0.2")], ""),
            (&[("Text", "Contains", "no way")], "e-2"),
            (&[("Text", "Contains", "e-1"), ("Text", "Contains", "CreateUser")], "e-1"),
            (&[("EventCategory", "Equals", "Data")], "e-3"),
            (&[("UserArn", "Contains", ":user/an")], "e-3 e-2 e-1"),
        ];
        for (wanted, ids) in table {
            assert_eq!(found(&world, filters(wanted)).await, *ids, "{wanted:?}");
        }
        let object = r#","resources":[{"ARN":"arn:aws:s3:::pictures/2026/stone.png"},{"ARN":"arn:aws:s3:::pictures"}]"#;
        let object = object.to_owned() + denied;
        let data = event("e-4", "GetObject", 4, &object).replace(r#""Management""#, r#""Data""#);
        world.record(&[data]).await;
        for (operator, value, ids) in [
            ("Equals", "pictures/2026/stone.png", "e-4"),
            ("Equals", "arn:aws:s3:::pictures/2026/stone.png", "e-4"),
            ("Prefix", "pictures/2026/", "e-4"),
            ("Contains", "stone", "e-4"),
            ("Equals", "pictures/2026", ""),
        ] {
            let asked = filters(&[("ResourceName", operator, value)]);
            assert_eq!(found(&world, asked).await, ids, "{operator} {value}");
        }
        let plain = json!({"Filters": [{"Field": "EventId", "Value": "e-1"}]});
        assert_eq!(found(&world, plain).await, "e-1");
    }

    #[tokio::test]
    async fn records_come_with_their_offset_and_bytes() {
        let world = World::new();
        let record = event("e-1", "CreateUser", 0, r#","x": 1.50"#);
        world.record(std::slice::from_ref(&record)).await;
        let page = cases(&world, "cairn", "SearchRecords").call("{}").await.json();
        let seconds = crate::testing::START_MS / 1_000;
        assert_eq!(page["Records"][0]["CloudTrailEvent"], record.as_str());
        assert_eq!(page["Records"][0]["Offset"], 0);
        assert_eq!(page["Records"][0]["EventTime"].as_f64().map(|at| at as i64), Some(seconds));
    }

    #[tokio::test]
    async fn pages_and_wrong_inputs() {
        let world = World::new();
        let events: Vec<_> =
            (0..5).map(|n| event(&format!("e-{n}"), "CreateUser", n, "")).collect();
        world.record(&events).await;
        let calls = cases(&world, "cairn", "SearchRecords");
        let page = calls.call(r#"{"MaxResults": 2}"#).await.json();
        let mut next = json!({"MaxResults": 9, "NextToken": page["NextToken"]});
        assert_eq!(found(&world, next.clone()).await, "e-2 e-1 e-0");
        next["Filters"] = json!([{"Field": "EventId", "Value": "e-1"}]);
        calls.call(&next.to_string()).await.fails("InvalidNextTokenException");
        let table = [
            (filters(&[("Colour", "Equals", "x")]), "InvalidFilterException"),
            (filters(&[("EventName", "Matches", "x")]), "InvalidFilterException"),
            (filters(&[("EventName", "Equals", "")]), "InvalidFilterException"),
            (filters(&[("Text", "Prefix", "x")]), "InvalidFilterException"),
            (filters(&[("EventName", "Equals", "x"); 21]), "InvalidFilterException"),
            (json!({"StartTime": 2, "EndTime": 1}), "InvalidTimeRangeException"),
            (json!({"NextToken": "made-up"}), "InvalidNextTokenException"),
        ];
        for (input, code) in table {
            calls.call(&input.to_string()).await.fails(code);
        }
    }

    #[tokio::test]
    async fn an_answer_has_a_limit_in_bytes() {
        let world = World::new();
        let long = format!(r#","x":"{}""#, "y".repeat(900 << 10));
        let events: Vec<_> =
            (0..12).map(|n| event(&format!("e-{n}"), "CreateUser", n, &long)).collect();
        for event in &events {
            world.record(std::slice::from_ref(event)).await;
        }
        let calls = cases(&world, "cairn", "SearchRecords");
        let (mut count, mut pages, mut input) = (0, 0, json!({}));
        loop {
            let page = calls.call(&input.to_string()).await.json();
            count += page["Records"].as_array().unwrap().len();
            pages += 1;
            let Some(token) = page.get("NextToken") else { break };
            input["NextToken"] = token.clone();
        }
        assert_eq!((count, pages), (12, 2));
    }
}
