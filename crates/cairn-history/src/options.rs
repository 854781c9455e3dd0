//! What history may use.

/// The most records in the open tail before it is due to be sealed.
pub const TAIL_RECORDS_MAX: u64 = 100_000;
/// The most record bytes in the open tail before it is due to be sealed.
pub const TAIL_BYTES_MAX: u64 = 128 << 20;
/// How long a record waits in the open tail before it is due to be sealed.
pub const TAIL_AGE_MS_MAX: i64 = 15 * 60 * 1_000;
/// About how many rows a merged slice has at most.
pub const MERGED_ROWS_MAX: u64 = 1_500_000;
/// How long records are kept, counted from when they were recorded: 90 days, as AWS does.
pub const RETENTION_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// How much history holds in memory, how large its files grow, and how long it keeps records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryOptions {
    /// The open tail is due to be sealed at this many records; it takes up to twice as many.
    pub slice_records_max: u64,
    /// The open tail is due to be sealed at this many record bytes; it takes up to twice as many.
    pub slice_bytes_max: u64,
    /// The open tail is due to be sealed when its oldest record was recorded this long ago.
    pub slice_age_ms_max: i64,
    /// Slices are merged up to about this many rows.
    pub merged_rows_max: u64,
    /// A slice is deleted when its newest record was *recorded* longer ago than this (so imported
    /// old records stay as long as new ones). `None`: never.
    pub retention_ms: Option<i64>,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            slice_records_max: TAIL_RECORDS_MAX,
            slice_bytes_max: TAIL_BYTES_MAX,
            slice_age_ms_max: TAIL_AGE_MS_MAX,
            merged_rows_max: MERGED_ROWS_MAX,
            retention_ms: Some(RETENTION_MS),
        }
    }
}
