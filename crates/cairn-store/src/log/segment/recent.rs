//! The newest records, in memory: whoever follows the log reads no disk.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::batch::take_apart;
use super::reader::Gathering;
use crate::log::ReadLimit;

/// What a frame costs beyond its payload, roughly.
const ENTRY_BYTES: usize = 96;

/// A frame's payload as it was before compression.
#[derive(Clone, Debug)]
pub(crate) struct RecentFrame {
    pub first: u64,
    pub records: u32,
    pub appended_ms: i64,
    pub raw: Bytes,
}

impl RecentFrame {
    fn next(&self) -> u64 {
        self.first.saturating_add(u64::from(self.records))
    }

    fn cost(&self) -> usize {
        self.raw.len() + ENTRY_BYTES
    }
}

/// The newest committed frames, without gaps, up to a limit of bytes.
#[derive(Debug)]
pub(crate) struct Recent {
    bytes_max: usize,
    frames: Mutex<Frames>,
}

#[derive(Debug, Default)]
struct Frames {
    queue: VecDeque<RecentFrame>,
    bytes: usize,
}

impl Recent {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, frames: Mutex::default() }
    }

    pub(crate) fn push(&self, frame: RecentFrame) {
        let mut frames = self.lock();
        frames.bytes += frame.cost();
        frames.queue.push_back(frame);
        while frames.bytes > self.bytes_max {
            let Some(oldest) = frames.queue.pop_front() else { break };
            frames.bytes = frames.bytes.saturating_sub(oldest.cost());
        }
    }

    /// Records from an offset on; `None` if that is no longer, or not yet, in memory.
    pub(crate) fn read(&self, from: u64, limit: ReadLimit) -> Option<Gathering> {
        let mut gathering = Gathering::new(from, limit);
        for frame in self.frames_from(from, limit)? {
            let records = take_apart(&frame.raw, frame.records).ok()?;
            if gathering.add(frame.first, records, frame.appended_ms) {
                break;
            }
        }
        Some(gathering)
    }

    /// The frames that a read may need. The lock is held no longer than it takes to clone these.
    fn frames_from(&self, from: u64, limit: ReadLimit) -> Option<Vec<RecentFrame>> {
        let frames = self.lock();
        if frames.queue.front()?.first > from {
            return None;
        }
        let start = frames.queue.partition_point(|frame| frame.next() <= from);
        let mut records_left = limit.records_max as u64;
        let mut bytes_left = limit.bytes_max;
        let mut found: Vec<RecentFrame> = Vec::new();
        for frame in frames.queue.iter().skip(start) {
            if !found.is_empty() && (records_left == 0 || bytes_left == 0) {
                break;
            }
            let useful = frame.next().saturating_sub(frame.first.max(from));
            records_left = records_left.saturating_sub(useful);
            if !found.is_empty() {
                bytes_left = bytes_left.saturating_sub(frame.raw.len());
            }
            found.push(frame.clone());
        }
        if found.is_empty() { None } else { Some(found) }
    }

    fn lock(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
