//! Where each row lies in the Parquet file.

use std::ops::Range;

use crate::HistoryError;
use crate::slice::cluster;

use super::head::Part;
use super::{IndexFile, PLACE_BYTES};

/// Takes the places of all rows, cluster by cluster.
#[derive(Debug, Default)]
pub(crate) struct PlacesWriter {
    pub(super) bytes: Vec<u8>,
}

impl PlacesWriter {
    /// Adds the next cluster, given which of its rows lies at each of its places.
    pub(crate) fn cluster(&mut self, order: &[u16]) {
        // An order has each row once. One that had not would lack places, and never be opened.
        for place in cluster::inverse(order).unwrap_or_default() {
            self.bytes.extend_from_slice(&place.to_le_bytes());
        }
    }
}

impl IndexFile {
    /// How many rows each cluster has but the last.
    pub(crate) fn cluster_rows(&self) -> u32 {
        self.head().cluster_rows
    }

    /// The rows of the cluster that a row is in.
    pub(crate) fn cluster_of(&self, row: u32) -> Range<u32> {
        let first = row / self.cluster_rows() * self.cluster_rows();
        first..(first + self.cluster_rows()).min(self.head().facts.rows() as u32)
    }

    /// The place of each row of a range, counted from the first row of its cluster.
    pub(crate) fn places(&self, rows: Range<u32>) -> Result<Vec<u16>, HistoryError> {
        if !self.head().has_places() {
            return Ok(rows.map(|row| (row % self.cluster_rows()) as u16).collect());
        }
        let section = self.head().section(Part::Places);
        let (from, to) = (u64::from(rows.start) * PLACE_BYTES, u64::from(rows.end) * PLACE_BYTES);
        if from > to || to > section.bytes {
            return Err(self.corrupt("it has no place for a row"));
        }
        let bytes = self.read(section.at + from, (to - from) as usize)?;
        let pairs = bytes.as_chunks().0;
        Ok(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
    }

    /// Which row lies at each place of a cluster, both counted from its first row.
    pub(crate) fn cluster(&self, rows: Range<u32>) -> Result<Vec<u16>, HistoryError> {
        let rows = cluster::inverse(&self.places(rows)?);
        rows.ok_or_else(|| self.corrupt("two rows have one place"))
    }
}
