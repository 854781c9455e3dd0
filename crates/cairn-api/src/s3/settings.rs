//! What is kept with a bucket and shown again: versioning state, tags, policy, public access block.
//!
//! - The versioning state is `Enabled` or `Suspended` once set, and never unset (documented).
//!   Objects have one version here whatever it says.
//! - A policy is returned byte for byte as it was given (observed).

use cairn_iam::policy::Policy;
use s3s::dto;

use super::bucket::PublicAccess;
use super::call::Call;
use super::error::S3Fault;
use super::{policy, tags};

pub(super) async fn versioning(
    call: &Call,
    input: dto::GetBucketVersioningInput,
) -> Result<dto::GetBucketVersioningOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let status = state.versioning.map(dto::BucketVersioningStatus::from);
    Ok(dto::GetBucketVersioningOutput { mfa_delete: None, status })
}

pub(super) async fn put_versioning(
    call: &Call,
    input: dto::PutBucketVersioningInput,
) -> Result<dto::PutBucketVersioningOutput, S3Fault> {
    let wanted = input.versioning_configuration;
    let bucket = call.bucket(&input.bucket).await?;
    if wanted.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() == dto::MFADelete::ENABLED) {
        return Err(S3Fault::NotImplemented);
    }
    let status = wanted.status.ok_or(S3Fault::MalformedXml)?.as_str().to_owned();
    let known = [dto::BucketVersioningStatus::ENABLED, dto::BucketVersioningStatus::SUSPENDED];
    if !known.contains(&status.as_str()) {
        return Err(S3Fault::MalformedXml);
    }
    bucket.change(call, |state| state.versioning = Some(status)).await?;
    Ok(dto::PutBucketVersioningOutput {})
}

pub(super) async fn tagging(
    call: &Call,
    input: dto::GetBucketTaggingInput,
) -> Result<dto::GetBucketTaggingOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    if state.tags.is_empty() {
        return Err(S3Fault::NotConfigured {
            code: "NoSuchTagSet",
            text: "The TagSet does not exist",
        });
    }
    Ok(dto::GetBucketTaggingOutput { tag_set: tags::to_dto(&state.tags) })
}

pub(super) async fn put_tagging(
    call: &Call,
    input: dto::PutBucketTaggingInput,
) -> Result<dto::PutBucketTaggingOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    let tags = tags::of_dto(input.tagging.tag_set, tags::BUCKET_TAGS_MAX)?;
    bucket.change(call, |state| state.tags = tags).await?;
    Ok(dto::PutBucketTaggingOutput {})
}

pub(super) async fn delete_tagging(
    call: &Call,
    input: dto::DeleteBucketTaggingInput,
) -> Result<dto::DeleteBucketTaggingOutput, S3Fault> {
    call.bucket(&input.bucket).await?.change(call, |state| state.tags.clear()).await?;
    Ok(dto::DeleteBucketTaggingOutput {})
}

pub(super) async fn policy(
    call: &Call,
    input: dto::GetBucketPolicyInput,
) -> Result<dto::GetBucketPolicyOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let policy = state.policy.ok_or(S3Fault::NoSuchBucketPolicy)?;
    call.answer_with("content-type", "application/json");
    Ok(dto::GetBucketPolicyOutput { policy: Some(policy) })
}

/// Whether the policy is one that S3 calls public, whatever else blocks public access.
pub(super) async fn policy_status(
    call: &Call,
    input: dto::GetBucketPolicyStatusInput,
) -> Result<dto::GetBucketPolicyStatusOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let policy = Policy::parse(&state.policy.ok_or(S3Fault::NoSuchBucketPolicy)?)?;
    let status = dto::PolicyStatus { is_public: Some(policy.is_public()) };
    Ok(dto::GetBucketPolicyStatusOutput { policy_status: Some(status) })
}

pub(super) async fn put_policy(
    call: &Call,
    input: dto::PutBucketPolicyInput,
) -> Result<dto::PutBucketPolicyOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    policy::check(&bucket.name, &input.policy)?;
    bucket.change(call, |state| state.policy = Some(input.policy)).await?;
    Ok(dto::PutBucketPolicyOutput {})
}

pub(super) async fn delete_policy(
    call: &Call,
    input: dto::DeleteBucketPolicyInput,
) -> Result<dto::DeleteBucketPolicyOutput, S3Fault> {
    call.bucket(&input.bucket).await?.change(call, |state| state.policy = None).await?;
    Ok(dto::DeleteBucketPolicyOutput {})
}

/// A new bucket blocks all public access (documented).
const ALL_BLOCKED: PublicAccess = PublicAccess {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};

/// What is left once the block was deleted.
const NONE_BLOCKED: PublicAccess = PublicAccess {
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
};

pub(super) async fn public_access(
    call: &Call,
    input: dto::GetPublicAccessBlockInput,
) -> Result<dto::GetPublicAccessBlockOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let block = state.public_access.unwrap_or(ALL_BLOCKED);
    if block == NONE_BLOCKED {
        return Err(S3Fault::NotConfigured {
            code: "NoSuchPublicAccessBlockConfiguration",
            text: "The public access block configuration was not found",
        });
    }
    let configuration = dto::PublicAccessBlockConfiguration {
        block_public_acls: Some(block.block_public_acls),
        ignore_public_acls: Some(block.ignore_public_acls),
        block_public_policy: Some(block.block_public_policy),
        restrict_public_buckets: Some(block.restrict_public_buckets),
    };
    Ok(dto::GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
}

pub(super) async fn put_public_access(
    call: &Call,
    input: dto::PutPublicAccessBlockInput,
) -> Result<dto::PutPublicAccessBlockOutput, S3Fault> {
    let wanted = input.public_access_block_configuration;
    let block = PublicAccess {
        block_public_acls: wanted.block_public_acls.unwrap_or(false),
        ignore_public_acls: wanted.ignore_public_acls.unwrap_or(false),
        block_public_policy: wanted.block_public_policy.unwrap_or(false),
        restrict_public_buckets: wanted.restrict_public_buckets.unwrap_or(false),
    };
    let bucket = call.bucket(&input.bucket).await?;
    bucket.change(call, |state| state.public_access = Some(block)).await?;
    Ok(dto::PutPublicAccessBlockOutput {})
}

pub(super) async fn delete_public_access(
    call: &Call,
    input: dto::DeletePublicAccessBlockInput,
) -> Result<dto::DeletePublicAccessBlockOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    bucket.change(call, |state| state.public_access = Some(NONE_BLOCKED)).await?;
    Ok(dto::DeletePublicAccessBlockOutput {})
}
