//! `CopyObject`.
//!
//! - What is said of the object is copied, or replaced by the headers of the call, as the
//!   directives say; likewise its tags. Class and encryption are those of the call (documented).
//! - A copy onto itself that changes nothing is refused (documented).
//! - The copy's entity tag is the MD5 of its bytes, even if the source came in parts (observed),
//!   unless it is encrypted.

use cairn_store::envelope::{ENCRYPTION, ENCRYPTION_KEY};
use cairn_store::{Attributes, ObjectHead, ObjectReader};
use md5::{Digest as _, Md5};
use s3s::dto;

use super::super::call::{Call, only_version};
use super::super::checksum::{Algorithm, Running};
use super::super::encryption::AtRest;
use super::super::error::S3Fault;
use super::super::{OBJECT_BYTES_MAX, defaults, encryption, name, tags, time};
use super::conditions::ToRead;
use super::put::{algorithm_or, set_sum};
use super::transfer::{self, Hashes};
use super::{conditions, description, parts, tagging};

/// What a copy has from the call, never from its source.
const OF_THE_CALL: [&str; 4] =
    ["x-amz-storage-class", "x-amz-website-redirect-location", ENCRYPTION, ENCRYPTION_KEY];

/// Opens the object that a call copies from.
pub(crate) async fn open_source(
    call: &Call,
    source: &dto::CopySource,
    conditions: &ToRead,
) -> Result<Box<dyn ObjectReader>, S3Fault> {
    let dto::CopySource::Bucket { bucket, key, version_id } = source else {
        return Err(S3Fault::NotImplemented);
    };
    call.source_bucket(bucket).await?;
    only_version(version_id.as_deref())?;
    let reader = call.objects().open(&name::object(bucket, key)?).await?;
    let reader = reader.ok_or_else(|| S3Fault::NoSuchSource { key: key.to_string() })?;
    conditions.check_source(reader.head())?;
    Ok(reader)
}

pub(crate) async fn copy(
    call: &Call,
    input: dto::CopyObjectInput,
) -> Result<dto::CopyObjectOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    defaults::only_owners_acl(call)?;
    let name = name::object(&input.bucket, &input.key)?;
    let source_conditions = ToRead {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let if_match = etag_condition(call, "if-match")?;
    let if_none_match = etag_condition(call, "if-none-match")?;
    let condition =
        conditions::to_write(call, &name, if_match.as_ref(), if_none_match.as_ref()).await?;
    let reader = open_source(call, &input.copy_source, &source_conditions).await?;
    let head = reader.head().clone();
    if head.bytes > OBJECT_BYTES_MAX {
        let why = "The specified copy source is larger than the maximum allowable size for a copy source: \
                   5368709120";
        return Err(S3Fault::InvalidRequest { why });
    }
    let directives = Directives::of(call)?;
    if head.name == name && !directives.metadata && !changes_storage(call) {
        let why = "This copy request is illegal because it is trying to copy an object to itself \
                   without changing the object's metadata, storage class, website redirect location \
                   or encryption attributes.";
        return Err(S3Fault::InvalidRequest { why });
    }
    let mut attributes = described(call, &head, directives).await?;
    encryption::describe(call, &bucket, &mut attributes);

    let kept = description::sum_of(&head.attributes).map(|(sum, _)| sum.algorithm);
    let wanted = input.checksum_algorithm.as_ref();
    let algorithm = algorithm_or(wanted, kept.unwrap_or(Algorithm::Crc64Nvme))?;
    let mut hashes = Hashes { md5: Some(Md5::new()), running: Some(Running::new(algorithm)) };
    let at_rest = AtRest::of_headers(call, &bucket, &input.key).await?;
    let mut upload = at_rest.begin(call, &name, OBJECT_BYTES_MAX).await?;
    transfer::copy(&*reader, 0..head.bytes, &mut upload, &mut hashes).await?;
    attributes.etag = hashes.md5.map(|md5| at_rest.etag(call, md5.finalize()));
    let sum = hashes.running.map(Running::finish);
    if let Some(sum) = &sum {
        description::keep_sum(&mut attributes, sum, dto::ChecksumType::FULL_OBJECT);
    }
    let copied =
        transfer::finish(call, &input.bucket, upload, &name, attributes, condition).await?;

    call.note_object_bytes(copied.bytes);
    encryption::show(call, &copied.attributes);
    let mut result = dto::CopyObjectResult {
        e_tag: description::etag_of(&copied.attributes),
        last_modified: Some(time::to_dto(copied.modified)),
        ..Default::default()
    };
    if let Some(sum) = sum {
        set_sum!(&mut result, &sum);
        result.checksum_type = Some(dto::ChecksumType::from_static(dto::ChecksumType::FULL_OBJECT));
    }
    Ok(dto::CopyObjectOutput { copy_object_result: Some(result), ..Default::default() })
}

/// Whether the call's headers stand in for what is known of the source.
#[derive(Clone, Copy)]
struct Directives {
    metadata: bool,
    tags: bool,
}

impl Directives {
    fn of(call: &Call) -> Result<Self, S3Fault> {
        let replaces = |header, why| match call.header(header) {
            None | Some("COPY") => Ok(false),
            Some("REPLACE") => Ok(true),
            Some(_) => Err(S3Fault::InvalidArgument { why }),
        };
        Ok(Self {
            metadata: replaces("x-amz-metadata-directive", "Unknown metadata directive.")?,
            tags: replaces("x-amz-tagging-directive", "Unknown tagging directive.")?,
        })
    }
}

/// Whether the call asks for another class, redirect or encryption.
fn changes_storage(call: &Call) -> bool {
    OF_THE_CALL.iter().any(|name| call.header(name).is_some())
}

/// What will be said of the copy.
async fn described(
    call: &Call,
    source: &ObjectHead,
    directives: Directives,
) -> Result<Attributes, S3Fault> {
    let given = description::of_headers(call)?;
    let mut attributes =
        if directives.metadata { given.clone() } else { source.attributes.clone() };
    for name in OF_THE_CALL {
        description::keep(&mut attributes, name, given.header(name).map(str::to_owned));
    }
    let tags = if directives.tags {
        given.header(description::TAGGING).map(str::to_owned)
    } else {
        Some(tags::to_header(&tagging::of(call, source).await?)).filter(|text| !text.is_empty())
    };
    description::keep(&mut attributes, description::TAGGING, tags);
    parts::forget(&mut attributes);
    Ok(attributes)
}

/// A condition on the copy itself: newer than the codec's model of this operation.
fn etag_condition(call: &Call, header: &str) -> Result<Option<dto::ETagCondition>, S3Fault> {
    let why = "The entity tag of a condition must be quoted";
    call.header(header)
        .map(|text| dto::ETagCondition::parse_http_header(text.as_bytes()))
        .transpose()
        .map_err(|_| S3Fault::InvalidArgument { why })
}
