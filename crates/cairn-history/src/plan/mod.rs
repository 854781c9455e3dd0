//! What a query looks for, compiled once: keys for the index, conditions for rows.

mod lookup;
mod objects;
mod scan;
mod search;

pub(crate) use lookup::LookupPlan;
pub(crate) use scan::Scan;
pub(crate) use search::SearchPlan;

use std::sync::Arc;

use cairn_event::RecordHead;

use crate::HistoryError;
use crate::index::RowList;
use crate::rows::RowRef;
use crate::slice::Slice;
use crate::tail::Chunk;

/// Where the candidate rows of a slice come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// There are none.
    Nothing,
    /// Lists of the index; rows are candidates until their record is checked.
    Lists(Vec<RowList>),
    /// Column by column; what passes is a hit.
    Scan,
}

/// A compiled query.
pub(crate) trait Plan: Sync {
    /// Hands the rows of a chunk that pass on.
    fn chunk_rows<'c>(&self, chunk: &'c Chunk, pass: &mut dyn FnMut(RowRef<'c>));

    /// Where to look in a slice.
    fn source(&self, slice: &Arc<Slice>) -> Result<Source, HistoryError>;

    /// Whether a record that the index named passes; without a head it is no JSON object.
    fn check(&self, record: &[u8], head: Option<&RecordHead<'_>>) -> bool;

    /// How to scan a slice's columns.
    fn scan(&self) -> Option<&Scan>;
}
