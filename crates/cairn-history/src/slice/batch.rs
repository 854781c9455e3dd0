//! Rows in memory as Arrow batches, in the order in which a slice has them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow::error::ArrowError;

use crate::fields::{Columns, TEXTS, category_text};
use crate::rows::RowRef;

use super::record_text;
use super::schema::{SCHEMA, list_item};

/// Rows to a batch: enough to be cheap, and few enough that an allocator keeps room for their records at
/// hand (a longer piece comes from the system, which clears it).
pub(crate) const BATCH_ROWS: usize = 256;

/// Builders for one batch.
struct Builders {
    event_time: TimestampMillisecondBuilder,
    log_offset: Int64Builder,
    recorded_time: TimestampMillisecondBuilder,
    category: StringBuilder,
    read_only: BooleanBuilder,
    texts: [StringBuilder; TEXTS],
    resource_types: ListBuilder<StringBuilder>,
    resource_names: ListBuilder<StringBuilder>,
    record: StringBuilder,
}

/// The batch of these rows.
pub(crate) fn batch(rows: &[RowRef<'_>]) -> Result<RecordBatch, ArrowError> {
    let mut builders = Builders::with_capacity(rows);
    for row in rows {
        builders.push(*row);
    }
    builders.finish()
}

impl Builders {
    fn with_capacity(rows: &[RowRef<'_>]) -> Self {
        let count = rows.len();
        let bytes = rows.iter().map(|row| row.record().len()).sum();
        let times = || TimestampMillisecondBuilder::with_capacity(count).with_timezone("UTC");
        let list = || ListBuilder::new(StringBuilder::new()).with_field(list_item());
        Self {
            event_time: times(),
            log_offset: Int64Builder::with_capacity(count),
            recorded_time: times(),
            category: StringBuilder::with_capacity(count, count * 10),
            read_only: BooleanBuilder::with_capacity(count),
            texts: std::array::from_fn(|_| StringBuilder::with_capacity(count, count * 16)),
            resource_types: list(),
            resource_names: list(),
            record: StringBuilder::with_capacity(count, bytes),
        }
    }

    fn push(&mut self, row: RowRef<'_>) {
        let columns = row.decode();
        self.event_time.append_value(row.event_time_ms());
        self.log_offset.append_value(row.offset().cast_signed());
        self.recorded_time.append_value(row.recorded_ms());
        self.category.append_value(category_text(row.category()));
        self.read_only.append_option(row.read_only());
        for (builder, text) in self.texts.iter_mut().zip(columns.texts) {
            builder.append_option(text);
        }
        for (kind, name) in columns.resources() {
            self.resource_types.values().append_option(kind);
            self.resource_names.values().append_value(name);
        }
        self.resource_types.append(true);
        self.resource_names.append(true);
        self.record.append_value(record_text::encode(row.record(), columns.record));
    }

    fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.event_time.finish()),
            Arc::new(self.log_offset.finish()),
            Arc::new(self.recorded_time.finish()),
            Arc::new(self.category.finish()),
            Arc::new(self.read_only.finish()),
        ];
        for text in &mut self.texts {
            columns.push(Arc::new(text.finish()));
        }
        columns.push(Arc::new(self.resource_types.finish()));
        columns.push(Arc::new(self.resource_names.finish()));
        columns.push(Arc::new(self.record.finish()));
        RecordBatch::try_new(SCHEMA.clone(), columns)
    }
}
