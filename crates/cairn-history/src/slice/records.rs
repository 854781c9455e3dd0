//! Fetching records of a slice by row.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::HistoryError;

use super::open::Slice;
use super::page::{Bench, OpenPage};
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

    fn give_back(&self, bench: Bench) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < BENCHES_KEPT && bench.is_usual() {
            free.push(bench);
        }
    }
}

/// Fetches records of one slice, and keeps the last page for the next one.
pub(crate) struct RecordReader {
    slice: Arc<Slice>,
    page: Option<(Range<u32>, OpenPage)>,
}

impl RecordReader {
    pub(crate) fn new(slice: Arc<Slice>) -> Self {
        Self { slice, page: None }
    }

    /// The record of a row.
    pub(crate) fn record(&mut self, row: u32) -> Result<Bytes, HistoryError> {
        self.look(row, record_text::decode)
    }

    /// Looks at the text of a row's record, without a copy.
    pub(crate) fn look<T>(
        &mut self,
        row: u32,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, HistoryError> {
        let (rows, mut page) = match self.page.take() {
            Some((rows, page)) if rows.contains(&row) => (rows, page),
            Some((_, page)) => self.open_page(row, page.bench)?,
            None => self.open_page(row, self.slice.benches().take()?)?,
        };
        let text = page.value(row - rows.start);
        let looked = text.map(look).map_err(|why| self.slice.corrupt(why))?;
        self.page = Some((rows, page));
        Ok(looked)
    }

    fn open_page(
        &self,
        row: u32,
        mut bench: Bench,
    ) -> Result<(Range<u32>, OpenPage), HistoryError> {
        let slice = &self.slice;
        let resident = slice.index.resident()?;
        let broken = || slice.index.corrupt("it has no page for a row");
        let number = resident.page_of(row).ok_or_else(broken)?;
        let place = resident.page(number).ok_or_else(broken)?;
        let next = resident.page(number + 1).map(|next| next.first_row);
        let end = next.unwrap_or(slice.facts().rows() as u32).max(place.first_row);
        slice.read(place.at, place.bytes as usize, &mut bench.page)?;
        let page = OpenPage::new(bench).map_err(|why| slice.corrupt(why))?;
        Ok((place.first_row..end, page))
    }
}

impl Drop for RecordReader {
    fn drop(&mut self) {
        if let Some((_, page)) = self.page.take() {
            self.slice.benches().give_back(page.bench);
        }
    }
}
