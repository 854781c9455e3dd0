//! Published records, dirty as they are, go in and come out.

use std::path::Path;

use bytes::Bytes;
use cairn_store::Offset;

use super::support::{NOON_MS, all_pages, assert_sound, open};
use crate::{Field, Filter, Match, SearchBudget, SearchQuery};

fn records() -> Vec<Bytes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/records");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().map(|file| Bytes::from(std::fs::read(file).unwrap()));
    texts
        .flat_map(|text| {
            let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| text.slice_ref(line)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_record_of_the_corpus_comes_back_byte_for_byte() {
    let mut records = records();
    assert!(records.len() > 1_600, "{}", records.len());
    // And what is no record at all.
    records.extend(
        [&b"\xff\xfe"[..], b"", b"base64:", b"[1]", b"{\"eventName\":7}"].map(Bytes::from_static),
    );
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let budget = SearchBudget::rows(u64::MAX);
    let all =
        |query: &SearchQuery| all_pages(|after| history.search(query, after, 300, budget).unwrap());
    history.append(Offset::ZERO, &records, &vec![NOON_MS; records.len()]).unwrap();
    let in_tail = all(&SearchQuery::default());
    history.seal().unwrap();
    let in_slice = all(&SearchQuery::default());
    assert_eq!(in_tail, in_slice);
    assert_eq!(in_slice.len(), records.len());
    for hit in &in_slice {
        assert_eq!(hit.record, records[hit.offset.as_u64() as usize]);
    }
    let failed = all(&SearchQuery {
        filters: vec![Filter { field: Field::ErrorCode, value: Match::Present }],
        ..SearchQuery::default()
    });
    assert!(failed.len() > 300, "{}", failed.len());
    assert_sound(directory.path());
}
