//! `ListParts`, `ListMultipartUploads`.
//!
//! - Uploads are listed by key, those to one key by the time at which they began (documented).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use s3s::dto;

use super::super::call::Call;
use super::super::checksum::Algorithm;
use super::super::error::S3Fault;
use super::super::list::encode::Encoding;
use super::super::list::walk::{MAX_PARTS, MAX_UPLOADS, PART_MARKER, entries_max};
use super::super::object::description;
use super::super::object::put::set_sum;
use super::super::{name, time};
use super::state::{PART_NUMBER_MAX, Upload, UploadState};

/// How many uploads are read at a time.
const STEP: usize = 1_000;

pub(crate) async fn parts(
    call: &Call,
    input: dto::ListPartsInput,
) -> Result<dto::ListPartsOutput, S3Fault> {
    let upload = Upload::find(call, &input.bucket, &input.key, &input.upload_id).await?;
    let max = entries_max(input.max_parts, MAX_PARTS)?;
    let marker = input.part_number_marker.unwrap_or(0);
    PART_MARKER.check(marker)?;
    let marker = marker.min(PART_NUMBER_MAX);
    let mut found = upload.parts(call, marker, max + 1).await?;
    let truncated = found.len() > max;
    found.truncate(max);
    let last = found.last().map_or(marker, |(number, _)| *number);
    let parts = found.iter().map(|(number, head)| {
        let mut part = dto::Part {
            e_tag: description::etag_of(&head.attributes),
            last_modified: Some(time::to_dto(head.modified)),
            part_number: Some(*number),
            size: i64::try_from(head.bytes).ok(),
            ..Default::default()
        };
        if let Some((sum, _)) = description::sum_of(&head.attributes) {
            set_sum!(&mut part, &sum);
        }
        part
    });
    let parts = parts.collect();
    let (algorithm, checksum_type) = checksum_of(&upload.state);
    Ok(dto::ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        checksum_algorithm: algorithm,
        checksum_type,
        initiator: Some(initiator(&upload.state)),
        is_truncated: Some(truncated),
        max_parts: i32::try_from(max).ok(),
        next_part_number_marker: Some(last),
        owner: Some(owner(call)),
        part_number_marker: Some(marker),
        parts: Some(parts),
        storage_class: Some(class(&upload.state)),
        upload_id: Some(input.upload_id),
        ..Default::default()
    })
}

fn checksum_of(state: &UploadState) -> (Option<dto::ChecksumAlgorithm>, Option<dto::ChecksumType>) {
    let algorithm = state.chosen().map(Algorithm::name).map(dto::ChecksumAlgorithm::from_static);
    let kind = algorithm.as_ref().map(|_| dto::ChecksumType::from(state.checksum_type.clone()));
    (algorithm, kind)
}

fn initiator(state: &UploadState) -> dto::Initiator {
    dto::Initiator { display_name: None, id: Some(state.initiator.clone()) }
}

fn owner(call: &Call) -> dto::Owner {
    dto::Owner { display_name: None, id: Some(name::canonical_user(&call.ctx().account)) }
}

fn class(state: &UploadState) -> dto::StorageClass {
    dto::StorageClass::from(description::class_of(&state.attributes).to_owned())
}

/// Uploads by key, then id; a common prefix is an entry without an upload. Ids begin with the time.
type Page = BTreeMap<(String, String), Option<UploadState>>;

pub(crate) async fn uploads(
    call: &Call,
    input: dto::ListMultipartUploadsInput,
) -> Result<dto::ListMultipartUploadsOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let max = entries_max(input.max_uploads, MAX_UPLOADS)?;
    let mut page = first(call, &input, max + 1).await?;
    let truncated = page.len() > max;
    if truncated {
        page.pop_last();
    }
    let last = page.keys().last().cloned().filter(|_| truncated);
    let (next_key, next_id) = last.unzip();
    let prefixes = page.iter().filter(|(_, state)| state.is_none());
    let prefixes: Vec<&str> = prefixes.map(|((prefix, _), _)| prefix.as_str()).collect();
    let uploads = page.iter().filter_map(|((key, id), state)| {
        let state = state.as_ref()?;
        let (checksum_algorithm, checksum_type) = checksum_of(state);
        Some(dto::MultipartUpload {
            checksum_algorithm,
            checksum_type,
            initiated: Some(time::to_dto(state.initiated)),
            initiator: Some(initiator(state)),
            key: Some(encoding.text(key)),
            owner: Some(owner(call)),
            storage_class: Some(class(state)),
            upload_id: Some(id.clone()),
        })
    });
    let text = |text: Option<&String>| Some(encoding.text(text.map_or("", String::as_str)));
    Ok(dto::ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        common_prefixes: encoding.prefixes(&prefixes),
        delimiter: input.delimiter.as_ref().map(|delimiter| encoding.text(delimiter)),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(truncated),
        key_marker: text(input.key_marker.as_ref()),
        max_uploads: i32::try_from(max).ok(),
        next_key_marker: next_key.map(|key| encoding.text(&key)),
        next_upload_id_marker: next_id,
        prefix: text(input.prefix.as_ref()),
        request_charged: None,
        upload_id_marker: Some(input.upload_id_marker.clone().unwrap_or_default()),
        uploads: Some(uploads.collect()),
    })
}

/// The first entries after the markers. The store has uploads by id, so all of a bucket are looked
/// at; no more than a page of them is held.
async fn first(
    call: &Call,
    input: &dto::ListMultipartUploadsInput,
    entries_max: usize,
) -> Result<Page, S3Fault> {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let id_marker = input.upload_id_marker.as_deref().unwrap_or_default();
    let keys = name::upload_keys(&input.bucket);
    let (mut page, mut after) = (Page::new(), None);
    loop {
        let found = call.meta().list(&keys, after.as_ref(), STEP).await?;
        let last = found.len() < STEP;
        for (key, value) in found {
            let state = UploadState::from_bytes(&value.value)?;
            let id = name::upload_of(&key).to_owned();
            after = Some(key);
            let Some(rest) = state.key.strip_prefix(prefix) else { continue };
            let under =
                delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
            let (entry, state) = match under {
                Some(end) => ((state.key[..prefix.len() + end].to_owned(), String::new()), None),
                None => ((state.key.clone(), id), Some(state)),
            };
            let seen = match entry.0.as_str().cmp(key_marker) {
                Ordering::Less => true,
                Ordering::Equal => id_marker.is_empty() || entry.1.as_str() <= id_marker,
                Ordering::Greater => false,
            };
            if !key_marker.is_empty() && seen {
                continue;
            }
            page.insert(entry, state);
            if page.len() > entries_max {
                page.pop_last();
            }
        }
        if last {
            return Ok(page);
        }
    }
}
