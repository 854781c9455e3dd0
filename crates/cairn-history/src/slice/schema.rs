//! The columns of the Parquet files, for Arrow, and how each is encoded.
//!
//! | column | type | what |
//! | --- | --- | --- |
//! | `event_time` | timestamp (ms, UTC) | `eventTime`, or when it was recorded if it has none |
//! | `log_offset` | bigint | number in the log |
//! | `recorded_time` | timestamp (ms, UTC) | when it was appended to the log |
//! | `category` | varchar | `Management`, `Data`, `Insight`, `NetworkActivity`, `Other` |
//! | `read_only` | boolean | `readOnly` |
//! | texts | varchar | one column for each of `TEXT_NAMES` |
//! | `resource_types`, `resource_names` | varchar list | as `LookupEvents` lists them; of one length |
//! | `record` | varchar | the record byte for byte (see `record_text`) |
//!
//! Rows lie in clusters, one after another in time; see `cluster` for the order in each.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::fields::TEXTS;

/// The names of the text columns, in the order of `TEXT_FIELDS`.
pub(crate) const TEXT_NAMES: [&str; TEXTS] = [
    "event_id",
    "event_name",
    "event_source",
    "aws_region",
    "account_id",
    "source_ip_address",
    "user_agent",
    "error_code",
    "error_message",
    "event_type",
    "user_name",
    "user_type",
    "user_arn",
    "session_issuer_arn",
    "invoked_by",
    "access_key_id",
    "principal_id",
    "request_id",
    "vpc_endpoint_id",
    "shared_event_id",
];

/// Columns before the texts.
pub(crate) const EVENT_TIME: usize = 0;
pub(crate) const LOG_OFFSET: usize = 1;
// 2 is `recorded_time`.
pub(crate) const CATEGORY: usize = 3;
pub(crate) const READ_ONLY: usize = 4;
/// The first text column.
pub(crate) const FIRST_TEXT: usize = 5;
/// Columns after the texts.
pub(crate) const RESOURCE_TYPES: usize = FIRST_TEXT + TEXTS;
pub(crate) const RESOURCE_NAMES: usize = RESOURCE_TYPES + 1;
pub(crate) const RECORD: usize = RESOURCE_NAMES + 1;

/// Columns whose values hardly repeat: a dictionary would only be in the way.
const UNREPEATED: [&str; 3] = ["event_id", "request_id", "shared_event_id"];
/// The columns by whose extremes other engines skip row groups.
const WITH_STATISTICS: [&str; 7] = [
    "event_time",
    "log_offset",
    "recorded_time",
    "event_name",
    "event_source",
    "aws_region",
    "account_id",
];
/// The most record bytes to a page, about. Fetching a record decompresses its page; larger pages
/// are smaller on disk (measured, of the records' bytes: 16 KiB 17.7 %, 32 KiB 14.8 %, 64 KiB
/// 12.8 %).
pub(crate) const RECORD_PAGE_BYTES: usize = 32 << 10;
/// Rows to a row group. A writer holds one in memory, compressed, and a reader the dictionaries of
/// one for each slice of a merge.
const ROW_GROUP_ROWS: usize = 65_536;
/// Rows to a page of the other columns. A merge holds a page of each column of each slice.
const PAGE_ROWS: usize = 8_192;
const ZSTD_LEVEL: i32 = 1;

/// The type of both times.
pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// The field inside of both lists.
pub(crate) fn list_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, true))
}

/// The schema of every slice.
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        Field::new("event_time", time_type(), false),
        Field::new("log_offset", DataType::Int64, false),
        Field::new("recorded_time", time_type(), false),
        Field::new("category", DataType::Utf8, false),
        Field::new("read_only", DataType::Boolean, true),
    ];
    fields.extend(TEXT_NAMES.map(|name| Field::new(name, DataType::Utf8, true)));
    fields.push(Field::new("resource_types", DataType::List(list_item()), false));
    fields.push(Field::new("resource_names", DataType::List(list_item()), false));
    fields.push(Field::new("record", DataType::Utf8, false));
    Arc::new(Schema::new(Fields::from(fields)))
});

/// How the columns are encoded.
pub(crate) fn properties() -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("cairn".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_column_data_page_size_limit(ColumnPath::from("record"), RECORD_PAGE_BYTES)
        .set_column_dictionary_enabled(ColumnPath::from("record"), false)
        .set_column_encoding(ColumnPath::from("record"), Encoding::PLAIN)
        .set_column_dictionary_enabled(ColumnPath::from("log_offset"), false)
        .set_column_encoding(ColumnPath::from("log_offset"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(ColumnPath::from("event_time"), false)
        .set_column_encoding(ColumnPath::from("event_time"), Encoding::DELTA_BINARY_PACKED);
    for name in UNREPEATED {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_encoding(ColumnPath::from(name), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    for name in WITH_STATISTICS {
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Chunk);
    }
    Ok(properties.build())
}
