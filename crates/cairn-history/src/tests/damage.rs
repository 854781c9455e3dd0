//! A damaged file is an error that names it, never a panic and never a wrong answer.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Dice, Model, all_pages, lookup, open, options};
use crate::{AttributeKey, Field, Filter, History, SearchBudget, SearchQuery};

fn with_one_slice(directory: &Path) -> Model {
    let history = open(directory);
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(2), 1_500);
    history.seal().unwrap();
    model
}

fn file(directory: &Path, ending: &str) -> PathBuf {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|found| found == ending)).unwrap()
}

/// Asks all kinds of questions; answers may be errors.
fn ask_everything(history: &History) {
    for attribute in
        [None, Some((AttributeKey::EventName, "GetTrail")), Some((AttributeKey::EventId, "id-5"))]
    {
        let mut after = None;
        while let Ok(page) = history.lookup(&lookup(attribute), after, 100) {
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let filters = vec![Filter::prefix(Field::ErrorCode, "Denied")];
    let query = SearchQuery { filters, texts: vec!["trail".into()], ..SearchQuery::default() };
    let _ = history.search(&query, None, 100, SearchBudget::rows(u64::MAX));
}

#[test]
fn every_damaged_byte_is_survived_and_found() {
    for ending in ["index", "parquet"] {
        let directory = tempfile::tempdir().unwrap();
        with_one_slice(directory.path());
        let path = file(directory.path(), ending);
        let whole = fs::read(&path).unwrap();
        let mut dice = Dice::new(4);
        for _ in 0..150 {
            let mut damaged = whole.clone();
            let at = dice.below(whole.len() as u64) as usize;
            damaged[at] ^= 1 << dice.below(8);
            fs::write(&path, &damaged).unwrap();
            ask_everything(&History::open(directory.path(), options()).unwrap());
            let problems = History::verify(directory.path()).unwrap();
            // Of the Parquet file, a few bytes say nothing that is used (names of encodings).
            let found = !problems.is_empty();
            assert!(found || ending == "parquet", "byte {at} of the {ending} file");
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(History::verify(directory.path()).unwrap(), []);
    }
}

#[test]
fn a_slice_that_does_not_open_is_shown_and_the_others_work() {
    let directory = tempfile::tempdir().unwrap();
    let mut model = with_one_slice(directory.path());
    let history = open(directory.path());
    model.append(&history, &mut Dice::new(3), 100);
    history.seal().unwrap();
    drop(history);
    let first = directory.path().join("00000000000000000000-00000000000000001500.index");
    let cut = fs::read(&first).unwrap();
    fs::write(&first, &cut[..cut.len() / 2]).unwrap();
    let history = open(directory.path());
    let status = history.status();
    assert_eq!((status.slices, status.damaged.len()), (1, 1), "{status:?}");
    assert_eq!(history.covered().as_u64(), 1_600);
    let budget = SearchBudget::rows(u64::MAX);
    let found =
        all_pages(|after| history.search(&SearchQuery::default(), after, 64, budget).unwrap());
    assert_eq!(found.len(), 100);
    assert_eq!(History::verify(directory.path()).unwrap().len(), 1);
}
