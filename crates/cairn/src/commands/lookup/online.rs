//! Asks a running server.

use bytes::Bytes;
use cairn_history::{Match, SearchQuery};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::client::{Client, ServerChoice};

use super::{Found, Source};

/// A search at a server.
pub(crate) struct Online {
    client: Client,
    input: Json,
}

/// A record, and its number in the log of the server.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) offset: u64,
    pub(crate) record: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    records: Vec<Record>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    offset: u64,
    cloud_trail_event: String,
}

impl Online {
    pub(crate) fn new(choice: &ServerChoice, query: &SearchQuery) -> anyhow::Result<Self> {
        Ok(Self { client: Client::new(choice)?, input: input(query) })
    }

    /// The next page, newest first, and whether it is the last one. It may be empty, and not the last.
    pub(crate) fn numbered(&mut self, records_max: u64) -> anyhow::Result<(Vec<Numbered>, bool)> {
        self.input["MaxResults"] = records_max.into();
        let answer: Answer = self.client.call("SearchRecords", &self.input)?;
        let is_last = answer.next_token.is_none();
        self.input["NextToken"] = answer.next_token.into();
        let numbered = |Record { offset, cloud_trail_event: record }| Numbered { offset, record };
        Ok((answer.records.into_iter().map(numbered).collect(), is_last))
    }
}

impl Source for Online {
    fn page(&mut self, records_max: u64) -> anyhow::Result<Found> {
        let (records, is_last) = self.numbered(records_max)?;
        let records = records.into_iter().map(|numbered| Bytes::from(numbered.record)).collect();
        Ok(Found { records, is_last })
    }
}

/// The query as the operation takes it.
fn input(query: &SearchQuery) -> Json {
    let filter = |field: &str, operator: &str, value: &str| json!({"Field": field, "Operator": operator, "Value": value});
    let filters = query.filters.iter().filter_map(|asked| {
        let (operator, value) = match &asked.value {
            Match::Equals(value) => ("Equals", value),
            Match::Prefix(value) => ("Prefix", value),
            Match::Contains(value) => ("Contains", value),
            // The command line cannot ask for these.
            Match::Present | Match::Absent => return None,
        };
        Some(filter(asked.field.name(), operator, value))
    });
    let texts = query.texts.iter().map(|text| filter("Text", "Contains", text));
    let mut input = json!({"Filters": filters.chain(texts).collect::<Vec<_>>()});
    let times = [("StartTime", query.start), ("EndTime", query.end)];
    for (name, time) in times.into_iter().filter_map(|(name, time)| Some((name, time?))) {
        input[name] = (time.as_ms() as f64 / 1_000.0).into();
    }
    input
}

#[cfg(test)]
mod tests {
    use cairn_event::Timestamp;
    use cairn_history::{Field, Filter, SearchQuery};
    use serde_json::json;

    #[test]
    fn the_input_has_every_condition() {
        let query = SearchQuery {
            filters: vec![
                Filter::equals(Field::SourceIp, "::1"),
                Filter::prefix(Field::UserName, "a"),
                Filter::contains(Field::UserArn, "b"),
            ],
            texts: vec!["c".into()],
            start: Some(Timestamp::from_ms(1_500)),
            end: None,
        };
        let wanted = json!({
            "Filters": [
                {"Field": "SourceIPAddress", "Operator": "Equals", "Value": "::1"},
                {"Field": "Username", "Operator": "Prefix", "Value": "a"},
                {"Field": "UserArn", "Operator": "Contains", "Value": "b"},
                {"Field": "Text", "Operator": "Contains", "Value": "c"},
            ],
            "StartTime": 1.5,
        });
        assert_eq!(super::input(&query), wanted);
    }
}
