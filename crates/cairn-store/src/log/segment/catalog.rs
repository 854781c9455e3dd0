//! Which segments there are, and where in them which offsets lie.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::SEGMENT_HEADER_BYTES;

/// The ending of a segment's file name.
pub(crate) const SEGMENT_SUFFIX: &str = ".seg";
/// The name under which the next segment is prepared.
pub(crate) const NEXT_SEGMENT: &str = "next.unfinished";
/// Digits of the first offset in a segment's file name, so that names sort as offsets do.
const NAME_DIGITS: usize = 20;
/// The index keeps one position for so many bytes of a segment.
const INDEX_STRIDE_BYTES: u64 = 256 << 10;

/// The file name of the segment that begins at an offset.
pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:0NAME_DIGITS$}{SEGMENT_SUFFIX}")
}

/// The offset at which the segment of this file name begins.
pub(crate) fn parse_segment_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    let plain = digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// Positions of some frames of a segment, by the offset of their first record.
#[derive(Clone, Debug, Default)]
pub(crate) struct SparseIndex {
    entries: Vec<(u64, u64)>,
    indexed_to: u64,
}

impl SparseIndex {
    /// Takes note of a frame, if the last noted one is far enough behind. In file order.
    pub(crate) fn note(&mut self, first: u64, at: u64) {
        if self.entries.is_empty() || at >= self.indexed_to {
            self.entries.push((first, at));
            self.indexed_to = at.saturating_add(INDEX_STRIDE_BYTES);
        }
    }

    /// Where to begin to look for an offset.
    pub(crate) fn start_for(&self, offset: u64) -> u64 {
        let after = self.entries.partition_point(|(first, _)| *first <= offset);
        let entry = after.checked_sub(1).and_then(|index| self.entries.get(index));
        entry.map_or(SEGMENT_HEADER_BYTES as u64, |(_, at)| *at)
    }
}

/// One segment, as readers see it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub first: u64,
    pub path: PathBuf,
    inner: Mutex<Extent>,
}

/// What of a segment is committed. It grows while the segment is the last one.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    /// The offset after its last committed record.
    pub next: u64,
    /// Where its committed frames end; not known for a finished one until it is read.
    pub data_end: Option<u64>,
    /// Not known for a finished one until it is read.
    pub index: Option<Arc<SparseIndex>>,
}

impl Segment {
    pub(crate) fn new(directory: &Path, first: u64, extent: Extent) -> Self {
        Self { first, path: directory.join(segment_name(first)), inner: Mutex::new(extent) }
    }

    pub(crate) fn name(&self) -> String {
        segment_name(self.first)
    }

    pub(crate) fn extent(&self) -> Extent {
        self.lock().clone()
    }

    pub(crate) fn set_extent(&self, extent: Extent) {
        *self.lock() = extent;
    }

    /// Takes note of frames that were committed: their first offsets and positions.
    pub(crate) fn extend(&self, next: u64, data_end: u64, frames: &[(u64, u64)]) {
        let mut extent = self.lock();
        extent.next = next;
        extent.data_end = Some(data_end);
        let index = Arc::make_mut(extent.index.get_or_insert_default());
        for (first, at) in frames {
            index.note(*first, *at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Extent> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kept segments in offset order. Never empty while the log is open.
#[derive(Debug, Default)]
pub(crate) struct Catalog(Mutex<VecDeque<Arc<Segment>>>);

impl Catalog {
    pub(crate) fn push(&self, segment: Arc<Segment>) {
        self.lock().push_back(segment);
    }

    /// Takes the oldest segment out, if all of it is below `before` and another one follows.
    pub(crate) fn pop_below(&self, before: u64) -> Option<Arc<Segment>> {
        let mut segments = self.lock();
        let next = segments.get(1)?.first;
        if next <= before { segments.pop_front() } else { None }
    }

    pub(crate) fn put_back(&self, segment: Arc<Segment>) {
        self.lock().push_front(segment);
    }

    pub(crate) fn first(&self) -> u64 {
        self.lock().front().map_or(0, |segment| segment.first)
    }

    /// The segment that has, or will have, an offset.
    pub(crate) fn find(&self, offset: u64) -> Option<Arc<Segment>> {
        let segments = self.lock();
        let after = segments.partition_point(|segment| segment.first <= offset);
        after.checked_sub(1).and_then(|index| segments.get(index)).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Segment>> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Segment>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{SparseIndex, parse_segment_name, segment_name};

    #[test]
    fn names_sort_as_offsets_do() {
        assert_eq!(parse_segment_name(&segment_name(0)), Some(0));
        assert_eq!(parse_segment_name(&segment_name(u64::MAX)), Some(u64::MAX));
        assert!(segment_name(9) < segment_name(10));
        for other in ["1.seg", "next.unfinished", "+0000000000000000001.seg", "", ".seg"] {
            assert_eq!(parse_segment_name(other), None, "{other}");
        }
    }

    #[test]
    fn the_index_leads_to_the_last_frame_noted_before_an_offset() {
        let mut index = SparseIndex::default();
        assert_eq!(index.start_for(7), 72);
        index.note(10, 72);
        index.note(20, 1_000);
        index.note(30, 400_000);
        assert_eq!(
            [9, 10, 25, 30, 99].map(|offset| index.start_for(offset)),
            [72, 72, 72, 400_000, 400_000]
        );
    }
}
