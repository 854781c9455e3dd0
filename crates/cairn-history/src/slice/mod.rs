//! A slice: a closed range of log offsets as one Parquet file and its index.

mod batch;
mod build;
mod checked;
pub(crate) mod cluster;
mod merge;
mod name;
mod open;
mod page;
pub(crate) mod record_text;
mod records;
pub(crate) mod schema;
mod write;

pub(crate) use build::Built;
pub(crate) use merge::{MERGE_SLICES_MAX, Merged};
pub(crate) use name::{FLOOR, INDEX, PARQUET, SliceName, floor, parse_offset};
pub(crate) use open::Slice;
pub(crate) use records::{Benches, RecordReader};
pub(crate) use write::{UnpublishedSlice, write};
