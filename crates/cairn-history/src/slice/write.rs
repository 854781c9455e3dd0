//! Writing a slice: the Parquet file, then the index, then their names.
//!
//! The index takes its name first. A Parquet file is what makes a slice, so a crash before its
//! rename leaves an index that belongs to nothing, and is removed at the next start.

use std::io::BufWriter;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::ParquetMetaData;

use crate::HistoryError;
use crate::blocks::Hashing;
use crate::disk::{Disk, NewSliceFile};
use crate::index::{
    IndexRest, IndexWriter, PARQUET_BLOCK_BYTES, Page, PlacesWriter, RowKeysWriter, SliceFacts,
};
use crate::key::Scope;

use super::name::SliceName;
use super::schema::{RECORD, SCHEMA, properties};

/// Takes the lists of an index.
pub(crate) type Lists<'w> = IndexWriter<BufWriter<&'w mut NewSliceFile>>;

/// Where the content of a slice comes from.
pub(crate) trait Content {
    /// The next rows, in the order of their places.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, HistoryError>;
    /// Hands on every key with its rows, in rising order.
    fn write_lists(&mut self, lists: &mut Lists<'_>) -> Result<(), HistoryError>;
    /// How many rows each cluster has but the last.
    fn cluster_rows(&self) -> u32;
    /// The place of every row; asked for when all rows were handed on.
    fn places(&mut self) -> PlacesWriter;
    /// Time and offset of every row.
    fn row_keys(&mut self) -> Result<RowKeysWriter, HistoryError>;
    /// Every scope that occurs, in rising order.
    fn scopes(&self) -> Result<Vec<Scope>, HistoryError>;
}

/// Both files of a slice, complete but without their names. Dropped, they leave nothing.
#[derive(Debug)]
pub(crate) struct UnpublishedSlice {
    pub name: SliceName,
    parquet: NewSliceFile,
    index: NewSliceFile,
}

/// Writes both files. `facts.parquet_bytes` is filled in.
pub(crate) fn write(
    disk: &Disk,
    directory: &Path,
    facts: &SliceFacts,
    content: &mut dyn Content,
) -> Result<UnpublishedSlice, HistoryError> {
    let name = SliceName { from: facts.from, to: facts.to };
    let mut parquet = disk.create(&name.parquet(directory))?;
    let mut hashing = Hashing::new(&mut parquet, PARQUET_BLOCK_BYTES);
    let metadata = write_parquet(&mut hashing, content)?;
    let (_, hashes) = hashing.finish();
    let parts = (record_pages(&metadata), hashes);
    drop(metadata);
    let facts = SliceFacts { parquet_bytes: parquet.bytes(), ..*facts };
    let mut index = disk.create(&name.index(directory))?;
    write_index(&mut index, facts, parts, content)?;
    Ok(UnpublishedSlice { name, parquet, index })
}

impl UnpublishedSlice {
    /// Gives both files their names, durably. After an error they may have them or not.
    pub(crate) fn publish(self, disk: &Disk) -> Result<(), HistoryError> {
        disk.publish(self.index)?;
        disk.publish(self.parquet)
    }
}

fn write_parquet(
    file: &mut Hashing<&mut NewSliceFile>,
    content: &mut dyn Content,
) -> Result<ParquetMetaData, HistoryError> {
    let failed = |source| HistoryError::parquet("write a Parquet file", source);
    let properties = properties().map_err(failed)?;
    let mut writer =
        ArrowWriter::try_new(file, SCHEMA.clone(), Some(properties)).map_err(failed)?;
    while let Some(batch) = content.next_batch()? {
        writer.write(&batch).map_err(failed)?;
    }
    writer.close().map_err(failed)
}

fn write_index(
    file: &mut NewSliceFile,
    facts: SliceFacts,
    (pages, parquet_hashes): (Vec<Page>, Vec<u8>),
    content: &mut dyn Content,
) -> Result<(), HistoryError> {
    let failed = |source| HistoryError::io("write an index file", source);
    let mut lists = IndexWriter::new(BufWriter::new(file), facts.rows()).map_err(failed)?;
    content.write_lists(&mut lists)?;
    let (row_keys, scopes) = (content.row_keys()?, content.scopes()?);
    let (cluster_rows, places) = (content.cluster_rows(), content.places());
    let rest = IndexRest { facts, row_keys, cluster_rows, places, pages, parquet_hashes, scopes };
    let out = lists.finish(&rest).map_err(failed)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(())
}

/// Where the pages of the `record` column are.
fn record_pages(metadata: &ParquetMetaData) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut rows_before = 0;
    let groups = metadata.row_groups().iter();
    for (group, index) in groups.zip(metadata.offset_index().into_iter().flatten()) {
        let locations = index.get(RECORD).map(|column| &column.page_locations()[..]);
        for location in locations.unwrap_or_default() {
            pages.push(Page {
                at: location.offset.cast_unsigned(),
                bytes: location.compressed_page_size.cast_unsigned(),
                first_place: (rows_before + location.first_row_index).cast_unsigned() as u32,
            });
        }
        rows_before += group.num_rows();
    }
    pages
}
