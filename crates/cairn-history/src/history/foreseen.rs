//! Columns of records that were parsed before they went into the log.
//!
//! Whoever takes records in bulk parses each to see that it is one, and the open tail needs columns
//! of the same text a moment later. What is foreseen is matched by the bytes of the record, so it
//! is right whatever order the log brings, and whatever else comes between.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::fields::with_fields;
use crate::rows::Rows;

/// So many batches are remembered; the oldest make way, and their records are parsed again.
const BATCHES_MAX: usize = 128;

/// Batches that are on their way, in the order in which they should come.
#[derive(Debug, Default)]
pub(super) struct Foreseen(Mutex<VecDeque<Batch>>);

/// Records of one append: they come one after the other.
#[derive(Debug)]
struct Batch {
    /// Their columns, which are not completed.
    rows: Rows,
    records: Vec<Bytes>,
    /// The one that comes next.
    next: usize,
}

impl Foreseen {
    pub(super) fn add(&self, rows: Rows, records: Vec<Bytes>) {
        debug_assert_eq!(rows.len(), records.len(), "each record is prepared once");
        let mut batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batches.len() >= BATCHES_MAX {
            batches.pop_front();
        }
        if !records.is_empty() {
            batches.push_back(Batch { rows, records, next: 0 });
        }
    }

    /// Adds the columns of records: those that are foreseen, and else by parsing them.
    pub(super) fn add_to(&self, rows: &mut Rows, records: &[Bytes]) {
        let mut batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            let comes = |batch: &Batch| batch.records.get(batch.next) == Some(record);
            let Some(at) = batches.iter().position(comes) else {
                with_fields(record, |fields| rows.add(fields, record));
                continue;
            };
            let Some(batch) = batches.get_mut(at) else { continue };
            rows.copy(batch.rows.row(batch.next), record);
            batch.next += 1;
            if batch.next == batch.records.len() {
                batches.remove(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{BATCHES_MAX, Foreseen};
    use crate::fields::with_fields;
    use crate::rows::Rows;

    fn rows(records: &[Bytes]) -> Rows {
        let mut rows = Rows::default();
        for record in records {
            with_fields(record, |fields| rows.add(fields, record));
        }
        rows
    }

    fn records(names: &[&str]) -> Vec<Bytes> {
        let record = |name| format!(r#"{{"eventName":"{name}","awsRegion":"us-\u0065ast-1"}}"#);
        names.iter().map(|name| Bytes::from(record(name))).collect()
    }

    /// Keys and texts of rows, completed with these records.
    fn shown(mut rows: Rows, of: &[Bytes]) -> Vec<(Vec<u64>, Vec<Option<String>>)> {
        rows.fix_all(0, of.to_vec(), 0);
        let texts = |row| rows.row(row).decode().texts.map(|text| text.map(str::to_owned)).to_vec();
        (0..rows.len()).map(|row| (rows.row(row).keys().to_vec(), texts(row))).collect()
    }

    fn added(foreseen: &Foreseen, of: &[Bytes]) -> Rows {
        let mut rows = Rows::default();
        foreseen.add_to(&mut rows, of);
        rows
    }

    #[test]
    fn rows_are_as_if_they_were_parsed_whatever_comes_between() {
        let foreseen = Foreseen::default();
        for batch in [records(&["A", "B"]), records(&["B", "C"]), records(&["Lost"])] {
            foreseen.add(rows(&batch), batch);
        }
        let come = records(&["X", "B", "A", "B", "C", "A"]);
        let are = added(&foreseen, &come);
        assert_eq!(are.scopes().count(), 1);
        assert_eq!(shown(are, &come), shown(rows(&come), &come));
        assert_eq!(foreseen.0.lock().unwrap().len(), 1, "what came is forgotten");
    }

    #[test]
    fn what_is_foreseen_is_not_parsed() {
        let (foreseen, come) = (Foreseen::default(), records(&["A"]));
        // Columns that are not the record's show that they were taken.
        foreseen.add(rows(&records(&["B"])), come.clone());
        assert_eq!(
            shown(added(&foreseen, &come), &come)[0].0,
            shown(rows(&records(&["B"])), &come)[0].0
        );
        assert_eq!(shown(added(&foreseen, &come), &come), shown(rows(&come), &come), "once");
    }

    #[test]
    fn the_oldest_make_way() {
        let foreseen = Foreseen::default();
        for number in 0..=BATCHES_MAX {
            let batch = records(&[&number.to_string()]);
            foreseen.add(rows(&batch), batch);
        }
        let batches = foreseen.0.lock().unwrap();
        assert_eq!(batches.len(), BATCHES_MAX);
        assert_eq!(batches.front().unwrap().records, records(&["1"]));
    }
}
