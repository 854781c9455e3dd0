//! Slices of several clusters: rows lie in another order than the one in which they are found.

use bytes::Bytes;
use cairn_store::Offset;

use super::support::{Dice, Model, NOON_MS, assert_sound, options};
use crate::slice::cluster::ROWS_MAX;
use crate::{Field, Filter, History, HistoryOptions, SearchBudget, SearchQuery};

#[test]
fn merged_clusters_answer_as_a_plain_list_would() {
    let directory = tempfile::tempdir().unwrap();
    let limits = HistoryOptions { merged_rows_max: 100_000, ..options() };
    let history = History::open(directory.path(), limits).unwrap();
    let (mut model, mut dice) = (Model::default(), Dice::new(21));
    for part in [9_000, 3_000, 8_192, 1, 1, 1, 1, 1] {
        model.append(&history, &mut dice, part);
        history.seal().unwrap();
    }
    super::search::compare(&history, &model);
    assert!(history.merge_step().unwrap().is_some());
    let status = history.status();
    assert_eq!(status.slices, 1);
    assert!(model.records.len() as u32 > 2 * ROWS_MAX);
    super::model::compare(&history, &model, &mut dice);
    super::search::compare(&history, &model);
    assert_sound(directory.path());
}

#[test]
fn slices_of_long_records_are_merged() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), options()).unwrap();
    let pad = "x".repeat(400 << 10);
    let record = |number: u64| {
        let (id, key) = (format!("long-{number}"), number % 3);
        let text = format!(
            r#"{{"userIdentity":{{"accessKeyId":"AKIA{key}"}},"eventTime":"2026-11-25T17:00:00Z","eventID":"{id}","pad":"{pad}"}}"#
        );
        Bytes::from(text)
    };
    for slice in 0..8 {
        let records: Vec<_> = (slice * 75..(slice + 1) * 75).map(record).collect();
        let times = vec![NOON_MS; records.len()];
        history.append(Offset::new(slice * 75), &records, &times).unwrap();
        history.seal().unwrap();
    }
    assert!(history.merge_step().unwrap().is_some());
    assert_sound(directory.path());
    for number in [0, 149, 150, 599] {
        let filters = vec![Filter::equals(Field::EventId, format!("long-{number}"))];
        let query = SearchQuery { filters, ..SearchQuery::default() };
        let found = history.search(&query, None, 9, SearchBudget::rows(u64::MAX)).unwrap();
        assert_eq!(found.hits.len(), 1);
        assert_eq!(found.hits[0].record, record(number));
    }
}
