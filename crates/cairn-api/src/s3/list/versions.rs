//! `ListObjectVersions`: every object with its one version, `null`. Tools that empty a bucket ask
//! this way.

use s3s::dto;

use super::super::call::{Call, ONLY_VERSION};
use super::super::error::S3Fault;
use super::super::object::description;
use super::super::time;
use super::encode::Encoding;
use super::v1::{algorithm, owner, prefixes};
use super::walk::{After, Entry, MAX_KEYS, Walk, entries_max, walk};

pub(crate) async fn list(
    call: &Call,
    input: dto::ListObjectVersionsInput,
) -> Result<dto::ListObjectVersionsOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let max = entries_max(input.max_keys, MAX_KEYS)?;
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let prefix = input.prefix.unwrap_or_default();
    let marker = input.key_marker.unwrap_or_default();
    let wanted = Walk {
        bucket: &input.bucket,
        prefix: &prefix,
        delimiter: delimiter.as_deref().unwrap_or_default(),
        after: if marker.is_empty() { After::Nothing } else { After::Key(marker.clone()) },
        entries_max: max,
    };
    let page = walk(call, &wanted).await?;
    let objects = page.entries.iter().filter_map(|entry| match entry {
        Entry::Object(key, head) => Some((key, head)),
        Entry::Prefix(_) => None,
    });
    let owner = owner(call);
    let versions = objects.map(|(key, head)| {
        let sum = description::sum_of(&head.attributes);
        let class = description::class_of(&head.attributes).to_owned();
        dto::ObjectVersion {
            checksum_algorithm: sum.as_ref().map(|(sum, _)| vec![algorithm(sum.algorithm)]),
            checksum_type: sum.map(|(_, kind)| dto::ChecksumType::from(kind.to_owned())),
            e_tag: description::etag_of(&head.attributes),
            is_latest: Some(true),
            key: Some(encoding.text(key)),
            last_modified: Some(time::to_dto(head.modified)),
            owner: Some(owner.clone()),
            restore_status: None,
            size: i64::try_from(head.bytes).ok(),
            storage_class: Some(dto::ObjectVersionStorageClass::from(class)),
            version_id: Some(ONLY_VERSION.to_owned()),
        }
    });
    let next = match page.last() {
        Some(After::Key(last)) if page.truncated => Some((last, Some(ONLY_VERSION.to_owned()))),
        Some(After::Prefix(last)) if page.truncated => Some((last, None)),
        _ => None,
    };
    let (next_key, next_version) = next.unzip();
    Ok(dto::ListObjectVersionsOutput {
        versions: Some(versions.collect()),
        common_prefixes: encoding.prefixes(&prefixes(&page)),
        delete_markers: None,
        delimiter: delimiter.as_ref().map(|delimiter| encoding.text(delimiter)),
        encoding_type: input.encoding_type,
        is_truncated: Some(page.truncated),
        key_marker: Some(encoding.text(&marker)),
        max_keys: i32::try_from(max).ok(),
        name: Some(input.bucket),
        next_key_marker: next_key.map(|key| encoding.text(&key)),
        next_version_id_marker: next_version.flatten(),
        prefix: Some(encoding.text(&prefix)),
        request_charged: None,
        version_id_marker: input.version_id_marker,
    })
}
