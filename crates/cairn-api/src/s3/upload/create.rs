//! `CreateMultipartUpload`.
//!
//! - Without an algorithm the object gets a CRC64NVME over the whole; with one, the algorithm
//!   decides whether it is over the whole or over the parts (documented).

use s3s::crypto::{Checksum as _, Sha256};
use s3s::dto;

use super::super::call::Call;
use super::super::checksum::Algorithm;
use super::super::encryption::AtRest;
use super::super::error::S3Fault;
use super::super::object::description;
use super::super::object::put::algorithm_or;
use super::super::{defaults, encryption, name};
use super::state::UploadState;

pub(crate) async fn create(
    call: &Call,
    input: dto::CreateMultipartUploadInput,
) -> Result<dto::CreateMultipartUploadOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    defaults::only_owners_acl(call)?;
    // Checked now, so that the parts are not uploaded in vain.
    name::object(&input.bucket, &input.key)?;
    let wanted = input.checksum_algorithm.as_ref();
    let algorithm = algorithm_or(wanted, Algorithm::Crc64Nvme)?;
    let checksum_type = checksum_type(algorithm, input.checksum_type.as_ref())?;
    let at_rest = AtRest::of_headers(call, &bucket, &input.key).await?;
    let mut attributes = description::of_headers(call)?;
    encryption::describe(call, &bucket, &mut attributes);
    let state = UploadState {
        key: input.key.clone(),
        initiated: call.now(),
        initiator: call.ctx().principal.arn().unwrap_or_else(|| call.ctx().account.to_string()),
        attributes,
        algorithm: wanted.map(|_| algorithm.name().to_owned()),
        checksum_type: checksum_type.to_owned(),
        encryption: at_rest.remembered(),
    };
    let id = new_id(call, &input.key);
    call.meta().swap(&name::upload_key(&input.bucket, &id)?, None, state.to_bytes()?).await?;
    encryption::show(call, &state.attributes);
    at_rest.show(call);
    let chosen = wanted.map(|_| dto::ChecksumType::from_static(checksum_type));
    Ok(dto::CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: chosen,
        key: Some(input.key),
        upload_id: Some(id),
        ..Default::default()
    })
}

fn checksum_type(
    algorithm: Algorithm,
    wish: Option<&dto::ChecksumType>,
) -> Result<&'static str, S3Fault> {
    let why = "The checksum type and the checksum algorithm do not go together";
    match wish.map(dto::ChecksumType::as_str) {
        None => Ok(algorithm.default_type()),
        Some(dto::ChecksumType::FULL_OBJECT) if algorithm.can_be_full_object() => {
            Ok(dto::ChecksumType::FULL_OBJECT)
        }
        Some(dto::ChecksumType::COMPOSITE) if algorithm != Algorithm::Crc64Nvme => {
            Ok(dto::ChecksumType::COMPOSITE)
        }
        Some(_) => Err(S3Fault::InvalidRequest { why }),
    }
}

/// An id that sorts by time, that nobody can guess, since the request's own is random, and that no
/// other upload has.
fn new_id(call: &Call, key: &str) -> String {
    let (ctx, now) = (call.ctx(), call.now().as_ms());
    let seed = format!("{}\n{now}\n{}\n{key}", ctx.request_id, ctx.account);
    format!("{now:012x}{}", name::hex(&Sha256::checksum(seed.as_bytes())))
}
