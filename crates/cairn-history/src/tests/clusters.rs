//! Slices of several clusters: rows lie in another order than the one in which they are found.

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
