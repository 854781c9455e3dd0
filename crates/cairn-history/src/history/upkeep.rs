//! Changes of the set of slices: seal, adopt, merge, expire.
//!
//! Each publishes first and changes what queries see after, so a crash between the two loses
//! nothing: the next start finds the published files. A publication that failed may have
//! persisted; its files are removed before the next try.

use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_store::Offset;

use crate::HistoryError;
use crate::slice::{self, Built, Merged, Slice, SliceName, UnpublishedSlice, floor};

use super::policy::{may_wait, next_merge};
use super::{BuiltSlice, History, SliceSummary, Unsettled, lock};

impl History {
    /// Closes the open tail into a slice; `None` if it is empty.
    pub fn seal(&self) -> Result<Option<SliceSummary>, HistoryError> {
        let mut sealing = lock(&self.sealing);
        let chunks = self.write().tail.freeze();
        let runs: Vec<_> = chunks.iter().map(|chunk| &chunk.rows).collect();
        let Some((mut content, facts)) = Built::new(&runs) else { return Ok(None) };
        sealing.settle(&self.disk)?;
        let files = slice::write(&self.disk, &self.directory, &facts, &mut content)?;
        let slice = self.publish(files, &mut sealing)?;
        let summary = SliceSummary::of(&slice);
        let mut state = self.write();
        state.covered = facts.to;
        Arc::make_mut(&mut state.slices).push(slice);
        state.tail.drop_first(chunks.len());
        Ok(Some(summary))
    }

    /// Makes a built slice part of history. It must begin at `tail_next()`, and the open tail must
    /// be empty.
    pub fn adopt(&self, built: BuiltSlice) -> Result<SliceSummary, HistoryError> {
        let mut sealing = lock(&self.sealing);
        let name = built.files.name;
        self.check_turn(name)?;
        sealing.settle(&self.disk)?;
        let slice = self.publish(built.files, &mut sealing)?;
        let summary = SliceSummary::of(&slice);
        let mut state = self.write();
        state.covered = name.to;
        state.tail_next = name.to;
        Arc::make_mut(&mut state.slices).push(slice);
        drop(state);
        self.next.send_replace(name.to);
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
    /// each slice and some ten bytes a row.
    pub fn merge_step(&self) -> Result<Option<SliceSummary>, HistoryError> {
        let mut upkeep = lock(&self.upkeep);
        upkeep.settle(&self.disk)?;
        let slices = Arc::clone(&self.read().slices);
        let facts: Vec<_> = slices.iter().map(|slice| *slice.facts()).collect();
        let Some(group) = next_merge(&facts, self.options.merged_rows_max) else { return Ok(None) };
        let sources = slices[group].to_vec();
        let (mut content, facts) = Merged::new(sources.clone())?;
        let files = slice::write(&self.disk, &self.directory, &facts, &mut content)?;
        let merged = self.publish(files, &mut upkeep)?;
        let summary = SliceSummary::of(&merged);
        self.replace(&sources, Some(merged));
        self.remove(&sources, &mut upkeep)?;
        Ok(Some(summary))
    }

    /// Deletes slices that were recorded longer ago than the retention; returns how many.
    pub fn expire(&self, now: Timestamp) -> Result<u64, HistoryError> {
        let mut upkeep = lock(&self.upkeep);
        upkeep.settle(&self.disk)?;
        let Some(retention_ms) = self.options.retention_ms else { return Ok(0) };
        let oldest_ms = now.as_ms().saturating_sub(retention_ms);
        let slices = Arc::clone(&self.read().slices);
        let expired = slices.iter().take_while(|slice| slice.facts().recorded_ms_max < oldest_ms);
        let expired: Vec<_> = expired.cloned().collect();
        let Some(last) = expired.last() else { return Ok(0) };
        // The marker first: without it, a start with no slice left would read the log again.
        let marker = self.disk.create(&floor(&self.directory, last.facts().to))?;
        self.disk.publish(marker)?;
        self.replace(&expired, None);
        self.remove(&expired, &mut upkeep)?;
        Ok(expired.len() as u64)
    }

    /// Gives a slice its name and opens it.
    fn publish(
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
    fn remove(&self, slices: &[Arc<Slice>], upkeep: &mut Unsettled) -> Result<(), HistoryError> {
        for slice in slices {
            upkeep.add(&self.directory, slice.name());
        }
        upkeep.settle(&self.disk)
    }
}
