//! Records as the payload of a frame: a table of lengths, then the records, compressed together.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::Flaw;
use crate::log::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX, LogError, RECORD_BYTES_MAX};

/// Bytes of one entry in the table of lengths.
const LENGTH_BYTES: usize = 4;
/// The most records in a frame.
pub(crate) const FRAME_RECORDS_MAX: usize = BATCH_RECORDS_MAX;
/// The most bytes in a frame's payload before compression.
pub(crate) const FRAME_RAW_BYTES_MAX: usize = BATCH_BYTES_MAX + LENGTH_BYTES * BATCH_RECORDS_MAX;
/// The most bytes in a frame's payload: what zstd makes of incompressible bytes, and some.
pub(crate) const FRAME_STORED_BYTES_MAX: usize = FRAME_RAW_BYTES_MAX + FRAME_RAW_BYTES_MAX / 128;

/// zstd at its fastest normal level: 1.4 µs a record, 8 times smaller.
const ZSTD_LEVEL: i32 = 1;
/// So much room is kept with a compressor.
const ROOM_BYTES_MAX: usize = 2 << 20;

/// A frame's payload, ready to be written wherever the log is by then.
#[derive(Debug)]
pub(crate) struct Payload {
    pub records: u32,
    pub raw: Bytes,
    pub stored: Vec<u8>,
    pub crc: u32,
}

/// Refuses what is beyond the limits; returns the bytes of all records.
pub(crate) fn check_limits<R: AsRef<[u8]>>(records: &[R]) -> Result<usize, LogError> {
    let lengths = || records.iter().map(|record| record.as_ref().len());
    let bytes = lengths().fold(0_usize, usize::saturating_add);
    let fits = records.len() <= BATCH_RECORDS_MAX
        && bytes <= BATCH_BYTES_MAX
        && lengths().all(|length| length <= RECORD_BYTES_MAX);
    if fits { Ok(bytes) } else { Err(LogError::TooLarge { bytes, records: records.len() }) }
}

/// Lays records out as a frame's payload before compression.
pub(crate) fn lay_out<'a>(records: impl Iterator<Item = &'a [u8]> + Clone) -> (u32, Bytes) {
    let (count, bytes) = records.clone().fold((0_usize, 0_usize), |(count, bytes), record| {
        (count + 1, bytes + LENGTH_BYTES + record.len())
    });
    let mut raw = Vec::with_capacity(bytes);
    for record in records.clone() {
        raw.extend_from_slice(&(record.len() as u32).to_le_bytes());
    }
    for record in records {
        raw.extend_from_slice(record);
    }
    (count as u32, Bytes::from(raw))
}

/// Takes a payload apart again; the records share its memory.
pub(crate) fn take_apart(raw: &Bytes, records: u32) -> Result<Vec<Bytes>, Flaw> {
    let table_bytes = records as usize * LENGTH_BYTES;
    let table = raw.get(..table_bytes).ok_or(Flaw::RecordTable)?;
    let mut taken = Vec::with_capacity(records as usize);
    let mut at = table_bytes;
    let (lengths, _) = table.as_chunks::<LENGTH_BYTES>();
    for length in lengths {
        let end = at.saturating_add(u32::from_le_bytes(*length) as usize);
        if end > raw.len() {
            return Err(Flaw::RecordTable);
        }
        taken.push(raw.slice(at..end));
        at = end;
    }
    if at == raw.len() { Ok(taken) } else { Err(Flaw::RecordTable) }
}

/// Compressors that threads share, since making one costs more than a small batch does.
#[derive(Default)]
pub(crate) struct Compressors(Mutex<Vec<Press>>);

/// A compressor and the room it writes to. The room is kept: it is as long as the worst case asks,
/// which is eight times what comes of it, and the system would clear each new page of it first.
struct Press {
    compressor: zstd::bulk::Compressor<'static>,
    room: Vec<u8>,
}

impl std::fmt::Debug for Compressors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressors")
    }
}

impl Compressors {
    /// Compresses a payload and sums it up.
    pub(crate) fn compress(&self, records: u32, raw: Bytes) -> Result<Payload, LogError> {
        let failed = |error| LogError::io("compress records", error);
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut press = match idle {
            Some(press) => press,
            None => Press {
                compressor: zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(failed)?,
                room: Vec::new(),
            },
        };
        press.room.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        press.compressor.compress_to_buffer(&raw, &mut press.room).map_err(failed)?;
        let stored = press.room.as_slice().to_vec();
        press.room.clear();
        press.room.shrink_to(ROOM_BYTES_MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(press);
        let crc = crc32fast::hash(&stored);
        Ok(Payload { records, raw, stored, crc })
    }
}

/// Expands a payload to exactly the length that its frame gives.
pub(crate) fn expand(stored: &[u8], raw_bytes: u32) -> Result<Bytes, Flaw> {
    let raw = zstd::bulk::decompress(stored, raw_bytes as usize).map_err(|_| Flaw::Compression)?;
    if raw.len() == raw_bytes as usize { Ok(Bytes::from(raw)) } else { Err(Flaw::Compression) }
}
