//! What can go wrong with history, by what it means for the caller.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cairn_store::Offset;

/// Why history did not do as asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no room on the device. Nothing was published; it works again once there is room.
    #[error("no space is left for history")]
    Full,
    /// Records were given out of turn: something between was left out.
    #[error("history goes on at {expected}, and was given records from {given}")]
    OutOfTurn {
        /// The next offset that history takes.
        expected: Offset,
        /// The first offset that was given.
        given: Offset,
    },
    /// Two lists that belong together differ in length.
    #[error("{records} records came with {times} times")]
    Uneven {
        /// How many records.
        records: usize,
        /// How many times.
        times: usize,
    },
    /// The open tail holds all that it may; seal it first. Nothing was appended.
    #[error("the open tail of history is full at {records} records")]
    TailFull {
        /// How many records it holds.
        records: u64,
    },
    /// A file is not what was written.
    #[error("{} is damaged: {why}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not hold in it.
        why: &'static str,
    },
    /// Parquet could not be written or read.
    #[error("history could not {doing}")]
    Parquet {
        /// What was tried, as a verb with its object.
        doing: &'static str,
        /// What the library said.
        #[source]
        source: Arc<parquet::errors::ParquetError>,
    },
    /// The device failed. For a write, it is settled by looking again, which history does.
    #[error("history could not {doing}")]
    Io {
        /// What was tried, as a verb with its object.
        doing: &'static str,
        /// What the device said.
        #[source]
        source: Arc<io::Error>,
    },
}

impl HistoryError {
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        // What a checked read found, on its way through a library that knows only I/O errors.
        if let Some(found) = source.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return found.clone();
        }
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { doing, source: Arc::new(source) },
        }
    }

    pub(crate) fn parquet(doing: &'static str, source: parquet::errors::ParquetError) -> Self {
        if let parquet::errors::ParquetError::External(inner) = source {
            return match inner.downcast::<io::Error>() {
                Ok(error) => Self::io(doing, *error),
                Err(inner) => {
                    Self::parquet_kept(doing, parquet::errors::ParquetError::External(inner))
                }
            };
        }
        Self::parquet_kept(doing, source)
    }

    pub(crate) fn arrow(doing: &'static str, source: arrow::error::ArrowError) -> Self {
        Self::parquet(doing, parquet::errors::ParquetError::from(source))
    }

    fn parquet_kept(doing: &'static str, source: parquet::errors::ParquetError) -> Self {
        Self::Parquet { doing, source: Arc::new(source) }
    }
}
