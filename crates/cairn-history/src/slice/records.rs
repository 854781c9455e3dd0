//! Fetching records of a slice by row.

use std::sync::{Arc, Mutex, PoisonError};

use crate::HistoryError;

use super::open::Slice;
use super::page::{Bench, value};
use super::record_text;

/// How many benches are kept while nobody works at them: those of a few queries at once.
const BENCHES_KEPT: usize = 8;

/// Room for pages, shared by all slices of a history.
#[derive(Default)]
pub(crate) struct Benches {
    free: Mutex<Vec<Bench>>,
}

impl std::fmt::Debug for Benches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Benches")
    }
}

impl Benches {
    fn take(&self) -> Result<Bench, HistoryError> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let start = |source| HistoryError::io("start zstd", source);
        free.map_or_else(|| Bench::new().map_err(start), Ok)
    }

    fn give_back(&self, mut bench: Bench) {
        bench.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < BENCHES_KEPT && bench.is_usual() {
            free.push(bench);
        }
    }
}

/// Rows to a block of places: what one read of the index gives.
const PLACES_BLOCK: u32 = 1_024;

/// Fetches records of one slice, and keeps the last few pages for the next one.
pub(crate) struct RecordReader {
    slice: Arc<Slice>,
    bench: Option<Bench>,
    /// The places of a block of rows, and its first row.
    places: Option<(u32, Vec<u16>)>,
}

impl RecordReader {
    pub(crate) fn new(slice: Arc<Slice>) -> Self {
        Self { slice, bench: None, places: None }
    }

    /// Whether a row's record is this one.
    pub(crate) fn is(&mut self, row: u32, record: &[u8]) -> Result<bool, HistoryError> {
        self.look_at_record(row, |there| there == record)
    }

    /// Looks at the record of a row, without a copy.
    pub(crate) fn look_at_record<T>(
        &mut self,
        row: u32,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, HistoryError> {
        self.look(row, |text| look(&record_text::decode(text)))
    }

    /// Looks at the text of a row's record, without a copy.
    pub(crate) fn look<T>(
        &mut self,
        row: u32,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, HistoryError> {
        let place = self.place(row)?;
        let slice = &self.slice;
        let resident = slice.index.resident()?;
        let broken = || slice.index.corrupt("it has no page for a row");
        let number = resident.page_of(place).ok_or_else(broken)?;
        let page = resident.page(number).ok_or_else(broken)?;
        let bench = match &mut self.bench {
            Some(bench) => bench,
            bench => bench.insert(slice.benches().take()?),
        };
        let read = |file: &mut Vec<u8>| Ok(slice.read(page.at, page.bytes as usize, file)?);
        let values = bench.page(number, read).map_err(|failed: Unopened| failed.of(slice))?;
        let text = value(values, place - page.first_place);
        text.map(look).map_err(|why| slice.corrupt(why))
    }

    /// The place of a row in the Parquet file: records are read cheapest in rising order of it.
    pub(crate) fn place(&mut self, row: u32) -> Result<u32, HistoryError> {
        let first = row / PLACES_BLOCK * PLACES_BLOCK;
        let places = match &mut self.places {
            Some((of, places)) if *of == first => places,
            places => {
                let end = (first + PLACES_BLOCK).min(self.slice.facts().rows() as u32);
                let read = self.slice.index.places(first..end)?;
                &mut places.insert((first, read)).1
            }
        };
        let place = places.get((row - first) as usize);
        let place = place.ok_or_else(|| self.slice.index.corrupt("it has no place for a row"))?;
        Ok(self.slice.index.cluster_of(row).start + u32::from(*place))
    }
}

/// Why a page did not open.
enum Unopened {
    Page(&'static str),
    Read(HistoryError),
}

impl From<&'static str> for Unopened {
    fn from(why: &'static str) -> Self {
        Self::Page(why)
    }
}

impl From<HistoryError> for Unopened {
    fn from(source: HistoryError) -> Self {
        Self::Read(source)
    }
}

impl Unopened {
    fn of(self, slice: &Slice) -> HistoryError {
        match self {
            Self::Page(why) => slice.corrupt(why),
            Self::Read(source) => source,
        }
    }
}

impl Drop for RecordReader {
    fn drop(&mut self) {
        if let Some(bench) = self.bench.take() {
            self.slice.benches().give_back(bench);
        }
    }
}
