//! `GetBucketEncryption`, `PutBucketEncryption`, `DeleteBucketEncryption`: how objects are encrypted
//! whose writers do not say.
//!
//! - Every bucket has `AES256` until something else is set, and again once that is deleted
//!   (documented).
//! - There is exactly one rule (documented: more are not possible). A key goes with `aws:kms` only
//!   (documented). Whether there is such a key is seen when an object is written (documented).
//! - Objects that were there before stay as they are (documented).

use cairn_bucket::state::DefaultEncryption;
use cairn_store::envelope::ENCRYPTION_KMS;
use s3s::dto;

use super::call::Call;
use super::error::S3Fault;

/// As S3 calls the encryption of every bucket.
const AES256: &str = dto::ServerSideEncryption::AES256;

pub(super) async fn get(
    call: &Call,
    input: dto::GetBucketEncryptionInput,
) -> Result<dto::GetBucketEncryptionOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let (algorithm, key, bucket_key) = match state.encryption {
        Some(set) => (set.algorithm, set.key, set.bucket_key),
        None => (AES256.to_owned(), None, false),
    };
    let by_default = dto::ServerSideEncryptionByDefault {
        kms_master_key_id: key,
        sse_algorithm: dto::ServerSideEncryption::from(algorithm),
    };
    let rule = dto::ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(by_default),
        bucket_key_enabled: Some(bucket_key),
    };
    let rules = dto::ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(dto::GetBucketEncryptionOutput { server_side_encryption_configuration: Some(rules) })
}

pub(super) async fn put(
    call: &Call,
    input: dto::PutBucketEncryptionInput,
) -> Result<dto::PutBucketEncryptionOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    let mut rules = input.server_side_encryption_configuration.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else {
        return Err(S3Fault::MalformedXml);
    };
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    // A rule may speak of the bucket's key alone; then the algorithm is the one of every bucket.
    let (algorithm, key) = match rule.apply_server_side_encryption_by_default {
        Some(set) => (set.sse_algorithm.as_str().to_owned(), set.kms_master_key_id),
        None => (AES256.to_owned(), None),
    };
    match algorithm.as_str() {
        AES256 if key.is_some() => {
            let why =
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms";
            return Err(S3Fault::InvalidArgument { why });
        }
        AES256 | ENCRYPTION_KMS => {}
        "aws:kms:dsse" => return Err(S3Fault::NotImplemented),
        _ => return Err(S3Fault::MalformedXml),
    }
    let set = DefaultEncryption { algorithm, key: key.filter(|key| !key.is_empty()), bucket_key };
    bucket.change(call, |state| state.encryption = Some(set)).await?;
    Ok(dto::PutBucketEncryptionOutput {})
}

pub(super) async fn delete(
    call: &Call,
    input: dto::DeleteBucketEncryptionInput,
) -> Result<dto::DeleteBucketEncryptionOutput, S3Fault> {
    call.bucket(&input.bucket).await?.change(call, |state| state.encryption = None).await?;
    Ok(dto::DeleteBucketEncryptionOutput {})
}
