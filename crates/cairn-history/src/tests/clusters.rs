//! Slices of several clusters: rows lie in another order than the one in which they are found.

use std::fs;

use super::support::{Dice, Model, assert_sound, options};
use crate::slice::cluster::CLUSTER_ROWS;
use crate::{History, HistoryOptions};

#[test]
fn merged_clusters_answer_as_a_plain_list_would() {
    let directory = tempfile::tempdir().unwrap();
    let limits = HistoryOptions { merged_rows_max: 100_000, ..options() };
    let history = History::open(directory.path(), limits).unwrap();
    let (mut model, mut dice) = (Model::default(), Dice::new(21));
    for part in [9_000, 3_000, 8_192, 1] {
        model.append(&history, &mut dice, part);
        history.seal().unwrap();
    }
    super::search::compare(&history, &model);
    assert!(history.merge_step().unwrap().is_some());
    let status = history.status();
    assert_eq!(status.slices, 1);
    assert!(model.records.len() as u32 > 2 * CLUSTER_ROWS);
    super::model::compare(&history, &model, &mut dice);
    super::search::compare(&history, &model);
    assert_sound(directory.path());
}

#[test]
fn an_index_of_the_version_before_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), options()).unwrap();
    Model::default().append(&history, &mut Dice::new(1), 10);
    history.seal().unwrap();
    drop(history);
    let index = directory.path().join("00000000000000000000-00000000000000000010.index");
    let mut bytes = fs::read(&index).unwrap();
    let version = bytes.len() - 2;
    bytes[version..].copy_from_slice(b"02");
    fs::write(&index, bytes).unwrap();
    let history = History::open(directory.path(), options()).unwrap();
    let damaged = history.status().damaged;
    assert!(damaged[0].contains("it is made anew"), "{damaged:?}");
}
