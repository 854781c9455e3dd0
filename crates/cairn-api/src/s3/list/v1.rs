//! `ListObjects`, the older listing.
//!
//! - `NextMarker` comes only with a delimiter; without one the last key is the next marker
//!   (documented).

use s3s::dto;

use super::super::call::Call;
use super::super::checksum::Algorithm;
use super::super::error::S3Fault;
use super::super::object::description;
use super::super::{name, time};
use super::encode::Encoding;
use super::walk::{After, Entry, MAX_KEYS, Page, Walk, entries_max, walk};

pub(crate) async fn list(
    call: &Call,
    input: dto::ListObjectsInput,
) -> Result<dto::ListObjectsOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let max = entries_max(input.max_keys, MAX_KEYS)?;
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let prefix = input.prefix.unwrap_or_default();
    let marker = input.marker.unwrap_or_default();
    let wanted = Walk {
        bucket: &input.bucket,
        prefix: &prefix,
        delimiter: delimiter.as_deref().unwrap_or_default(),
        after: if marker.is_empty() { After::Nothing } else { After::Key(marker.clone()) },
        entries_max: max,
    };
    let page = walk(call, &wanted).await?;
    let next = match page.last() {
        Some(After::Key(last) | After::Prefix(last)) if page.truncated && delimiter.is_some() => {
            Some(encoding.text(&last))
        }
        _ => None,
    };
    Ok(dto::ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&prefix)),
        marker: Some(encoding.text(&marker)),
        max_keys: i32::try_from(max).ok(),
        is_truncated: Some(page.truncated),
        next_marker: next,
        common_prefixes: encoding.prefixes(&prefixes(&page)),
        contents: Some(contents(call, &page, encoding, true)),
        delimiter: delimiter.map(|delimiter| encoding.text(&delimiter)),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

/// The common prefixes of a page.
pub(super) fn prefixes(page: &Page) -> Vec<&str> {
    let entries = page.entries.iter();
    entries
        .filter_map(|entry| match entry {
            Entry::Prefix(prefix) => Some(prefix.as_str()),
            Entry::Object(..) => None,
        })
        .collect()
}

/// The objects of a page.
pub(super) fn contents(
    call: &Call,
    page: &Page,
    encoding: Encoding,
    owners: bool,
) -> dto::ObjectList {
    let owner = owner(call);
    let objects = page.entries.iter().filter_map(|entry| match entry {
        Entry::Object(key, head) => Some((key, head)),
        Entry::Prefix(_) => None,
    });
    objects
        .map(|(key, head)| {
            let sum = description::sum_of(&head.attributes);
            let class = description::class_of(&head.attributes).to_owned();
            dto::Object {
                checksum_algorithm: sum.as_ref().map(|(sum, _)| vec![algorithm(sum.algorithm)]),
                checksum_type: sum.map(|(_, kind)| dto::ChecksumType::from(kind.to_owned())),
                e_tag: description::etag_of(&head.attributes),
                key: Some(encoding.text(key)),
                last_modified: Some(time::to_dto(head.modified)),
                owner: owners.then(|| owner.clone()),
                restore_status: None,
                size: i64::try_from(head.bytes).ok(),
                storage_class: Some(dto::ObjectStorageClass::from(class)),
            }
        })
        .collect()
}

/// Who owns everything in the buckets that the caller sees: its account.
pub(super) fn owner(call: &Call) -> dto::Owner {
    dto::Owner { display_name: None, id: Some(name::canonical_user(&call.ctx().account)) }
}

pub(super) fn algorithm(algorithm: Algorithm) -> dto::ChecksumAlgorithm {
    dto::ChecksumAlgorithm::from_static(algorithm.name())
}
