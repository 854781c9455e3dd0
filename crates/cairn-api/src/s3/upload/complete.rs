//! `CompleteMultipartUpload`.
//!
//! - Parts come in rising order, and each but the last has 5 MiB (documented).
//! - The entity tag is the MD5 of the parts' MD5s, with `-N` behind it (observed).
//! - A checksum is over the parts' checksums (`COMPOSITE`, with `-N`) or over all bytes
//!   (documented).
//! - To complete again what was completed gives the same answer (observed: by Hadoop's contract tests
//!   S3 does not use up the id at once), so a client that lost the first one can repeat its call.

use cairn_store::{MetaError, ObjectHead};
use md5::{Digest as _, Md5};
use s3s::dto;

use super::super::answer;
use super::super::call::Call;
use super::super::checksum::{Algorithm, Running, Sum};
use super::super::encryption::AtRest;
use super::super::error::S3Fault;
use super::super::object::put::{get_sum, set_sum};
use super::super::object::transfer::{self, Hashes};
use super::super::object::{conditions, description, parts as parts_of};
use super::super::{MULTIPART_OBJECT_BYTES_MAX, buckets, encryption, name};
use super::state::{PART_BYTES_MIN, PARTS_MAX, Upload};

pub(crate) async fn complete(
    call: &Call,
    input: dto::CompleteMultipartUploadInput,
) -> Result<dto::CompleteMultipartUploadOutput, S3Fault> {
    let upload = match Upload::find(call, &input.bucket, &input.key, &input.upload_id).await {
        Ok(upload) => upload,
        Err(S3Fault::NoSuchUpload) => return completed(call, input).await,
        Err(fault) => return Err(fault),
    };
    let name = name::object(&input.bucket, &input.key)?;
    let (if_match, if_none_match) = (input.if_match.as_ref(), input.if_none_match.as_ref());
    let condition = conditions::to_write(call, &name, if_match, if_none_match).await?;
    let listed = input.multipart_upload.as_ref().and_then(|list| list.parts.as_deref());
    let parts = chosen(call, &upload, listed.unwrap_or_default()).await?;
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    if bytes > MULTIPART_OBJECT_BYTES_MAX {
        return Err(S3Fault::EntityTooLarge);
    }
    if input.mpu_object_size.is_some_and(|expected| u64::try_from(expected) != Ok(bytes)) {
        let why = "The provided 'x-amz-mp-object-size' header does not match what was computed";
        return Err(S3Fault::InvalidRequest { why });
    }
    let encryption = upload.state.encryption.as_ref();
    let at_rest = AtRest::of_upload(call, &input.bucket, encryption).await?;
    let joined = at_rest.begin(call, &name, MULTIPART_OBJECT_BYTES_MAX).await?;
    let (joined, sum) = join(call, &upload, &parts, joined).await?;
    if let Some(claimed) = get_sum!(&input)
        && sum.value != claimed.value
        && !sum.value.starts_with(&format!("{}-", claimed.value))
    {
        return Err(S3Fault::BadChecksum { algorithm: claimed.algorithm });
    }
    let kind = upload.state.checksum_type.clone();
    let mut attributes = upload.state.attributes.clone();
    attributes.etag = Some(etag(&parts));
    description::keep_sum(&mut attributes, &sum, &kind);
    let numbers = listed.iter().copied().flatten().filter_map(|part| part.part_number);
    parts_of::keep_upload(&mut attributes, &upload.id);
    parts_of::keep(&mut attributes, numbers.zip(parts.iter().map(|part| part.bytes)));
    let head = transfer::finish(call, &input.bucket, joined, &name, attributes, condition).await?;
    forget(call, &upload).await?;

    Ok(shown(call, input, &head))
}

/// The answer to a call that comes again after the upload was completed, because the first answer
/// was lost: the same one, while the object is there that the upload made.
async fn completed(
    call: &Call,
    input: dto::CompleteMultipartUploadInput,
) -> Result<dto::CompleteMultipartUploadOutput, S3Fault> {
    let head = call.objects().head(&name::object(&input.bucket, &input.key)?).await?;
    let made = head.filter(|head| parts_of::made_by(head, &input.upload_id));
    let head = made.ok_or(S3Fault::NoSuchUpload)?;
    Ok(shown(call, input, &head))
}

