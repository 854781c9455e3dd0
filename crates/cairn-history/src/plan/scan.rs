//! Looking at a slice's columns, a block of rows at a time.

use arrow::array::{Array, AsArray, BooleanArray, ListArray, RecordBatch, StringArray};
use cairn_event::Category;
use memchr::memmem::Finder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection, RowSelector};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use crate::fields::{CATEGORIES, Columns, TEXTS, passes, text_index};
use crate::slice::{RecordReader, Slice, schema};
use crate::{Field, Filter, HistoryError};

use super::objects;

/// The conditions of a scan, and the columns that they need.
#[derive(Debug)]
pub(crate) struct Scan {
    filters: Vec<Filter>,
    /// What columns only tell from what cannot pass.
    objects: Vec<Filter>,
    texts: Vec<Finder<'static>>,
    /// Columns by their place in the schema, in rising order.
    columns: Vec<usize>,
}

impl Scan {
    pub(crate) fn new(filters: &[Filter], objects: &[Filter], texts: Vec<Finder<'static>>) -> Self {
        let of_objects = (!objects.is_empty()).then_some(objects::FIELDS).into_iter().flatten();
        let fields = filters.iter().map(|filter| filter.field).chain(of_objects);
        let mut columns: Vec<_> = fields.map(column).collect();
        columns.sort_unstable();
        columns.dedup();
        Self { filters: filters.to_vec(), objects: objects.to_vec(), texts, columns }
    }

    /// Whether columns alone do not say what passes.
    pub(crate) fn needs_records(&self) -> bool {
        !self.texts.is_empty() || !self.objects.is_empty()
    }

    /// What the record's own bytes must hold.
    pub(crate) fn texts(&self) -> &[Finder<'static>] {
        &self.texts
    }

    /// The rows of a range that pass, lowest first. `footer` is that of the Parquet file, read at
    /// the first block that needs it.
    pub(crate) fn block(
        &self,
        slice: &Slice,
        records: &mut RecordReader,
        footer: &mut Option<ArrowReaderMetadata>,
        rows: std::ops::Range<u32>,
    ) -> Result<Vec<u32>, HistoryError> {
        let mut passed = if self.columns.is_empty() {
            rows.collect()
        } else {
            let footer = match footer {
                Some(footer) => footer,
                footer => footer.insert(slice.footer(PageIndexPolicy::Optional)?),
            };
            self.by_columns(slice, footer, rows)?
        };
        if self.needs_records() {
            self.by_record(records, &mut passed)?;
        }
        Ok(passed)
    }

    fn by_columns(
        &self,
        slice: &Slice,
        footer: &ArrowReaderMetadata,
        rows: std::ops::Range<u32>,
    ) -> Result<Vec<u32>, HistoryError> {
        let Some(last) = rows.end.checked_sub(1).filter(|_| !rows.is_empty()) else {
            return Ok(Vec::new());
        };
        // The rows of a cluster lie all over it, so clusters are read as a whole.
        let index = &slice.index;
        let places = index.cluster_of(rows.start).start..index.cluster_of(last).end;
        let builder = slice.columns(footer.clone());
        let (groups, before) = groups_of(builder.metadata(), &places);
        let selection =
            RowSelection::from(vec![RowSelector::skip(before), RowSelector::select(places.len())]);
        let mask = ProjectionMask::roots(builder.parquet_schema(), self.columns.iter().copied());
        let reader = builder
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_projection(mask)
            .with_batch_size(index.cluster_rows() as usize)
            .build()
            .map_err(|source| slice.unread(source))?;
        let mut passed = Vec::new();
        let mut first = places.start;
        for batch in reader {
            let batch = batch.map_err(|source| slice.unread_rows(source))?;
            let cluster = index.cluster(index.cluster_of(first))?;
            if batch.num_rows() != cluster.len() {
                return Err(slice.corrupt("a cluster has another number of rows"));
            }
            let columns = BatchColumns::new(&batch, &self.columns);
            let passing = cluster.iter().enumerate();
            let passing = passing.filter(|(place, _)| self.passes(&columns.row(*place)));
            let numbers = passing.map(|(_, row)| first + u32::from(*row));
            passed.extend(numbers.filter(|row| rows.contains(row)));
            first += batch.num_rows() as u32;
        }
        if first != places.end {
            return Err(slice.corrupt("it has too few rows"));
        }
        passed.sort_unstable();
        Ok(passed)
    }

