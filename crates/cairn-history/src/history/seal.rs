//! From the open tail into a slice.
//!
//! What is sealed is the whole tail, unless room is short: then it is the first half of it, or of
//! that, down to one chunk, so that history goes on as long as there is any room. A slice is a
//! prefix of the tail either way. A name that is given up for a shorter one may be there all the
//! same; its files are gone before another is tried, or the two would overlap.

use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_store::Offset;

use crate::HistoryError;
use crate::slice::{self, Built};
use crate::tail::Chunk;

use super::{History, SliceSummary, Unsettled, lock};

/// So many records of an open tail are read from the log again at a start without anybody noticing.
const REREAD_RECORDS_MAX: u64 = 8_192;

/// What is remembered from one seal to the next.
#[derive(Debug)]
pub(super) struct Sealing {
    pub(super) unsettled: Unsettled,
    /// For more than so many chunks there was no room. It doubles with each slice that is written: a
    /// try that fails takes all the room there is for its time, and others need it, too.
    chunks_max: usize,
}

impl Default for Sealing {
    fn default() -> Self {
        Self { unsettled: Unsettled::default(), chunks_max: usize::MAX }
    }
}

impl History {
    /// Whether the open tail should be sealed: it is large, or its oldest record is old.
    pub fn seal_due(&self, now: Timestamp) -> bool {
        let state = self.read();
        let age = state.tail.recorded_ms_min().map(|oldest| now.as_ms().saturating_sub(oldest));
        let is_due = state.tail.records() >= self.options.slice_records_max
            || state.tail.record_bytes() >= self.options.slice_bytes_max
            || age.is_some_and(|age| age >= self.options.slice_age_ms_max);
        drop(state);
        if age.is_some_and(|age| age < 0) {
            // The clock was set back: its age counts from now.
            self.write().tail.recorded_by(now.as_ms());
        }
        is_due
    }

    /// Closes the open tail into a slice, or the first part of it if there is no room for all;
    /// `None` if it is empty.
    pub fn seal(&self) -> Result<Option<SliceSummary>, HistoryError> {
        let mut sealing = lock(&self.sealing);
        let chunks = self.write().tail.freeze(sealing.chunks_max);
        let sealed = self.seal_what_fits(&chunks, &mut sealing);
        match &sealed {
            Ok(_) => self.note_room(true),
            Err(HistoryError::Full) => self.note_room(false),
            // Nothing is known of room.
            Err(_) => {}
        }
        sealed
    }

    /// Seals the open tail if it is long: the next start would read all of it from the log again, and
    /// hold it in memory. For the end of a process; `None` if there was nothing to do.
    pub fn seal_before_end(&self) -> Result<Option<SliceSummary>, HistoryError> {
        let is_long = self.read().tail.records() > REREAD_RECORDS_MAX;
        if is_long { self.seal() } else { Ok(None) }
    }

    fn seal_what_fits(
        &self,
        chunks: &[Arc<Chunk>],
        sealing: &mut Sealing,
    ) -> Result<Option<SliceSummary>, HistoryError> {
        let mut count = chunks.len();
        loop {
            let sealed = self.seal_first(&chunks[..count], &mut sealing.unsettled);
            match sealed {
                Err(HistoryError::Full) => sealing.chunks_max = (count / 2).max(1),
                Err(_) => return sealed,
                Ok(_) => {
                    sealing.chunks_max = sealing.chunks_max.saturating_mul(2);
                    return sealed;
                }
            }
            if count <= 1 {
                return sealed;
            }
            count = sealing.chunks_max;
        }
    }

    fn seal_first(
        &self,
        chunks: &[Arc<Chunk>],
        unsettled: &mut Unsettled,
    ) -> Result<Option<SliceSummary>, HistoryError> {
        unsettled.settle(&self.disk)?;
        let runs: Vec<_> = chunks.iter().map(|chunk| &chunk.rows).collect();
        let Some((mut content, facts)) = Built::new(&runs) else { return Ok(None) };
        let files = slice::write(&self.disk, &self.directory, &facts, &mut content)?;
        let slice = self.publish(files, unsettled)?;
        let summary = SliceSummary::of(&slice);
        let mut state = self.write();
        state.covered = facts.to;
        Arc::make_mut(&mut state.slices).push(slice);
        state.tail.drop_first(chunks.len());
        self.tell(&state);
        Ok(Some(summary))
    }

    fn note_room(&self, has_room: bool) {
        let mut state = self.write();
        state.lacks_room = !has_room;
        self.tell(&state);
    }

    /// Ends the chunk that grows, long before it is full.
    #[cfg(test)]
    pub(crate) fn close_chunk(&self) {
        self.write().tail.freeze(usize::MAX);
    }

    /// Goes on at a later offset, because the log does not have the records before it any more.
    /// What is in the tail is sealed first. Going back is not possible, and changes nothing.
    pub fn skip_to(&self, offset: Offset) -> Result<(), HistoryError> {
        while self.seal()?.is_some() {}
        let _sealing = lock(&self.sealing);
        let mut state = self.write();
        if state.tail.records() == 0 && state.tail_next < offset.as_u64() {
            state.tail_next = offset.as_u64();
            state.covered = offset.as_u64();
            self.tell(&state);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::REREAD_RECORDS_MAX;
    use crate::{History, HistoryOptions};

    #[test]
    fn a_tail_is_sealed_before_the_end_if_it_is_long() {
        let directory = tempfile::tempdir().unwrap();
        let history = History::open(directory.path(), HistoryOptions::default()).unwrap();
        let append = |count: u64| {
            let record = Bytes::from_static(br#"{"eventVersion":"1.11"}"#);
            let records = vec![record; count as usize];
            history.append(history.tail_next(), &records, &vec![0; records.len()]).unwrap();
        };
        append(REREAD_RECORDS_MAX);
        assert_eq!(history.seal_before_end().unwrap(), None);
        append(1);
        assert!(history.seal_before_end().unwrap().is_some());
        assert_eq!(history.covered(), history.tail_next());
    }
}
