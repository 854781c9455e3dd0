//! Reads committed records from the disk.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::Shared;
use super::batch::{expand, take_apart};
use super::catalog::{Extent, Segment, SparseIndex};
use super::format::{FrameHeader, SEGMENT_HEADER_BYTES};
use super::walk::{Stop, Walk, WalkError};
use crate::files::File;
use crate::log::{Flaw, LogError, LogSlice, Offset, ReadLimit};

/// A slice that is being filled, up to a limit.
#[derive(Debug)]
pub(crate) struct Gathering {
    slice: LogSlice,
    limit: ReadLimit,
    bytes: usize,
}

impl Gathering {
    pub(crate) fn new(from: u64, limit: ReadLimit) -> Self {
        Self { slice: LogSlice::empty(Offset::new(from)), limit, bytes: 0 }
    }

    /// Adds the records of a frame that are wanted; `true` once the limit is reached.
    pub(crate) fn add(&mut self, first: u64, records: Vec<Bytes>, appended_ms: i64) -> bool {
        let skip = self.next().saturating_sub(first) as usize;
        for record in records.into_iter().skip(skip) {
            let bytes = self.bytes.saturating_add(record.len());
            let full =
                self.slice.records.len() >= self.limit.records_max || bytes > self.limit.bytes_max;
            if full && !self.slice.records.is_empty() {
                return true;
            }
            self.bytes = bytes;
            self.slice.records.push(record);
            self.slice.appended_ms.push(appended_ms);
            self.slice.next = self.slice.next.plus(1);
        }
        self.slice.records.len() >= self.limit.records_max || self.bytes >= self.limit.bytes_max
    }

    fn next(&self) -> u64 {
        self.slice.next.as_u64()
    }

    pub(crate) fn finish(self) -> LogSlice {
        self.slice
    }
}

/// Reads committed records from an offset on. Blocks.
pub(crate) fn read(shared: &Shared, from: u64, limit: ReadLimit) -> Result<LogSlice, LogError> {
    let mut from = from;
    loop {
        match gather(shared, from, limit) {
            // The segment went away under our hands: it has expired.
            Err(LogError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && shared.catalog.first() > from =>
            {
                from = shared.catalog.first();
            }
            other => return other,
        }
    }
}

fn gather(shared: &Shared, from: u64, limit: ReadLimit) -> Result<LogSlice, LogError> {
    let committed = shared.committed();
    let mut gathering = Gathering::new(from, limit);
    while gathering.next() < committed {
        let Some(segment) = shared.catalog.find(gathering.next()) else { break };
        let before = gathering.next();
        let full = gather_segment(shared, &segment, &mut gathering)?;
        if full || gathering.next() == before {
            break;
        }
    }
    Ok(gathering.finish())
}

fn gather_segment(
    shared: &Shared,
    segment: &Arc<Segment>,
    gathering: &mut Gathering,
) -> Result<bool, LogError> {
    let failed = |error| LogError::io("read a segment", error);
    let file = shared.files.open(&segment.path).map_err(failed)?;
    let (index, data_end, next) = index_of(segment, &file)?;
    let mut walk = Walk::new(file, data_end);
    walk.go_to(index.start_for(gathering.next()));
    while walk.at() < data_end {
        let at_byte = walk.at();
        let corrupt = |why| LogError::Corrupt { segment: segment.name(), at_byte, why };
        let header = match walk.stop().map_err(failed)? {
            Stop::Frame(header) => header,
            Stop::Flawed(flaw) => return Err(corrupt(flaw)),
            Stop::Footer(_) | Stop::End | Stop::Unused => return Err(corrupt(Flaw::CutShort)),
        };
        if header.first > gathering.next() {
            let expected = gathering.next();
            return Err(corrupt(Flaw::Offsets { expected, found: header.first }));
        }
        if header.next() > gathering.next() {
            let records = records_of(&mut walk, &header).map_err(|error| match error {
                WalkError::Io(error) => failed(error),
                WalkError::Flawed(flaw) => corrupt(flaw),
            })?;
            if gathering.add(header.first, records, header.appended_ms) {
                return Ok(true);
            }
        }
        walk.pass(&header);
    }
    if gathering.next() < next {
        let (segment, why) = (segment.name(), Flaw::CutShort);
        return Err(LogError::Corrupt { segment, at_byte: data_end, why });
    }
    Ok(false)
}

/// The records of the frame at which a walk stands.
pub(crate) fn records_of(walk: &mut Walk, header: &FrameHeader) -> Result<Vec<Bytes>, WalkError> {
    let payload = walk.payload(header)?;
    let raw = expand(payload, header.raw_bytes).map_err(WalkError::Flawed)?;
    take_apart(&raw, header.records).map_err(WalkError::Flawed)
}

/// Where things are in a segment: its index, where its frames end, and the offset after them. What
/// is not known of a finished one is found by a walk over its frame headers when it is first read.
fn index_of(
    segment: &Segment,
    file: &Arc<dyn File>,
) -> Result<(Arc<SparseIndex>, u64, u64), LogError> {
    let extent = segment.extent();
    if let (Some(index), Some(data_end)) = (extent.index, extent.data_end) {
        return Ok((index, data_end, extent.next));
    }
    let failed = |error| LogError::io("read a segment", error);
    let mut walk = Walk::new(Arc::clone(file), file.len().map_err(failed)?);
    let corrupt = |at_byte, why| LogError::Corrupt { segment: segment.name(), at_byte, why };
    walk.segment_header().map_err(|error| match error {
        WalkError::Io(error) => failed(error),
        WalkError::Flawed(flaw) => corrupt(0, flaw),
    })?;
    let mut index = SparseIndex::default();
    loop {
        match walk.stop().map_err(failed)? {
            Stop::Frame(header) => {
                index.note(header.first, walk.at());
                walk.pass(&header);
            }
            // A flaw stays where it is, for whoever reads as far as that.
            Stop::Flawed(_) => {
                let data_end = file.len().map_err(failed)?;
                return Ok((Arc::new(index), data_end, extent.next));
            }
            Stop::Footer(_) | Stop::End | Stop::Unused => break,
        }
    }
    let (index, data_end) = (Arc::new(index), walk.at());
    segment.set_extent(Extent {
        next: extent.next,
        data_end: Some(data_end),
        index: Some(Arc::clone(&index)),
    });
    Ok((index, data_end, extent.next))
}

/// The offset below which every record was appended before a moment, by whole segments. A segment
/// is begun after everything before it was appended, so its header tells.
pub(crate) fn expirable_before(shared: &Shared, moment_ms: i64) -> Result<u64, LogError> {
    let failed = |error| LogError::io("read a segment", error);
    let mut boundary = shared.catalog.first();
    for segment in shared.catalog.all().into_iter().skip(1) {
        let file = shared.files.open(&segment.path).map_err(failed)?;
        let mut walk = Walk::new(file, SEGMENT_HEADER_BYTES as u64);
        let header = walk.segment_header().map_err(|error| match error {
            WalkError::Io(error) => failed(error),
            WalkError::Flawed(why) => {
                LogError::Corrupt { segment: segment.name(), at_byte: 0, why }
            }
        })?;
        if header.created_ms >= moment_ms {
            break;
        }
        boundary = segment.first;
    }
    Ok(boundary)
}
