//! Changes of the set of closed slices: adopt, merge, expire.
//!
//! Each publishes first and changes what queries see after, so a crash between the two loses
//! nothing: the next start finds the published files. A publication that failed may have
//! persisted; its files are removed before the next try.

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_store::Offset;

use crate::HistoryError;
use crate::slice::{self, Merged, Slice, SliceName, UnpublishedSlice, floor};

use super::policy::{may_wait, next_merge};
use super::{BuiltSlice, History, SliceSummary, Unsettled, lock};

/// What is remembered from one step of upkeep to the next.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    unsettled: Unsettled,
    /// Slices that a merge could not read. They stay as they are until the next start.
    unreadable: BTreeSet<SliceName>,
}

impl History {
    /// Makes a built slice part of history. It must begin at `tail_next()`, and the open tail must
    /// be empty.
    pub fn adopt(&self, built: BuiltSlice) -> Result<SliceSummary, HistoryError> {
        let unsettled = &mut lock(&self.sealing).unsettled;
        let name = built.files.name;
        self.check_turn(name)?;
        unsettled.settle(&self.disk)?;
        let slice = self.publish(built.files, unsettled)?;
        let summary = SliceSummary::of(&slice);
        let mut state = self.write();
        state.covered = name.to;
        state.tail_next = name.to;
        Arc::make_mut(&mut state.slices).push(slice);
        self.tell(&state);
        Ok(summary)
    }

    fn check_turn(&self, name: SliceName) -> Result<(), HistoryError> {
        let state = self.read();
        if state.tail.records() > 0 || state.tail_next != name.from {
            let (expected, given) = (Offset::new(state.tail_next), Offset::new(name.from));
            return Err(HistoryError::OutOfTurn { expected, given });
        }
        Ok(())
    }

    /// Whether merges should wait, since records come so fast that they need the processor more than
    /// queries need fewer slices.
    pub fn merge_may_wait(&self, now: Timestamp) -> bool {
        let slices = Arc::clone(&self.read().slices);
        let facts: Vec<_> = slices.iter().map(|slice| *slice.facts()).collect();
        may_wait(&facts, now.as_ms())
    }

    /// Merges one group of small slices, if there is one. Memory is bounded by a few batches of
    /// each slice and some ten bytes a row. A slice that cannot be read is an error once; after that
    /// the others are merged around it.
    pub fn merge_step(&self) -> Result<Option<SliceSummary>, HistoryError> {
        let mut upkeep = lock(&self.upkeep);
        upkeep.unsettled.settle(&self.disk)?;
        let mut slices = self.read().slices.to_vec();
        slices.retain(|slice| !upkeep.unreadable.contains(&slice.name()));
        let facts: Vec<_> = slices.iter().map(|slice| *slice.facts()).collect();
        let Some(group) = next_merge(&facts, self.options.merged_rows_max) else { return Ok(None) };
        let sources = slices[group].to_vec();
        let merged = self.merge(&sources, &mut upkeep.unsettled);
        if let Err(error) = &merged {
            let unreadable = sources.iter().filter(|slice| slice.is_why(error));
            upkeep.unreadable.extend(unreadable.map(|slice| slice.name()));
        }
        let merged = merged?;
        let summary = SliceSummary::of(&merged);
        self.replace(&sources, Some(merged));
        self.remove(&sources, &mut upkeep.unsettled)?;
        Ok(Some(summary))
    }

    fn merge(
        &self,
        sources: &[Arc<Slice>],
        unsettled: &mut Unsettled,
    ) -> Result<Arc<Slice>, HistoryError> {
        let (mut content, facts) = Merged::new(sources.to_vec())?;
        let files = slice::write(&self.disk, &self.directory, &facts, &mut content)?;
        self.publish(files, unsettled)
    }

    /// Deletes slices that were recorded longer ago than the retention; returns how many.
    pub fn expire(&self, now: Timestamp) -> Result<u64, HistoryError> {
        let unsettled = &mut lock(&self.upkeep).unsettled;
        unsettled.settle(&self.disk)?;
        let Some(retention_ms) = self.options.retention_ms else { return Ok(0) };
        let oldest_ms = now.as_ms().saturating_sub(retention_ms);
        let slices = Arc::clone(&self.read().slices);
        let expired = slices.iter().take_while(|slice| slice.facts().recorded_ms_max < oldest_ms);
        let expired: Vec<_> = expired.cloned().collect();
        let Some(last) = expired.last().map(|slice| slice.facts().to) else { return Ok(0) };
        // The marker first: without it, a start with no slice left would read the log again.
        let marked = self.disk.create(&floor(&self.directory, last));
        match marked.and_then(|marker| self.disk.publish(marker)) {
            // A slice that is left says as much, and nothing else may make room.
            Err(HistoryError::Full) if expired.len() < slices.len() => {}
            marked => marked?,
        }
        self.replace(&expired, None);
        self.forget_damaged(last, unsettled);
        self.remove(&expired, unsettled)?;
        Ok(expired.len() as u64)
    }

    /// Forgets slices that could not be opened and that end here or before: they are expired.
    fn forget_damaged(&self, end: u64, unsettled: &mut Unsettled) {
        self.write().damaged.retain(|(name, _)| {
            if name.to <= end {
                unsettled.add(&self.directory, *name);
            }
            name.to > end
        });
    }

    /// Gives a slice its name and opens it.
    pub(super) fn publish(
        &self,
        files: UnpublishedSlice,
        unsettled: &mut Unsettled,
    ) -> Result<Arc<Slice>, HistoryError> {
        let name = files.name;
        let published = files
            .publish(&self.disk)
            .and_then(|()| Slice::open(&self.directory, name, &self.benches));
        if published.is_err() {
            unsettled.add(&self.directory, name);
        }
        published.map(Arc::new)
    }

    /// Takes slices out of what queries see, with another in their place.
    fn replace(&self, out: &[Arc<Slice>], with: Option<Arc<Slice>>) {
        let mut state = self.write();
        let mut slices = state.slices.as_ref().clone();
        slices.retain(|slice| !out.iter().any(|gone| Arc::ptr_eq(gone, slice)));
        slices.extend(with);
        slices.sort_unstable_by_key(|slice| slice.name());
        state.slices = Arc::new(slices);
    }

    /// Deletes the files of slices that queries do not see any more.
    fn remove(&self, slices: &[Arc<Slice>], unsettled: &mut Unsettled) -> Result<(), HistoryError> {
        for slice in slices {
            unsettled.add(&self.directory, slice.name());
        }
        unsettled.settle(&self.disk)
    }
}
