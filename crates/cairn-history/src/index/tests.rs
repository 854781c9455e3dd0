use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cairn_store::Offset;
use proptest::prelude::*;

use super::{IndexFile, IndexRest, IndexWriter, Page, PlacesWriter, RowKeysWriter, SliceFacts};
use crate::Position;
use crate::key::{Class, KEY_BITS, Scope};
use crate::slice::cluster::ROWS_MAX;

fn row(event_time_ms: i64, offset: u64) -> Position {
    Position { event_time_ms, offset: Offset::new(offset) }
}

/// Rows that lie in the opposite order.
fn places(rows: usize) -> PlacesWriter {
    let mut places = PlacesWriter::default();
    let mut left = rows;
    while left > 0 {
        let cluster = left.min(ROWS_MAX as usize);
        places.cluster(&(0..cluster as u16).rev().collect::<Vec<_>>());
        left -= cluster;
    }
    places
}

/// An index over these rows, with these lists.
fn index(rows: &[Position], lists: &[(u64, Vec<u32>)]) -> Vec<u8> {
    let whole_seconds = rows.iter().all(|row| row.event_time_ms % 1_000 == 0);
    let mut row_keys = RowKeysWriter::new(whole_seconds);
    for row in rows {
        row_keys.push(*row);
    }
    let mut writer = IndexWriter::new(Vec::new(), rows.len() as u64).unwrap();
    for (key, rows) in lists {
        writer.list(*key, rows).unwrap();
    }
    let facts = SliceFacts {
        from: 100,
        to: 100 + rows.len() as u64,
        event_time_ms_min: rows.first().unwrap().event_time_ms,
        event_time_ms_max: rows.last().unwrap().event_time_ms,
        recorded_ms_min: 5,
        recorded_ms_max: 6,
        parquet_bytes: 7,
    };
    let scope = |class, region: &str| Scope {
        class,
        account: "111122223333".to_owned(),
        region: region.to_owned(),
    };
    let rest = IndexRest {
        facts,
        row_keys,
        cluster_rows: ROWS_MAX,
        places: places(rows.len()),
        pages: vec![
            Page { at: 4, bytes: 1_000, first_place: 0 },
            Page { at: 1_004, bytes: 900, first_place: 3 },
        ],
        parquet_hashes: vec![9; 8],
        scopes: vec![scope(Class::Management, "us-east-1"), scope(Class::Other, "")],
    };
    writer.finish(&rest).unwrap()
}

fn open(directory: &Path, bytes: &[u8]) -> Arc<IndexFile> {
    let path = directory.join("test.index");
    fs::write(&path, bytes).unwrap();
    Arc::new(IndexFile::open(&path).unwrap())
}

fn all_rows(index: &Arc<IndexFile>, key: u64) -> Vec<u32> {
    let Some(mut list) = index.rows_of(key).unwrap() else { return Vec::new() };
    std::iter::from_fn(|| list.next().unwrap()).collect()
}

/// Five rows and three keys: small enough to be read by eye in a hex dump.
fn small() -> Vec<u8> {
    let rows =
        [row(1_000, 101), row(1_000, 103), row(2_000, 100), row(4_000, 102), row(4_000, 104)];
    let key = |top: u64, low: u64| top << (KEY_BITS - 8) | low;
    index(&rows, &[(key(1, 7), vec![0, 2, 4]), (key(1, 9), vec![3]), (key(250, 1), vec![1, 3])])
}

/// Thirty-two bytes a line, so that a difference shows where it is.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_format_is_that_of_the_golden_file() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/small.index.hex");
    assert_eq!(hex(&small()), fs::read_to_string(golden).unwrap());
}

#[test]
fn the_version_before_clusters_is_read() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = golden.join("tests/golden/small.before-clusters.index.hex");
    let text = fs::read_to_string(golden).unwrap();
    let digits: Vec<_> = text.split_whitespace().collect();
    let bytes = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let file: Vec<u8> = digits.concat().as_bytes().chunks(2).map(bytes).collect();
    let directory = tempfile::tempdir().unwrap();
    let index = open(directory.path(), &file);
    index.check_all().unwrap();
    assert_eq!(all_rows(&index, 1 << 32 | 7), [4, 2, 0]);
    assert_eq!(index.row_keys(0, 256).unwrap()[2], row(2_000, 100));
    assert_eq!(index.places(1..4).unwrap(), [1, 2, 3]);
    assert_eq!(index.cluster(0..5).unwrap(), [0, 1, 2, 3, 4]);
}

