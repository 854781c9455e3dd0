//! A damaged file is an error that names it, never a panic and never a wrong answer.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Dice, Model, all_pages, lookup, open, options};
use crate::slice::SliceName;
use crate::{AttributeKey, Field, Filter, History, HistoryError, Hit, SearchBudget, SearchQuery};

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
        while let Ok(page) = history.lookup(&lookup(attribute), after, 100, Hit::of) {
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
            assert_eq!(problems.len(), 1, "byte {at} of the {ending} file");
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

/// What is asked of a history with damage.
fn questions() -> Vec<Question> {
    let by = |field, value| vec![Filter::prefix(field, value)];
    let search = |filters, texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).into()).collect();
        SearchQuery { filters, texts, ..SearchQuery::default() }
    };
    vec![
        Question::Lookup(None),
        Question::Lookup(Some((AttributeKey::EventName, "GetTrail"))),
        Question::Search(search(vec![Filter::equals(Field::EventId, "id-5")], &[])),
        Question::Search(search(vec![Filter::equals(Field::EventId, "id-590")], &[])),
        Question::Search(search(Vec::new(), &[])),
        Question::Search(search(by(Field::ErrorCode, "Denied1"), &[])),
        Question::Search(search(by(Field::EventName, "St"), &["trail-3"])),
        Question::Search(search(vec![Filter::equals(Field::UserName, "user-4")], &[])),
    ]
}

enum Question {
    Lookup(Option<(AttributeKey, &'static str)>),
    Search(SearchQuery),
}

/// All hits, or the error that ended them.
fn answer(history: &History, question: &Question) -> Result<Vec<Hit>, HistoryError> {
    let (mut hits, mut after) = (Vec::new(), None);
    loop {
        let page = match question {
            Question::Lookup(attribute) => {
                history.lookup(&lookup(*attribute), after, 50, Hit::of)?
            }
            Question::Search(query) => {
                history.search(query, after, 50, SearchBudget::rows(u64::MAX))?
            }
        };
        hits.extend(page.hits);
        after = page.next;
        if after.is_none() {
            return Ok(hits);
        }
    }
}

#[test]
fn an_altered_byte_never_alters_or_shortens_an_answer() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let mut model = Model::default();
    for _ in 0..2 {
        model.append(&history, &mut Dice::new(6), 300);
        history.seal().unwrap();
    }
    let questions = questions();
    let ask = |history: &History| -> Vec<_> {
        questions.iter().map(|question| answer(history, question)).collect()
    };
    let whole: Vec<_> = ask(&history).into_iter().map(Result::unwrap).collect();
    assert!(whole.iter().all(|hits| !hits.is_empty()));
    drop(history);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        // Every so many bytes, and all of those that are read first: the last ones.
        for at in (0..bytes.len()).step_by(211).chain(bytes.len().saturating_sub(24)..bytes.len()) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(&path, &damaged).unwrap();
            let named = path.file_stem().unwrap().to_str().unwrap();
            let problems = History::verify(directory.path()).unwrap();
            assert!(problems.iter().any(|problem| problem.slice == named), "{at} of {path:?}");
            let history = open(directory.path());
            // A slice that does not even open is shown, and answered without.
            if history.status().damaged.is_empty() {
                for (whole, found) in whole.iter().zip(ask(&history)) {
                    match found {
                        Ok(hits) => assert!(hits == *whole, "byte {at} of {path:?}"),
                        Err(error) => assert!(error.to_string().contains(named), "{error}"),
                    }
                }
            }
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(History::verify(directory.path()).unwrap(), []);
}

#[test]
fn an_index_without_its_parquet_file_is_lost_or_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let mut model = Model::default();
    for _ in 0..3 {
        model.append(&history, &mut Dice::new(6), 30);
        history.seal().unwrap();
    }
    drop(history);
    let name = |from: u64, to: u64| SliceName { from, to };
    let slices = [name(0, 30), name(30, 60), name(60, 90)];
    // The last one is read from the log again.
    let missing = |slice: SliceName| {
        let path = slice.parquet(directory.path());
        let parquet = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let problems = History::verify(directory.path()).unwrap();
        let left = History::leftovers(directory.path()).unwrap();
        fs::write(&path, parquet).unwrap();
        (problems, left)
    };
    for slice in &slices[..2] {
        let (problems, left) = missing(*slice);
        let lost = problems.iter().filter(|problem| problem.slice == slice.to_string());
        assert!(lost.map(|problem| &*problem.what).eq(["its Parquet file is missing"]));
        assert_eq!(left, [] as [PathBuf; 0]);
    }
    assert_eq!(missing(slices[2]), (Vec::new(), vec![slices[2].index(directory.path())]));
    // A merge that ended after the first of its two files.
    let merged = name(0, 60).index(directory.path());
    fs::write(&merged, "").unwrap();
    assert_eq!(History::verify(directory.path()).unwrap(), []);
    assert_eq!(History::leftovers(directory.path()).unwrap(), [merged]);
}

#[test]
fn slices_are_merged_around_one_that_cannot_be_read() {
    for ending in ["index", "parquet"] {
        let directory = tempfile::tempdir().unwrap();
        let history = open(directory.path());
        let mut model = Model::default();
        for _ in 0..20 {
            model.append(&history, &mut Dice::new(2), 30);
            history.seal().unwrap();
        }
        let name = SliceName { from: 90, to: 120 };
        let path = if ending == "index" {
            name.index(directory.path())
        } else {
            name.parquet(directory.path())
        };
        let mut bytes = fs::read(&path).unwrap();
        // An early block, which no start looks at.
        bytes[20] ^= 1;
        fs::write(&path, &bytes).unwrap();
        drop(history);
        let history = open(directory.path());
        let failed = history.merge_step();
        assert!(matches!(failed, Err(HistoryError::Corrupt { .. })), "{ending}: {failed:?}");
        while history.merge_step().unwrap().is_some() {}
        let slices = history.slices();
        let kept = slices.iter().any(|slice| slice.from.as_u64() == 90 && slice.to.as_u64() == 120);
        assert!(kept && slices.len() < 13, "{ending}: {slices:?}");
    }
}
