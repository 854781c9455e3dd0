//! Which records history has already, byte for byte: what an import into a running server asks of
//! each record.
//!
//! A record is looked for under its `eventID`, and then compared as a whole: two records that share
//! an id but differ otherwise are both new. What history has not is told from memory (an index of
//! the tail, a filter of each slice), but for one question in forty.

use std::sync::Arc;

use bytes::Bytes;
use cairn_event::RecordHead;

use crate::fields::class_of;
use crate::key::ScopeHash;
use crate::slice::{RecordReader, Slice};
use crate::tail::Chunk;
use crate::{AttributeKey, HistoryError};

use super::History;

/// Where a record is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKey(u64);

impl RecordKey {
    /// The key of a record; `None` if it has no `eventID`.
    pub fn of(head: &RecordHead<'_>) -> Option<Self> {
        let id = head.event_id.as_deref()?;
        let (account, region) = (head.account(), head.aws_region.as_deref());
        let class = class_of(head.category());
        let scope = ScopeHash::new(class, account.unwrap_or_default(), region.unwrap_or_default());
        Some(Self(scope.key(AttributeKey::EventId, id)))
    }
}

impl History {
    /// Which of these records it shows, byte for byte. Sees what is taken in by now; reads from disk
    /// where a record may be.
    pub fn knows(&self, asked: &[(RecordKey, &Bytes)]) -> Result<Vec<bool>, HistoryError> {
        let mut known = vec![false; asked.len()];
        let state = self.read();
        let slices = Arc::clone(&state.slices);
        let closed = state.tail.closed().to_vec();
        // The one chunk that grows: looked through while nothing is added.
        look_in_chunk(state.tail.current(), asked, &mut known);
        drop(state);
        for chunk in &closed {
            look_in_chunk(chunk, asked, &mut known);
        }
        for slice in slices.iter() {
            let mut maybe = Vec::new();
            for (index, (key, _)) in asked.iter().enumerate() {
                if known.get(index).is_some_and(|known| !known)
                    && let Some(mut rows) = slice.index.rows_of(key.0)?
                {
                    while let Some(row) = rows.next()? {
                        maybe.push((row, index));
                    }
                }
            }
            compare(slice, maybe, asked, &mut known)?;
        }
        Ok(known)
    }
}

fn look_in_chunk(chunk: &Chunk, asked: &[(RecordKey, &Bytes)], known: &mut [bool]) {
    for ((key, record), known) in asked.iter().zip(known) {
        *known = *known || chunk.rows_of(key.0).any(|row| row.record() == *record);
    }
}

/// Compares records in the order in which they lie, so that each page is expanded once.
fn compare(
    slice: &Arc<Slice>,
    mut rows: Vec<(u32, usize)>,
    asked: &[(RecordKey, &Bytes)],
    known: &mut [bool],
) -> Result<(), HistoryError> {
    rows.sort_unstable();
    let mut records = RecordReader::new(Arc::clone(slice));
    let placed = rows.iter().map(|(row, number)| Ok((records.place(*row)?, *row, *number)));
    let mut placed = placed.collect::<Result<Vec<_>, HistoryError>>()?;
    placed.sort_unstable();
    for (_, row, number) in placed {
        if let (Some((_, wanted)), Some(known)) = (asked.get(number), known.get_mut(number)) {
            *known = *known || records.is(row, wanted)?;
        }
    }
    Ok(())
}
