//! `PutObject`.
//!
//! - The entity tag is the MD5 of the bytes, if they are not encrypted (documented).
//! - The caller's checksum is verified, kept and returned; without one, CRC64NVME is made
//!   (documented).
//! - Nothing of an object whose body breaks off or does not match is ever seen (documented).

use s3s::dto;

use super::super::call::Call;
use super::super::checksum::{Algorithm, Sum};
use super::super::encryption::AtRest;
use super::super::error::S3Fault;
use super::super::{OBJECT_BYTES_MAX, defaults, encryption, name};
use super::{conditions, description, transfer};

pub(crate) async fn put(
    call: &Call,
    input: dto::PutObjectInput,
) -> Result<dto::PutObjectOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    defaults::only_owners_acl(call)?;
    if input.write_offset_bytes.is_some() {
        return Err(S3Fault::NotImplemented);
    }
    let name = name::object(&input.bucket, &input.key)?;
    let mut attributes = description::of_headers(call)?;
    encryption::describe(call, &bucket, &mut attributes);
    let (if_match, if_none_match) = (input.if_match.as_ref(), input.if_none_match.as_ref());
    let condition = conditions::to_write(call, &name, if_match, if_none_match).await?;

    let at_rest = AtRest::of_headers(call, &bucket, &input.key).await?;
    let upload = at_rest.begin(call, &name, OBJECT_BYTES_MAX).await?;
    let upload = transfer::receive(call, input.body, upload, OBJECT_BYTES_MAX, None).await?;
    let digests = call.intake().digests()?;
    attributes.etag = Some(at_rest.etag(call, digests.md5));
    description::keep_sum(&mut attributes, &digests.sum, dto::ChecksumType::FULL_OBJECT);
    let head = transfer::finish(call, &input.bucket, upload, &name, attributes, condition).await?;

    call.note_object_bytes(head.bytes);
    description::show_sum(call, &head);
    encryption::show(call, &head.attributes);
    Ok(dto::PutObjectOutput { e_tag: description::etag_of(&head.attributes), ..Default::default() })
}

/// The algorithm that a call names, or else another.
pub(crate) fn algorithm_or(
    wanted: Option<&dto::ChecksumAlgorithm>,
    other: Algorithm,
) -> Result<Algorithm, S3Fault> {
    let why = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
               [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
    match wanted {
        None => Ok(other),
        Some(name) => Algorithm::parse(name.as_str()).ok_or(S3Fault::InvalidRequest { why }),
    }
}

/// Sets the member of a structure that stands for a checksum.
macro_rules! set_sum {
    ($target:expr, $sum:expr) => {{
        let sum = $sum.to_dto();
        let target = $target;
        target.checksum_crc32 = sum.checksum_crc32;
        target.checksum_crc32c = sum.checksum_crc32c;
        target.checksum_crc64nvme = sum.checksum_crc64nvme;
        target.checksum_sha1 = sum.checksum_sha1;
        target.checksum_sha256 = sum.checksum_sha256;
    }};
}
pub(crate) use set_sum;

/// The checksum of a structure of the caller's, if it has one.
macro_rules! get_sum {
    ($source:expr) => {{
        let source = $source;
        $crate::s3::object::put::first_sum([
            source.checksum_crc32.as_ref(),
            source.checksum_crc32c.as_ref(),
            source.checksum_crc64nvme.as_ref(),
            source.checksum_sha1.as_ref(),
            source.checksum_sha256.as_ref(),
        ])
    }};
}
pub(crate) use get_sum;

/// The first value that is there; the values are in the order of [`Algorithm::ALL`].
pub(crate) fn first_sum(values: [Option<&String>; 5]) -> Option<Sum> {
    let mut pairs = Algorithm::ALL.into_iter().zip(values);
    pairs.find_map(|(algorithm, value)| Some(Sum { algorithm, value: value?.clone() }))
}