fn shown(
    call: &Call,
    input: dto::CompleteMultipartUploadInput,
    head: &ObjectHead,
) -> dto::CompleteMultipartUploadOutput {
    call.note_object_bytes(head.bytes);
    encryption::show(call, &head.attributes);
    let mut output = dto::CompleteMultipartUploadOutput {
        e_tag: description::etag_of(&head.attributes),
        location: Some(location(call, &input.bucket, &input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        ..Default::default()
    };
    if let Some((sum, kind)) = description::sum_of(&head.attributes) {
        set_sum!(&mut output, &sum);
        output.checksum_type = Some(dto::ChecksumType::from(kind.to_owned()));
    }
    output
}

/// The parts that the caller names, checked.
async fn chosen(
    call: &Call,
    upload: &Upload,
    listed: &[dto::CompletedPart],
) -> Result<Vec<ObjectHead>, S3Fault> {
    if listed.is_empty() || listed.len() > PARTS_MAX {
        return Err(S3Fault::MalformedXml);
    }
    let mut there = upload.parts(call, 0, PARTS_MAX).await?.into_iter();
    let mut parts: Vec<ObjectHead> = Vec::with_capacity(listed.len());
    let mut before = 0;
    for wanted in listed {
        let number = wanted.part_number.ok_or(S3Fault::MalformedXml)?;
        if number <= before {
            return Err(S3Fault::InvalidPartOrder);
        }
        before = number;
        let (_, part) = there
            .find(|(have, _)| *have >= number)
            .filter(|(have, _)| *have == number)
            .ok_or(S3Fault::InvalidPart)?;
        let etag = wanted.e_tag.as_ref().map(dto::ETag::value);
        if etag.is_none() || etag != part.attributes.etag.as_deref() {
            return Err(S3Fault::InvalidPart);
        }
        let kept = description::sum_of(&part.attributes).map(|(sum, _)| sum);
        if get_sum!(wanted).is_some_and(|claimed| {
            kept.is_none_or(|kept| kept.algorithm == claimed.algorithm && kept != claimed)
        }) {
            return Err(S3Fault::InvalidPart);
        }
        parts.push(part);
    }
    let all_but_last = parts.len() - 1;
    if parts.iter().take(all_but_last).any(|part| part.bytes < PART_BYTES_MIN) {
        return Err(S3Fault::EntityTooSmall);
    }
    Ok(parts)
}

/// The parts in one object, which was begun, and its checksum.
async fn join(
    call: &Call,
    upload: &Upload,
    parts: &[ObjectHead],
    mut joined: Box<dyn cairn_store::ObjectUpload>,
) -> Result<(Box<dyn cairn_store::ObjectUpload>, Sum), S3Fault> {
    let algorithm = upload.state.chosen().unwrap_or(Algorithm::Crc64Nvme);
    let composite = upload.state.checksum_type == dto::ChecksumType::COMPOSITE;
    let running = (!composite).then(|| Running::new(algorithm));
    let mut hashes = Hashes { md5: None, running };
    let mut sums = Vec::with_capacity(parts.len());
    for part in parts {
        let reader = call.objects().open(&part.name).await?.ok_or(S3Fault::InvalidPart)?;
        // The part that was checked, not one that was uploaded over it since.
        if reader.head().version != part.version {
            return Err(S3Fault::InvalidPart);
        }
        transfer::copy(&*reader, 0..part.bytes, &mut joined, &mut hashes).await?;
        sums.extend(description::sum_of(&part.attributes).map(|(sum, _)| sum));
    }
    let sum = match hashes.running {
        Some(running) => running.finish(),
        None => Sum::composite(algorithm, &sums),
    };
    Ok((joined, sum))
}

fn etag(parts: &[ObjectHead]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        let etag = part.attributes.etag.as_deref().unwrap_or_default();
        md5.update(name::unhex(etag).unwrap_or_default());
    }
    format!("{}-{}", name::hex(&md5.finalize()), parts.len())
}

/// Forgets an upload, then removes its parts. Parts that stay behind are nobody's any more; they go
/// with the bucket.
pub(super) async fn forget(call: &Call, upload: &Upload) -> Result<(), S3Fault> {
    let key = name::upload_key(&upload.bucket, &upload.id)?;
    match call.meta().remove(&key, upload.version).await {
        // Completed or aborted by somebody else at the same time.
        Ok(()) | Err(MetaError::Conflict { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let parts = name::parts_of(&upload.bucket, &upload.id);
    if let Err(fault) = buckets::remove_objects(call, parts).await {
        answer::log(&fault);
        tracing::warn!(bucket = upload.bucket, upload = upload.id, "parts of an upload are left");
    }
    Ok(())
}

fn location(call: &Call, bucket: &str, key: &str) -> String {
    let host = call.header("host").unwrap_or("localhost");
    format!("http://{host}/{bucket}/{key}")
}