#[test]
fn what_is_written_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(directory.path(), &small());
    index.check_all().unwrap();
    assert_eq!(all_rows(&index, 1 << 32 | 7), [4, 2, 0]);
    assert_eq!(all_rows(&index, 1 << 32 | 9), [3]);
    assert_eq!(all_rows(&index, 250 << 32 | 1), [3, 1]);
    assert!(all_rows(&index, 1 << 32 | 8).is_empty());
    assert!(all_rows(&index, 2 << 32 | 7).is_empty());
    let rows = index.row_keys(0, 256).unwrap();
    assert_eq!(rows[2], row(2_000, 100));
    for (position, before) in [
        (row(0, 0), 0),
        (row(1_000, 101), 0),
        (row(1_000, 102), 1),
        (row(4_000, 0), 3),
        (row(4_000, 104), 4),
        (row(9_000, 0), 5),
    ] {
        assert_eq!(index.rows_before(position).unwrap(), before, "{position:?}");
    }
    assert_eq!(index.places(1..4).unwrap(), [3, 2, 1]);
    let resident = index.resident().unwrap();
    assert_eq!((resident.page_of(2), resident.page_of(3)), (Some(0), Some(1)));
    assert_eq!(resident.scopes().len(), 2);
}

#[test]
fn a_long_list_is_entered_anywhere() {
    let directory = tempfile::tempdir().unwrap();
    let rows: Vec<_> =
        (0..10_000).map(|number| row(number / 3 * 7, number.cast_unsigned())).collect();
    let evens: Vec<u32> = (0..10_000).filter(|row| row % 2 == 0).collect();
    let index = open(directory.path(), &index(&rows, &[(77, evens)]));
    assert_eq!(all_rows(&index, 77).len(), 5_000);
    for above in [9_999, 9_998, 8_191, 4_096, 2_049, 2_048, 2_047, 1, 0] {
        let mut list = index.rows_of(77).unwrap().unwrap();
        list.skip_above(above).unwrap();
        let first = above - above % 2;
        assert_eq!(list.next().unwrap(), Some(first));
        assert_eq!(list.next().unwrap(), first.checked_sub(2));
    }
    for number in [0_u32, 255, 256, 257, 9_999] {
        let position = rows[number as usize];
        assert_eq!(index.rows_before(position).unwrap(), number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_lists_come_back(lists in proptest::collection::btree_map(
        0_u64..1 << KEY_BITS,
        proptest::collection::btree_set(0_u32..3_000, 1..200),
        0..60,
    )) {
        let directory = tempfile::tempdir().unwrap();
        let rows: Vec<_> = (0..3_000).map(|number| row(number, number.cast_unsigned())).collect();
        let lists: Vec<(u64, Vec<u32>)> =
            lists.into_iter().map(|(key, rows)| (key, rows.into_iter().collect())).collect();
        let index = open(directory.path(), &index(&rows, &lists));
        for (key, rows) in &lists {
            let found: Vec<_> = all_rows(&index, *key).into_iter().rev().collect();
            prop_assert_eq!(&found, rows);
        }
        let mut keys = index.keys();
        let mut found = Vec::new();
        while let Some((key, _)) = keys.next().unwrap() {
            found.push(key);
        }
        prop_assert_eq!(found, lists.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    }

    #[test]
    fn any_file_is_survived(change in 0_usize..10_000, bit in 0_u8..8, cut in 0_usize..10_000) {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = small();
        let at = change % bytes.len();
        bytes[at] ^= 1 << bit;
        if cut.is_multiple_of(4) {
            bytes.truncate(cut % bytes.len());
        }
        let path = directory.path().join("test.index");
        fs::write(&path, &bytes).unwrap();
        let Ok(index) = IndexFile::open(&path) else { return Ok(()) };
        let index = Arc::new(index);
        prop_assert!(index.check_all().is_err());
        for key in [1 << 32 | 7, 1 << 32 | 9, 250 << 32 | 1] {
            if let Ok(Some(mut list)) = index.rows_of(key) {
                let _ = list.skip_above(3);
                while let Ok(Some(_)) = list.next() {}
            }
        }
        let _ = index.row_keys(0, 256);
        let _ = index.places(0..5);
        let _ = index.rows_before(row(2_000, 0));
    }
}
