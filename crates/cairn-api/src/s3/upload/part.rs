//! `UploadPart`, `UploadPartCopy`.

use cairn_store::{Attributes, Condition, ObjectError, ObjectHead, ObjectName, ObjectUpload};
use md5::{Digest as _, Md5};
use s3s::dto;

use super::super::answer;
use super::super::call::Call;
use super::super::checksum::{Algorithm, Running, Sum};
use super::super::encryption::AtRest;
use super::super::error::S3Fault;
use super::super::object::conditions::ToRead;
use super::super::object::copy::open_source;
use super::super::object::description;
use super::super::object::put::set_sum;
use super::super::object::transfer::{self, Hashes};
use super::super::{OBJECT_BYTES_MAX, encryption, name, time};
use super::state::{PART_NUMBER_MAX, Upload};

pub(crate) async fn put(
    call: &Call,
    input: dto::UploadPartInput,
) -> Result<dto::UploadPartOutput, S3Fault> {
    let number = number(input.part_number)?;
    let upload = Upload::find(call, &input.bucket, &input.key, &input.upload_id).await?;
    let chosen = upload.state.chosen();
    let mut own = chosen.filter(|_| call.intake().claimed().is_none()).map(Running::new);
    let part = Part::of(call, &upload, number).await?;
    let begun = part.at_rest.begin(call, &part.name, OBJECT_BYTES_MAX).await?;
    let bytes = transfer::receive(call, input.body, begun, OBJECT_BYTES_MAX, own.as_mut()).await?;
    let mut digests = call.intake().digests()?;
    if let Some(own) = own {
        digests.sum = own.finish();
    }
    if chosen.is_some_and(|chosen| chosen != digests.sum.algorithm) {
        let why = "Checksum Type mismatch occurred, the checksum of a part is not of the upload's algorithm";
        return Err(S3Fault::InvalidRequest { why });
    }
    let head = part.finish(call, &upload, bytes, digests.md5, &digests.sum).await?;
    call.answer_with(digests.sum.algorithm.header(), &digests.sum.value);
    encryption::show(call, &upload.state.attributes);
    part.at_rest.show(call);
    Ok(dto::UploadPartOutput {
        e_tag: description::etag_of(&head.attributes),
        ..Default::default()
    })
}

pub(crate) async fn copy(
    call: &Call,
    input: dto::UploadPartCopyInput,
) -> Result<dto::UploadPartCopyOutput, S3Fault> {
    let number = number(input.part_number)?;
    let upload = Upload::find(call, &input.bucket, &input.key, &input.upload_id).await?;
    let conditions = ToRead {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let reader = open_source(call, &input.copy_source, &conditions).await?;
    let whole = reader.head().bytes;
    let range = match input.copy_source_range.as_deref() {
        None => 0..whole,
        Some(text) => exact_range(text, whole)?,
    };
    if range.end - range.start > OBJECT_BYTES_MAX {
        return Err(S3Fault::EntityTooLarge);
    }
    let algorithm = upload.state.chosen().unwrap_or(Algorithm::Crc64Nvme);
    let mut hashes = Hashes { md5: Some(Md5::new()), running: Some(Running::new(algorithm)) };
    let part = Part::of(call, &upload, number).await?;
    let mut bytes = part.at_rest.begin(call, &part.name, OBJECT_BYTES_MAX).await?;
    transfer::copy(&*reader, range, &mut bytes, &mut hashes).await?;
    let (Some(md5), Some(running)) = (hashes.md5, hashes.running) else {
        return Err(S3Fault::IncompleteBody);
    };
    let sum = running.finish();
    let head = part.finish(call, &upload, bytes, md5.finalize().into(), &sum).await?;
    encryption::show(call, &upload.state.attributes);
    part.at_rest.show(call);
    let mut result = dto::CopyPartResult {
        e_tag: description::etag_of(&head.attributes),
        last_modified: Some(time::to_dto(head.modified)),
        ..Default::default()
    };
    set_sum!(&mut result, &sum);
    Ok(dto::UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() })
}

/// A number that a part can have (documented).
pub(crate) fn number(number: i32) -> Result<i32, S3Fault> {
    if (1..=PART_NUMBER_MAX).contains(&number) {
        return Ok(number);
    }
    Err(S3Fault::BadArgument {
        why: "Part number must be an integer between 1 and 10000, inclusive",
        name: "partNumber",
        value: number.to_string(),
    })
}

/// The range of a source: `bytes=first-last`, within the source (documented).
fn exact_range(text: &str, whole: u64) -> Result<std::ops::Range<u64>, S3Fault> {
    match dto::Range::parse(text) {
        Ok(dto::Range::Int { first, last: Some(last) }) if last < whole => Ok(first..last + 1),
        Ok(dto::Range::Int { last: Some(_), .. }) => {
            Err(S3Fault::InvalidArgument { why: "Range specified is not valid for source object" })
        }
        _ => Err(S3Fault::InvalidArgument {
            why: "The x-amz-copy-source-range value must be of the form bytes=first-last \
                  where first and last are the zero-based offsets of the first and last bytes to copy",
        }),
    }
}

/// A part that is being uploaded.
struct Part {
    name: ObjectName,
    at_rest: AtRest,
}

impl Part {
    async fn of(call: &Call, upload: &Upload, number: i32) -> Result<Self, S3Fault> {
        let name = name::part(&upload.bucket, &upload.id, number)?;
        let encryption = upload.state.encryption.as_ref();
        let at_rest = AtRest::of_upload(call, &upload.bucket, encryption).await?;
        Ok(Self { name, at_rest })
    }

    /// Gives it its name, unless the upload has ended meanwhile.
    async fn finish(
        &self,
        call: &Call,
        upload: &Upload,
        bytes: Box<dyn ObjectUpload>,
        md5: [u8; 16],
        sum: &Sum,
    ) -> Result<ObjectHead, S3Fault> {
        let etag = Some(self.at_rest.etag(call, md5));
        let mut attributes = Attributes { etag, ..Default::default() };
        description::keep_sum(&mut attributes, sum, dto::ChecksumType::FULL_OBJECT);
        let Upload { bucket, id, state, .. } = upload;
        Upload::find(call, bucket, &state.key, id).await?;
        let always = Condition::Always;
        let head = transfer::finish(call, bucket, bytes, &self.name, attributes, always).await?;
        // Whoever ends an upload forgets it first, then removes the parts that there are. So either
        // this one was there in time to be removed, or it is seen here that it came too late.
        if let Err(fault) = Upload::find(call, bucket, &state.key, id).await {
            if matches!(fault, S3Fault::NoSuchUpload | S3Fault::NoSuchBucket) {
                self.remove(call, head.version).await;
            }
            return Err(fault);
        }
        Ok(head)
    }

    /// Removes a part of an upload that has ended. Where that fails it is nobody's, and goes with the
    /// bucket.
    async fn remove(&self, call: &Call, version: u64) {
        match call.objects().delete(&self.name, Condition::Version(version)).await {
            // Gone with the others.
            Ok(_) | Err(ObjectError::Conflict { .. }) => {}
            Err(error) => answer::log(&error.into()),
        }
    }
}
