//! Writes frames into the last segment, and begins and finishes segments.

use std::io;
use std::sync::Arc;

use super::batch::Payload;
use super::catalog::{Extent, NEXT_SEGMENT, Segment, SparseIndex};
use super::format::{
    Chain, FLAG_SAME_COMMIT, FRAME_HEADER_BYTES, Footer, FrameHeader, SEGMENT_HEADER_BYTES,
    SegmentHeader,
};
use super::recent::RecentFrame;
use super::{LogHead, Shared};
use crate::files::File;
use crate::log::{LogError, Offset, is_full};

/// Space is set aside in such steps: a write into it changes no file length, so a sync costs less.
const ALLOCATE_BYTES: u64 = 8 << 20;
/// Space is set aside before less than this is left.
const RESERVE_BYTES: u64 = 1 << 20;
/// Space that was set aside is written with zeros in such steps, by a commit that pays for those
/// after it: a file system that finds the blocks written needs no journal of its own for the next
/// sync (ext4: 0.2 ms in place of 0.4 ms at the median, 0.4 ms in place of 1.5 ms at p99).
const ZERO_BYTES: u64 = 512 << 10;
/// Commits of more bytes go without: they are few, and would write everything twice.
const ZEROED_COMMIT_BYTES_MAX: usize = 64 << 10;
/// So much room for the bytes of a commit is kept for the next one.
const ROOM_BYTES_MAX: usize = 2 << 20;

/// The end of the log.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    segment_bytes_max: u64,
    /// The segment that takes frames; none after one was finished and before the next is begun.
    active: Option<Active>,
    next: u64,
    chain: Chain,
    last_ms: i64,
    failed: bool,
    can_allocate: bool,
    /// Space could not be set aside, and what was runs out.
    is_short: bool,
    /// Room for the bytes of the next commit. New room is cleared by the system, page by page.
    room: Vec<u8>,
}

/// The segment that takes frames.
#[derive(Debug)]
pub(crate) struct Active {
    pub file: Arc<dyn File>,
    pub segment: Arc<Segment>,
    pub data_end: u64,
    pub allocated_end: u64,
    /// Up to here the blocks are written, if only with zeros.
    pub zeroed_end: u64,
    pub frames: u64,
    pub raw_bytes: u64,
    pub first_ms: i64,
}

