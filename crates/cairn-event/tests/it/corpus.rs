//! The published records: their files, and what must hold for each.

use std::fs;
use std::path::{Path, PathBuf};

use cairn_event::split::{SplitLimits, Splitter, records};
use cairn_event::{RecordHead, lookup_resources};

/// The folder of published data.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// The files under a folder of it that end in an extension.
pub fn files(under: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![corpus().join(under)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The lines of one file of records.
pub fn lines(name: &str) -> Vec<String> {
    let text = fs::read_to_string(corpus().join("records").join(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_published_record_parses_and_keeps_its_bytes() {
    let mut count = 0;
    for path in files("records", "jsonl") {
        let text = fs::read_to_string(&path).unwrap();
        let split: Vec<_> =
            records(text.as_bytes(), SplitLimits::default()).map(Result::unwrap).collect();
        let lines: Vec<_> = text.lines().map(str::as_bytes).collect();
        assert_eq!(split, lines, "{}", path.display());
        for record in split {
            let head = RecordHead::parse(&record).unwrap();
            assert!(head.event_source.is_some(), "{}", path.display());
            head.resource_refs().for_each(drop);
            let _ = (head.username(), head.account(), head.category(), lookup_resources(&head));
            count += 1;
        }
    }
    assert_eq!(count, 1745);
}

#[test]
fn log_files_come_apart_in_pieces_as_they_do_whole() {
    let mut count = 0;
    for path in files("raw_logs", "json") {
        let text = fs::read(&path).unwrap();
        let whole: Vec<_> =
            records(&text, SplitLimits::default()).map(|r| r.unwrap().into_owned()).collect();
        let mut splitter = Splitter::new(SplitLimits::default());
        let mut pieces = Vec::new();
        for chunk in text.chunks(1000) {
            splitter.push(chunk);
            while let Some(record) = splitter.next_record() {
                pieces.push(record.unwrap().into_owned());
            }
        }
        assert_eq!(pieces, whole, "{}", path.display());
        for record in &whole {
            let head = RecordHead::parse(record).unwrap();
            assert!(head.event_name.is_some() && head.event_time.is_some());
            let at = text.windows(record.len()).any(|window| window == record);
            assert!(at, "the record is a piece of {}", path.display());
        }
        count += whole.len();
    }
    assert!(count > 300, "{count}");
}
