//! Time and offset of each row, some two bytes a row.

use cairn_store::Offset;

use crate::Position;
use crate::varint;

/// Rows to a block.
pub(crate) const BLOCK_ROWS: u32 = 256;
/// The length of a block's entry in the directory.
pub(super) const BLOCK_ENTRY_BYTES: usize = 20;

/// Takes the rows' keys in rising order.
#[derive(Debug)]
pub(crate) struct RowKeysWriter {
    unit_ms: u64,
    rows: u64,
    last: Position,
    pub(super) directory: Vec<u8>,
    pub(super) keys: Vec<u8>,
}

impl RowKeysWriter {
    /// For times that are all multiples of a second, or not.
    pub(crate) fn new(whole_seconds: bool) -> Self {
        Self {
            unit_ms: if whole_seconds { 1_000 } else { 1 },
            rows: 0,
            last: Position { event_time_ms: 0, offset: Offset::ZERO },
            directory: Vec::new(),
            keys: Vec::new(),
        }
    }

    pub(super) fn unit_ms(&self) -> u64 {
        self.unit_ms
    }

    pub(crate) fn push(&mut self, row: Position) {
        if self.rows.is_multiple_of(u64::from(BLOCK_ROWS)) {
            self.directory.extend_from_slice(&row.event_time_ms.to_le_bytes());
            self.directory.extend_from_slice(&row.offset.as_u64().to_le_bytes());
            self.directory.extend_from_slice(&(self.keys.len() as u32).to_le_bytes());
        } else {
            let later = row.event_time_ms.abs_diff(self.last.event_time_ms) / self.unit_ms;
            varint::put(&mut self.keys, later);
            // Most often the next record in time is the next in the log: nothing to add.
            let expected = self.last.offset.as_u64().wrapping_add(1);
            let beside = row.offset.as_u64().wrapping_sub(expected).cast_signed();
            varint::put(&mut self.keys, varint::zigzag(beside));
        }
        self.rows += 1;
        self.last = row;
    }
}

/// The first row of a block, and where the others begin.
pub(super) fn block_entry(directory: &[u8], block: usize) -> Option<(Position, u32)> {
    let entry = directory.get(block * BLOCK_ENTRY_BYTES..(block + 1) * BLOCK_ENTRY_BYTES)?;
    let (time, rest) = entry.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (at, _) = rest.split_first_chunk()?;
    let first = Position {
        event_time_ms: i64::from_le_bytes(*time),
        offset: Offset::new(u64::from_le_bytes(*offset)),
    };
    Some((first, u32::from_le_bytes(*at)))
}

/// The first rows of a block, given the keys from where its entry points.
pub(super) fn decode_block(
    first: Position,
    mut keys: &[u8],
    rows: u32,
    unit_ms: u64,
) -> Option<Vec<Position>> {
    let mut row = first;
    let mut all = Vec::with_capacity(rows as usize);
    all.push(row);
    for _ in 1..rows {
        let later = varint::take(&mut keys)?.checked_mul(unit_ms)?;
        let beside = varint::unzigzag(varint::take(&mut keys)?);
        row.event_time_ms = row.event_time_ms.checked_add_unsigned(later)?;
        let expected = row.offset.as_u64().wrapping_add(1);
        row.offset = Offset::new(expected.wrapping_add(beside.cast_unsigned()));
        all.push(row);
    }
    Some(all)
}