/// Frames as bytes, and what will hold once they are durable.
struct Commit {
    bytes: Vec<u8>,
    /// How many of the bytes are frames; the rest are zeros.
    frame_bytes: usize,
    next: u64,
    chain: Chain,
    appended_ms: i64,
    raw_bytes: u64,
    positions: Vec<(u64, u64)>,
    recent: Vec<RecentFrame>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        segment_bytes_max: u64,
        head: LogHead,
        last_ms: i64,
        active: Option<Active>,
    ) -> Self {
        let LogHead { next, chain } = head;
        let next = next.as_u64();
        Self {
            shared,
            segment_bytes_max,
            active,
            next,
            chain,
            last_ms,
            failed: false,
            can_allocate: true,
            is_short: false,
            room: Vec::new(),
        }
    }

    /// Whether a sync has failed, so that nothing more may be written.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether space runs out: commits still work, but soon will not.
    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }

    /// Writes and syncs the payloads as one commit; returns the first offset.
    pub(crate) fn commit(&mut self, payloads: Vec<Payload>) -> Result<u64, LogError> {
        let first = self.next;
        let at = self.ready()?.data_end;
        let mut commit = self.frames(payloads, at);
        let written = self.write(&mut commit);
        self.room = std::mem::take(&mut commit.bytes);
        self.room.clear();
        self.room.shrink_to(ROOM_BYTES_MAX);
        written?;
        let Some(active) = &mut self.active else { return Err(LogError::Closed) };
        if active.frames == 0 {
            active.first_ms = commit.appended_ms;
        }
        active.data_end += commit.frame_bytes as u64;
        active.frames += commit.positions.len() as u64;
        active.raw_bytes += commit.raw_bytes;
        active.segment.extend(commit.next, active.data_end, &commit.positions);
        (self.next, self.chain, self.last_ms) = (commit.next, commit.chain, commit.appended_ms);
        let head = LogHead { next: Offset::new(self.next), chain: self.chain };
        self.shared.publish(head, commit.recent);
        Ok(first)
    }

    /// Finishes the last segment, if there is anything in it.
    pub(crate) fn finish(&mut self) -> Result<(), LogError> {
        let Some(active) = self.active.take_if(|active| active.frames > 0) else { return Ok(()) };
        let footer = Footer {
            next: self.next,
            frames: active.frames,
            raw_bytes: active.raw_bytes,
            first_ms: active.first_ms,
            last_ms: self.last_ms,
            data_end: active.data_end,
            chain: self.chain,
        };
        let footer = footer.encode();
        if let Err(error) = active.file.write_at(&footer, active.data_end) {
            self.active = Some(active);
            return Err(self.retreat(error));
        }
        let end = active.data_end + footer.len() as u64;
        let finished = active.file.set_len(end).and_then(|()| active.file.sync_all());
        finished.map_err(|error| self.fail("finish a segment", error))
    }

    /// The segment into which the next commit goes.
    fn ready(&mut self) -> Result<&Active, LogError> {
        if self.failed {
            return Err(LogError::Closed);
        }
        let full = |active: &Active| active.data_end >= self.segment_bytes_max;
        if self.active.as_ref().is_some_and(full) {
            self.finish()?;
        }
        if self.active.is_none() {
            self.begin_segment()?;
        }
        self.active.as_ref().ok_or(LogError::Closed)
    }

    /// Begins a segment. It has its name only once its header is durable, and takes frames only
    /// once its name is.
    pub(crate) fn begin_segment(&mut self) -> Result<(), LogError> {
        let shared = Arc::clone(&self.shared);
        let created_ms = (shared.now.0)().as_ms().max(self.last_ms);
        let header = SegmentHeader { first: self.next, created_ms, previous: self.chain };
        let unfinished = shared.directory.join(NEXT_SEGMENT);
        let end = SEGMENT_HEADER_BYTES as u64;
        let extent = Extent {
            next: self.next,
            data_end: Some(end),
            index: Some(Arc::new(SparseIndex::default())),
        };
        let segment = Arc::new(Segment::new(&shared.directory, self.next, extent));
        let prepare = || {
            let file = shared.files.create(&unfinished)?;
            file.write_at(&header.encode(), 0)?;
            file.sync_all()?;
            shared.files.rename(&unfinished, &segment.path)?;
            Ok(file)
        };
        let file = prepare().map_err(|error| LogError::io("begin a segment", error))?;
        if let Err(error) = shared.files.sync_directory(&shared.directory) {
            return Err(self.fail("begin a segment", error));
        }
        shared.catalog.push(Arc::clone(&segment));
        self.active = Some(Active {
            file,
            segment,
            data_end: end,
            allocated_end: end,
            zeroed_end: end,
            frames: 0,
            raw_bytes: 0,
            first_ms: created_ms,
        });
        Ok(())
    }

    /// Lays payloads out as frames that follow what is there.
    fn frames(&mut self, payloads: Vec<Payload>, at: u64) -> Commit {
        let appended_ms = (self.shared.now.0)().as_ms().max(self.last_ms);
        let mut commit = Commit {
            bytes: std::mem::take(&mut self.room),
            frame_bytes: 0,
            next: self.next,
            chain: self.chain,
            appended_ms,
            raw_bytes: 0,
            positions: Vec::with_capacity(payloads.len()),
            recent: Vec::with_capacity(payloads.len()),
        };
        let frame_bytes = |payload: &Payload| FRAME_HEADER_BYTES + payload.stored.len();
        commit.bytes.reserve(payloads.iter().map(frame_bytes).sum());
        for Payload { records, raw, stored, crc } in payloads {
            let mut header = FrameHeader {
                flags: if commit.positions.is_empty() { 0 } else { FLAG_SAME_COMMIT },
                payload_bytes: stored.len() as u32,
                raw_bytes: raw.len() as u32,
                records,
                payload_crc: crc,
                first: commit.next,
                appended_ms,
                chain: commit.chain,
            };
            header.chain = header.chain_after(&commit.chain, &stored);
            commit.positions.push((header.first, at + commit.bytes.len() as u64));
            commit.bytes.extend_from_slice(&header.encode());
            commit.bytes.extend_from_slice(&stored);
            commit.next = header.next();
            commit.chain = header.chain;
            commit.raw_bytes += raw.len() as u64;
            commit.recent.push(RecentFrame { first: header.first, records, appended_ms, raw });
        }
        commit.frame_bytes = commit.bytes.len();
        commit
    }

    fn write(&mut self, commit: &mut Commit) -> Result<(), LogError> {
        self.set_space_aside(commit.frame_bytes as u64);
        let Some(active) = &mut self.active else { return Err(LogError::Closed) };
        active.add_zeros(commit);
        if let Err(error) = active.file.write_at(&commit.bytes, active.data_end) {
            return Err(self.retreat(error));
        }
        if let Err(error) = active.file.sync_data() {
            self.fail("sync a segment", io::Error::from(error.kind()));
            return Err(LogError::unknown(error));
        }
        Ok(())
    }

    /// Sets space aside for so many more bytes and a reserve. If that fails, the reserve is used up
    /// before a write fails, and [`Writer::is_short`] tells in time.
    fn set_space_aside(&mut self, bytes: u64) {
        let reserve = self.reserve();
        let Some(active) = &mut self.active else { return };
        let end = active.data_end.saturating_add(bytes).saturating_add(reserve);
        if end <= active.allocated_end {
            return;
        }
        if self.can_allocate {
            let more = (end - active.allocated_end).max(ALLOCATE_BYTES.min(self.segment_bytes_max));
            match active.file.allocate(active.allocated_end, more) {
                Ok(()) => {
                    (active.allocated_end, self.is_short) = (active.allocated_end + more, false);
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.can_allocate = false;
                }
                Err(error) => {
                    self.is_short = is_full(&error);
                    return;
                }
            }
        }
        self.write_space_aside(bytes);
    }

    /// Takes the reserve by writing it, behind the next bytes to come, where the device sets no space
    /// aside. It is synced by itself, since some (NFS) say only then that they are full. On a file
    /// system that writes nothing in place this promises less: it still says when it is full.
    fn write_space_aside(&mut self, bytes: u64) {
        let reserve = self.reserve();
        let Some(active) = &mut self.active else { return };
        let frames_end = active.data_end.saturating_add(bytes);
        let from = frames_end.max(active.allocated_end);
        // Twice as much as must be left: not every commit writes some.
        let end = frames_end.saturating_add(reserve.saturating_mul(2));
        let zeros = vec![0; end.saturating_sub(from) as usize];
        let written = active.file.write_at(&zeros, from).map_err(|error| (false, error));
        let synced = written.and_then(|()| active.file.sync_data().map_err(|error| (true, error)));
        let Err((is_unknown, error)) = synced else {
            (active.allocated_end, active.zeroed_end, self.is_short) = (end, end, false);
            return;
        };
        self.is_short = is_full(&error);
        // Zeros are all that can be left behind the space that there was, so nothing hangs on it.
        let _ = active.file.set_len(active.allocated_end);
        if is_unknown && !self.is_short {
            self.fail("sync a segment", error);
        }
    }

    /// How much space is kept ready behind the last frame.
    fn reserve(&self) -> u64 {
        RESERVE_BYTES.min(self.segment_bytes_max / 4)
    }

    /// Takes back what a failed write may have left, so that it can never be read. If that cannot
    /// be made certain, nothing more may be written.
    fn retreat(&mut self, cause: io::Error) -> LogError {
        let Some(active) = &mut self.active else { return LogError::Closed };
        let cut = active.file.set_len(active.data_end).and_then(|()| active.file.sync_all());
        (active.allocated_end, active.zeroed_end) = (active.data_end, active.data_end);
        match cut {
            Ok(()) => LogError::io("append to a segment", cause),
            Err(error) => {
                self.fail("cut a segment back", error);
                LogError::unknown(cause)
            }
        }
    }

    /// Notes that the state of the disk is not known any more.
    fn fail(&mut self, doing: &'static str, error: io::Error) -> LogError {
        tracing::error!(%error, doing, "the log takes no more records until it is opened anew");
        self.failed = true;
        self.active = None;
        LogError::Io { doing, source: Arc::new(error) }
    }
}

impl Active {
    /// Lets a small commit write zeros behind its frames, where there are none yet.
    fn add_zeros(&mut self, commit: &mut Commit) {
        let end = self.data_end + commit.frame_bytes as u64;
        let zeroed_end = (end + ZERO_BYTES).min(self.allocated_end);
        if commit.frame_bytes > ZEROED_COMMIT_BYTES_MAX
            || end <= self.zeroed_end
            || zeroed_end <= end
        {
            return;
        }
        commit.bytes.resize(commit.frame_bytes + (zeroed_end - end) as usize, 0);
        self.zeroed_end = zeroed_end;
    }
}
