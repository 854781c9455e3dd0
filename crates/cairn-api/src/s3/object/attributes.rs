//! `GetObjectAttributes`: facts of an object, those that were asked for. Which, is checked before
//! the codec sees it.
//!
//! - Here the checksum of an object in parts has no number of parts behind it (observed by other
//!   servers' tests).

use s3s::dto;

use super::super::call::Call;
use super::super::error::S3Fault;
use super::super::time;
use super::{description, get as reading};

pub(crate) async fn get(
    call: &Call,
    input: dto::GetObjectAttributesInput,
) -> Result<dto::GetObjectAttributesOutput, S3Fault> {
    let head = call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    let asked: Vec<&str> = input
        .object_attributes
        .iter()
        .flat_map(|names| names.as_str().split(','))
        .map(str::trim)
        .collect();
    let is_asked = |name| asked.contains(&name);
    let checksum = description::sum_of(&head.attributes).map(|(mut sum, kind)| {
        // Base64 has no hyphen.
        sum.value.truncate(sum.value.find('-').unwrap_or(sum.value.len()));
        let kind = dto::ChecksumType::from(kind.to_owned());
        dto::Checksum { checksum_type: Some(kind), ..sum.to_dto() }
    });
    let parts = reading::parts_count(&head).map(|count| dto::GetObjectAttributesParts {
        total_parts_count: Some(count),
        ..Default::default()
    });
    let class = dto::StorageClass::from(description::class_of(&head.attributes).to_owned());
    let bytes = i64::try_from(head.bytes).ok();
    let etag = description::etag_of(&head.attributes);
    Ok(dto::GetObjectAttributesOutput {
        checksum: checksum.filter(|_| is_asked(dto::ObjectAttributes::CHECKSUM)),
        e_tag: etag.filter(|_| is_asked(dto::ObjectAttributes::ETAG)),
        last_modified: Some(time::to_dto(head.modified)),
        object_parts: parts.filter(|_| is_asked(dto::ObjectAttributes::OBJECT_PARTS)),
        object_size: bytes.filter(|_| is_asked(dto::ObjectAttributes::OBJECT_SIZE)),
        storage_class: is_asked(dto::ObjectAttributes::STORAGE_CLASS).then_some(class),
        ..Default::default()
    })
}