    fn passes(&self, row: &BatchRow<'_>) -> bool {
        self.filters.iter().all(|filter| passes(row, filter))
            && self.objects.iter().all(|filter| objects::may_pass(row, filter))
    }

    fn by_record(
        &self,
        records: &mut RecordReader,
        rows: &mut Vec<u32>,
    ) -> Result<(), HistoryError> {
        let placed = rows.iter().map(|row| Ok((records.place(*row)?, *row)));
        let mut placed = placed.collect::<Result<Vec<_>, HistoryError>>()?;
        placed.sort_unstable();
        rows.clear();
        for (_, row) in placed {
            let holds = |record: &[u8]| {
                self.texts.iter().all(|wanted| wanted.find(record).is_some())
                    && objects::all_pass(record, &self.objects)
            };
            if records.look(row, holds)? {
                rows.push(row);
            }
        }
        rows.sort_unstable();
        Ok(())
    }
}

/// The row groups that hold these rows, and how many rows of them come before.
fn groups_of(metadata: &ParquetMetaData, rows: &std::ops::Range<u32>) -> (Vec<usize>, usize) {
    let (mut groups, mut before, mut first) = (Vec::new(), 0, 0);
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let end = first + group.num_rows().cast_unsigned();
        if end > u64::from(rows.start) && first < u64::from(rows.end) {
            if groups.is_empty() {
                before = (u64::from(rows.start) - first) as usize;
            }
            groups.push(number);
        }
        first = end;
    }
    (groups, before)
}

/// The place of a field's column in the schema.
fn column(field: Field) -> usize {
    match field {
        Field::Category => schema::CATEGORY,
        Field::ReadOnly => schema::READ_ONLY,
        Field::ResourceType => schema::RESOURCE_TYPES,
        Field::ResourceName => schema::RESOURCE_NAMES,
        text => schema::FIRST_TEXT + text_index(text).unwrap_or_default(),
    }
}

/// The columns of a batch that were read.
struct BatchColumns<'b> {
    category: Option<&'b StringArray>,
    read_only: Option<&'b BooleanArray>,
    texts: [Option<&'b StringArray>; TEXTS],
    resource_types: Option<&'b ListArray>,
    resource_names: Option<&'b ListArray>,
}

impl<'b> BatchColumns<'b> {
    fn new(batch: &'b RecordBatch, columns: &[usize]) -> Self {
        let read = |wanted: usize| {
            let at = columns.iter().position(|column| *column == wanted)?;
            batch.columns().get(at)
        };
        Self {
            category: read(schema::CATEGORY).and_then(|column| column.as_string_opt()),
            read_only: read(schema::READ_ONLY).and_then(|column| column.as_boolean_opt()),
            texts: std::array::from_fn(|text| {
                read(schema::FIRST_TEXT + text).and_then(|column| column.as_string_opt())
            }),
            resource_types: read(schema::RESOURCE_TYPES).and_then(|column| column.as_list_opt()),
            resource_names: read(schema::RESOURCE_NAMES).and_then(|column| column.as_list_opt()),
        }
    }

    fn row(&self, row: usize) -> BatchRow<'_> {
        BatchRow { columns: self, row }
    }
}

/// One row of a batch.
struct BatchRow<'b> {
    columns: &'b BatchColumns<'b>,
    row: usize,
}

impl Columns for BatchRow<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        let column = self.columns.texts[index]?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    fn category(&self) -> Category {
        let text = self.columns.category.map(|column| column.value(self.row));
        let known = CATEGORIES.iter().find(|(_, known)| Some(*known) == text);
        known.map_or(Category::Other, |(category, _)| *category)
    }

    fn read_only(&self) -> Option<bool> {
        let column = self.columns.read_only?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    fn any_resource(&self, names: bool, pass: &mut dyn FnMut(&str) -> bool) -> bool {
        let lists = if names { self.columns.resource_names } else { self.columns.resource_types };
        let Some(lists) = lists else { return false };
        let values = lists.value(self.row);
        let Some(values) = values.as_string_opt::<i32>() else { return false };
        values.iter().flatten().any(pass)
    }
}
