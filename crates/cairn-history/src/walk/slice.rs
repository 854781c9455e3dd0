//! Newest first over one slice.

use std::sync::Arc;

use cairn_event::RecordHead;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use crate::index::{ROW_KEYS_BLOCK, RowList};
use crate::plan::{self, Plan};
use crate::slice::{RecordReader, Slice};
use crate::{HistoryError, Position};

use super::{Head, Show, Window};

/// Rows of the first block of a scan; each further one is twice as long.
const SCAN_ROWS_MIN: u32 = 16_384;
/// Rows of the longest block.
const SCAN_ROWS_MAX: u32 = 262_144;
/// What checking a record in vain counts for, in rows of a scan.
const CHECKED_ROWS: u64 = 64;

/// A slice under way.
pub(super) struct SliceWalk {
    slice: Arc<Slice>,
    rows: Option<Rows>,
    records: Option<RecordReader>,
    /// The Parquet footer, if columns were scanned.
    footer: Option<ArrowReaderMetadata>,
    keys: Option<(u32, Vec<Position>)>,
    /// The lowest row of the window.
    low: u32,
}

/// Where the next rows come from.
enum Rows {
    /// The lists, and the next row of each, which is the highest that is not taken.
    Lists(Vec<(RowList, Option<u32>)>),
    Scan {
        /// Rows from here on are scanned.
        high: u32,
        /// Rows that passed, lowest first.
        passed: Vec<u32>,
        /// How many rows the next block has.
        block: u32,
    },
}

impl SliceWalk {
    pub(super) fn new(slice: Arc<Slice>) -> Self {
        Self { slice, rows: None, records: None, footer: None, keys: None, low: 0 }
    }

    /// Whether its rows come from the index, and their records are still to be checked.
    pub(super) fn is_unchecked(&self) -> bool {
        matches!(self.rows, Some(Rows::Lists(_)))
    }

    /// Gives the room for records back. What is asked for next opens its page again.
    pub(super) fn close_records(&mut self) {
        self.records = None;
    }

    /// Opens the slice, or scans a block.
    pub(super) fn refine(
        &mut self,
        plan: &dyn Plan,
        window: Window,
        rows_left: u64,
        rows_scanned: &mut u64,
    ) -> Result<Head, HistoryError> {
        if self.rows.is_none() {
            return self.open(plan, window);
        }
        if let Some(scan) = plan.scan() {
            self.scan(scan, rows_left, rows_scanned)?;
        }
        self.head()
    }

    fn open(&mut self, plan: &dyn Plan, window: Window) -> Result<Head, HistoryError> {
        let source = plan.source(&self.slice)?;
        if matches!(source, plan::Source::Nothing) {
            return Ok(Head::Done);
        }
        self.low = self.slice.index.rows_before(window.low)?;
        let high = self.slice.index.rows_before(window.high)?;
        if self.low >= high {
            return Ok(Head::Done);
        }
        let rows = match source {
            plan::Source::Nothing => return Ok(Head::Done),
            plan::Source::Scan => Rows::Scan { high, passed: Vec::new(), block: SCAN_ROWS_MIN },
            plan::Source::Lists(lists) => {
                let mut open = Vec::with_capacity(lists.len());
                for mut list in lists {
                    list.skip_above(high - 1)?;
                    let next = list.next()?;
                    open.push((list, next));
                }
                Rows::Lists(open)
            }
        };
        self.rows = Some(rows);
        self.head()
    }

    fn scan(
        &mut self,
        scan: &plan::Scan,
        rows_left: u64,
        rows_scanned: &mut u64,
    ) -> Result<(), HistoryError> {
        let Some(Rows::Scan { high, passed, block }) = &mut self.rows else { return Ok(()) };
        let length = (*block).min(u32::try_from(rows_left.max(1)).unwrap_or(u32::MAX));
        let from = high.saturating_sub(length).max(self.low);
        // Where it can, a block begins with a cluster, so that none is read twice.
        let cluster = self.slice.index.cluster_rows();
        let from = Some(from.next_multiple_of(cluster)).filter(|at| at < high).unwrap_or(from);
        let records = match &mut self.records {
            Some(records) => records,
            records => records.insert(RecordReader::new(Arc::clone(&self.slice))),
        };
        *passed = scan.block(&self.slice, records, &mut self.footer, from..*high)?;
        *rows_scanned += u64::from(*high - from);
        *high = from;
        *block = block.saturating_mul(2).min(SCAN_ROWS_MAX);
        Ok(())
    }

    /// The next row, or what bounds it.
    pub(super) fn head(&mut self) -> Result<Head, HistoryError> {
        let (row, exact) = match &self.rows {
            None => return Ok(Head::Done),
            Some(Rows::Lists(lists)) => (lists.iter().filter_map(|(_, next)| *next).max(), true),
            Some(Rows::Scan { high, passed, .. }) => match passed.last() {
                Some(row) => (Some(*row), true),
                None => (high.checked_sub(1), false),
            },
        };
        let Some(row) = row.filter(|row| *row >= self.low) else { return Ok(Head::Done) };
        let at = self.position(row)?;
        Ok(if exact { Head::Row(at) } else { Head::Bound(at) })
    }

    /// Takes the next row and shows its record, if that passes; whether it does.
    pub(super) fn take(
        &mut self,
        plan: &dyn Plan,
        rows_scanned: &mut u64,
        show: &mut Show<'_>,
    ) -> Result<bool, HistoryError> {
        let (row, unchecked) = match &mut self.rows {
            None => return Ok(false),
            Some(Rows::Lists(lists)) => (take_highest(lists)?, true),
            Some(Rows::Scan { passed, .. }) => (passed.pop(), false),
        };
        let Some(row) = row else { return Ok(false) };
        let records = match &mut self.records {
            Some(records) => records,
            records => records.insert(RecordReader::new(Arc::clone(&self.slice))),
        };
        let passes = records.look_at_record(row, |record| {
            let head = if unchecked { RecordHead::parse(record).ok() } else { None };
            let passes = !unchecked || plan.check(record, head.as_ref());
            if passes {
                show(record, head.as_ref());
            }
            passes
        })?;
        *rows_scanned += if passes { 0 } else { CHECKED_ROWS };
        Ok(passes)
    }

    fn position(&mut self, row: u32) -> Result<Position, HistoryError> {
        let (block, at) = (row / ROW_KEYS_BLOCK, row % ROW_KEYS_BLOCK);
        // A walk goes down, so the rows above are not asked for.
        let keys = match self.keys.take() {
            Some((known, keys)) if known == block && keys.len() > at as usize => keys,
            _ => self.slice.index.row_keys(block, at + 1)?,
        };
        let at = keys.get(at as usize).copied();
        self.keys = Some((block, keys));
        at.ok_or_else(|| self.slice.index.corrupt("a row has no key"))
    }
}

/// Takes the highest row of several lists; one that several hold is taken once.
fn take_highest(lists: &mut [(RowList, Option<u32>)]) -> Result<Option<u32>, HistoryError> {
    let Some(row) = lists.iter().filter_map(|(_, next)| *next).max() else { return Ok(None) };
    for (list, next) in lists {
        if *next == Some(row) {
            *next = list.next()?;
        }
    }
    Ok(Some(row))
}
