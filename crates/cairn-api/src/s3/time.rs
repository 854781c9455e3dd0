//! Instants as S3 shows them: whole seconds.

use ::time::OffsetDateTime;
use cairn_event::Timestamp;
use s3s::dto;
use s3s::dto::TimestampFormat;

/// The instant for XML and headers. S3 keeps whole seconds (observed).
pub(crate) fn to_dto(at: Timestamp) -> dto::Timestamp {
    OffsetDateTime::from_unix_timestamp(at.as_seconds())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .into()
}

/// The instant of a header, in whole seconds.
pub(crate) fn seconds(at: &dto::Timestamp) -> i64 {
    OffsetDateTime::from(at.clone()).unix_timestamp()
}

/// The text of a header.
pub(crate) fn http_date(at: &dto::Timestamp) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail, and every instant above has a date.
    let _ = at.format(TimestampFormat::HttpDate, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
