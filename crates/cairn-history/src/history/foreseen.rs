//! Columns of records that were parsed before they went into the log.
//!
//! Whoever takes records in bulk parses each to see that it is one, and the open tail needs columns
//! of the same text a moment later. What is foreseen is matched by the bytes of the record, so it
//! is right whatever order the log brings, and whatever else comes between.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::fields::with_fields;
use crate::rows::Rows;

/// So many batches are remembered; the oldest make way, and their records are parsed again.
const BATCHES_MAX: usize = 128;

/// A batch that was foreseen, for [`History::forget`](super::History::forget).
#[derive(Debug, PartialEq, Eq)]
pub struct Foresight(u64);

/// Batches that are on their way, in the order in which they should come.
#[derive(Debug, Default)]
pub(super) struct Foreseen(Mutex<Batches>);

#[derive(Debug, Default)]
struct Batches {
    list: VecDeque<Batch>,
    /// How many there were before these.
    count: u64,
}

/// Records of one append: they come one after the other.
#[derive(Debug)]
struct Batch {
    foresight: Foresight,
    /// Their columns, which are not completed.
    rows: Arc<Rows>,
    records: Vec<Bytes>,
    /// The one that comes next.
    next: usize,
}

impl Foreseen {
    pub(super) fn add(&self, rows: Rows, records: Vec<Bytes>) -> Foresight {
        debug_assert_eq!(rows.len(), records.len(), "each record is prepared once");
        let mut batches = self.lock();
        let number = batches.count;
        batches.count += 1;
        if batches.list.len() >= BATCHES_MAX {
            batches.list.pop_front();
        }
        if !records.is_empty() {
            let (foresight, rows) = (Foresight(number), Arc::new(rows));
            batches.list.push_back(Batch { foresight, rows, records, next: 0 });
        }
        Foresight(number)
    }

    /// Forgets a batch that does not come.
    pub(super) fn forget(&self, foresight: &Foresight) {
        self.lock().list.retain(|batch| batch.foresight != *foresight);
    }

    /// Adds the columns of records: those that are foreseen, and else by parsing them.
    pub(super) fn add_to(&self, rows: &mut Rows, records: &[Bytes]) {
        for (record, taken) in records.iter().zip(self.take(records)) {
            match taken {
                Some((of, row)) => rows.copy(of.row(row), record),
                None => with_fields(record, |fields| rows.add(fields, record)),
            }
        }
    }

    /// For each record the rows it is foreseen in, and its own among them. Others wait meanwhile, so
    /// nothing is parsed or copied here.
    fn take(&self, records: &[Bytes]) -> Vec<Option<(Arc<Rows>, usize)>> {
        let mut batches = self.lock();
        let batches = &mut batches.list;
        let take = |record| {
            let comes = |batch: &Batch| batch.records.get(batch.next) == Some(record);
            let at = batches.iter().position(comes)?;
            let batch = batches.get_mut(at)?;
            let taken = (Arc::clone(&batch.rows), batch.next);
            batch.next += 1;
            if batch.next == batch.records.len() {
                batches.remove(at);
            }
            Some(taken)
        };
        records.iter().map(take).collect()
    }

    /// How many records are still to come.
    pub(super) fn records(&self) -> u64 {
        self.lock().list.iter().map(|batch| (batch.records.len() - batch.next) as u64).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Batches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(foreseen.lock().list.len(), 1, "what came is forgotten");
    }

    #[test]
    fn what_does_not_come_is_forgotten_and_nothing_else() {
        let (foreseen, twice) = (Foreseen::default(), records(&["A", "B"]));
        let lost = foreseen.add(rows(&twice), twice.clone());
        // A second try of the same records.
        let comes = foreseen.add(rows(&twice), twice.clone());
        foreseen.forget(&lost);
        let left: Vec<_> =
            foreseen.lock().list.iter().map(|batch| batch.foresight == comes).collect();
        assert_eq!(left, [true]);
        added(&foreseen, &twice);
        foreseen.forget(&comes);
        assert!(foreseen.lock().list.is_empty());
    }

    #[test]
    fn nobody_waits_while_what_was_not_foreseen_is_parsed() {
        let (foreseen, come) = (Foreseen::default(), records(&["X", "A", "Y"]));
        let batch = records(&["A", "B"]);
        foreseen.add(rows(&batch), batch);
        let taken = foreseen.take(&come);
        // What is left to do needs nothing that others wait for.
        assert!(foreseen.0.try_lock().is_ok());
        assert_eq!(foreseen.records(), 1);
        assert_eq!(taken.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
        let (of, row) = taken[1].as_ref().unwrap();
        assert_eq!(of.row(*row).keys(), rows(&come[1..2]).row(0).keys());
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
        let batches = foreseen.lock();
        assert_eq!(batches.list.len(), BATCHES_MAX);
        assert_eq!(batches.list.front().unwrap().records, records(&["1"]));
    }
}
