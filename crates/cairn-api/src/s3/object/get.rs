//! `GetObject`, `HeadObject`.
//!
//! - One range; a `Range` that cannot be read is ignored, one beyond the end is `InvalidRange`
//!   (documented).
//! - `response-*` parameters stand in for the kept headers (documented).
//! - The checksum is shown on request, and not for a range: it is that of the whole object
//!   (observed).
//! - A part of an object can be asked for by its number (documented).

use std::ops::Range;

use cairn_store::ObjectHead;
use s3s::dto;

use super::super::call::{Call, only_version};
use super::super::error::S3Fault;
use super::super::{name, time, upload};
use super::conditions::ToRead;
use super::{description, parts, tagging, transfer};

pub(crate) async fn get(
    call: &Call,
    input: dto::GetObjectInput,
) -> Result<dto::GetObjectOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    only_version(input.version_id.as_deref())?;
    let name = name::object(&input.bucket, &input.key)?;
    let reader = call.objects().open(&name).await?.ok_or(S3Fault::NoSuchKey)?;
    let head = reader.head().clone();
    ToRead {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    }
    .check(&head)?;
    let part = Part::of(call, &head, input.range, input.part_number)?;
    let expires = input.response_expires.as_ref().map(time::http_date);
    let instead = [
        ("content-type", input.response_content_type.as_deref()),
        ("content-encoding", input.response_content_encoding.as_deref()),
        ("content-language", input.response_content_language.as_deref()),
        ("content-disposition", input.response_content_disposition.as_deref()),
        ("cache-control", input.response_cache_control.as_deref()),
        ("expires", expires.as_deref()),
    ];
    description::show(call, &head, &instead);
    if input.checksum_mode.is_some() && part.header.is_none() {
        description::show_sum(call, &head);
    }
    // Neither waits for the other.
    let (tags, body) =
        tokio::try_join!(tagging::of(call, &head), transfer::send(reader, part.range.clone()))?;
    let tags = tags.len();
    call.note_object_bytes(head.bytes);
    Ok(dto::GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(part.bytes()),
        content_range: part.header,
        e_tag: description::etag_of(&head.attributes),
        last_modified: Some(time::to_dto(head.modified)),
        metadata: description::user_of(&head.attributes),
        parts_count: part.count,
        tag_count: i32::try_from(tags).ok().filter(|tags| *tags > 0),
        body: Some(body),
        ..Default::default()
    })
}

pub(crate) async fn head(
    call: &Call,
    input: dto::HeadObjectInput,
) -> Result<dto::HeadObjectOutput, S3Fault> {
    let head = call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    ToRead {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    }
    .check(&head)?;
    let part = Part::of(call, &head, input.range, input.part_number)?;
    let expires = input.response_expires.as_ref().map(time::http_date);
    let instead = [
        ("content-type", input.response_content_type.as_deref()),
        ("content-encoding", input.response_content_encoding.as_deref()),
        ("content-language", input.response_content_language.as_deref()),
        ("content-disposition", input.response_content_disposition.as_deref()),
        ("cache-control", input.response_cache_control.as_deref()),
        ("expires", expires.as_deref()),
    ];
    description::show(call, &head, &instead);
    if input.checksum_mode.is_some() && part.header.is_none() {
        description::show_sum(call, &head);
    }
    // documented: newer than the codec's model.
    let tags = tagging::of(call, &head).await?.len();
    if tags > 0 {
        call.answer_with("x-amz-tagging-count", &tags.to_string());
    }
    Ok(dto::HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(part.bytes()),
        content_range: part.header,
        e_tag: description::etag_of(&head.attributes),
        last_modified: Some(time::to_dto(head.modified)),
        metadata: description::user_of(&head.attributes),
        parts_count: part.count,
        ..Default::default()
    })
}

/// The part of an object that was asked for.
struct Part {
    range: Range<u64>,
    /// `Content-Range`, if it is not simply the whole.
    header: Option<String>,
    /// How many parts the object has, if one was asked for by number.
    count: Option<i32>,
}

impl Part {
    fn of(
        call: &Call,
        head: &ObjectHead,
        range: Option<dto::Range>,
        number: Option<i32>,
    ) -> Result<Self, S3Fault> {
        let whole = 0..head.bytes;
        let range = match (range, number) {
            (None, None) => return Ok(Self { range: whole, header: None, count: None }),
            (Some(_), Some(_)) => {
                let why = "Cannot specify both Range header and partNumber query parameter";
                return Err(S3Fault::InvalidRequest { why });
            }
            (Some(range), None) => {
                let requested = call.header("range").map(str::to_owned);
                let wrong = |_| S3Fault::InvalidRange { bytes: head.bytes, requested };
                range.check(head.bytes).map_err(wrong)?
            }
            (None, Some(number)) => numbered(head, number)?,
        };
        let count = number.and_then(|_| parts_count(head));
        if range.is_empty() {
            return Ok(Self { range, header: None, count });
        }
        let header = format!("bytes {}-{}/{}", range.start, range.end - 1, head.bytes);
        Ok(Self { range, header: Some(header), count })
    }

    fn bytes(&self) -> i64 {
        i64::try_from(self.range.end - self.range.start).unwrap_or(i64::MAX)
    }
}

/// Where the part of a number lies.
fn numbered(head: &ObjectHead, number: i32) -> Result<Range<u64>, S3Fault> {
    upload::part::number(number)?;
    let found = if in_parts(head) {
        // Where the parts lie is not kept if that would be too long.
        parts::find(head, number).map_err(|parts::Unknown| S3Fault::NotImplemented)?
    } else {
        // An object that came whole has one part.
        (number == 1).then_some(0..head.bytes)
    };
    found.ok_or(S3Fault::InvalidRange { bytes: head.bytes, requested: None })
}

/// Whether the object was uploaded in parts: its entity tag ends in their number.
fn in_parts(head: &ObjectHead) -> bool {
    head.attributes.etag.as_deref().is_some_and(|etag| etag.contains('-'))
}

/// How many parts an object was uploaded in.
pub(crate) fn parts_count(head: &ObjectHead) -> Option<i32> {
    head.attributes.etag.as_deref()?.split_once('-')?.1.parse().ok()
}
