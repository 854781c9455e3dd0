//! `GetBucketOwnershipControls`, `PutBucketOwnershipControls`, `DeleteBucketOwnershipControls`,
//! `PutBucketAcl`.
//!
//! - A new bucket has `BucketOwnerEnforced`: ACLs are off, and setting one is refused (documented).
//! - Otherwise an ACL can be set. The only one that is kept here is the owner's own: `private`, or the
//!   same said in full. Others are refused as not implemented, since nobody else would get access.

use cairn_bucket::state::Ownership;
use s3s::dto;

use super::bucket::BucketState;
use super::call::Call;
use super::error::S3Fault;
use super::{defaults, name};

const ENFORCED: &str = dto::ObjectOwnership::BUCKET_OWNER_ENFORCED;
const KNOWN: [&str; 3] =
    [ENFORCED, dto::ObjectOwnership::BUCKET_OWNER_PREFERRED, dto::ObjectOwnership::OBJECT_WRITER];

/// What a call asks for.
pub(super) fn of(wish: &dto::ObjectOwnership) -> Result<Ownership, S3Fault> {
    match wish.as_str() {
        known if KNOWN.contains(&known) => Ok(Ownership::Set(known.to_owned())),
        _ => Err(S3Fault::MalformedXml),
    }
}

/// Whether ACLs are off.
fn is_enforced(state: &BucketState) -> bool {
    match &state.ownership {
        None => true,
        Some(Ownership::Set(set)) => set == ENFORCED,
        Some(Ownership::Deleted) => false,
    }
}

pub(super) async fn get(
    call: &Call,
    input: dto::GetBucketOwnershipControlsInput,
) -> Result<dto::GetBucketOwnershipControlsOutput, S3Fault> {
    let set = match call.bucket(&input.bucket).await?.state.ownership {
        None => ENFORCED.to_owned(),
        Some(Ownership::Set(set)) => set,
        Some(Ownership::Deleted) => {
            return Err(S3Fault::NotConfigured {
                code: "OwnershipControlsNotFoundError",
                text: "The bucket ownership controls were not found",
            });
        }
    };
    let rules = vec![dto::OwnershipControlsRule { object_ownership: set.into() }];
    let controls = dto::OwnershipControls { rules };
    Ok(dto::GetBucketOwnershipControlsOutput { ownership_controls: Some(controls) })
}

pub(super) async fn put(
    call: &Call,
    input: dto::PutBucketOwnershipControlsInput,
) -> Result<dto::PutBucketOwnershipControlsOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    let mut rules = input.ownership_controls.rules.iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else {
        return Err(S3Fault::MalformedXml);
    };
    let set = of(&rule.object_ownership)?;
    bucket.change(call, |state| state.ownership = Some(set)).await?;
    Ok(dto::PutBucketOwnershipControlsOutput {})
}

pub(super) async fn delete(
    call: &Call,
    input: dto::DeleteBucketOwnershipControlsInput,
) -> Result<dto::DeleteBucketOwnershipControlsOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    bucket.change(call, |state| state.ownership = Some(Ownership::Deleted)).await?;
    Ok(dto::DeleteBucketOwnershipControlsOutput {})
}

pub(super) async fn put_bucket_acl(
    call: &Call,
    input: dto::PutBucketAclInput,
) -> Result<dto::PutBucketAclOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    defaults::one_kind_of_acl(call)?;
    if is_enforced(&bucket.state) {
        return Err(S3Fault::AclNotSupported);
    }
    let grants = [
        input.grant_full_control,
        input.grant_read,
        input.grant_read_acp,
        input.grant_write,
        input.grant_write_acp,
    ];
    if grants.iter().any(Option::is_some) {
        return Err(S3Fault::NotImplemented);
    }
    match (input.acl, input.access_control_policy) {
        (Some(canned), None) if canned.as_str() == dto::BucketCannedACL::PRIVATE => {}
        (None, Some(policy)) if is_owners(call, &policy) => {}
        (None, None) => return Err(S3Fault::MalformedXml),
        _ => return Err(S3Fault::NotImplemented),
    }
    Ok(dto::PutBucketAclOutput {})
}

/// Whether an ACL says that the owner may do everything, and nobody else anything.
fn is_owners(call: &Call, policy: &dto::AccessControlPolicy) -> bool {
    let owner = name::canonical_user(&call.ctx().account);
    let is_owner = |id: Option<&String>| id == Some(&owner);
    let is_full = |grant: &dto::Grant| {
        let full = dto::Permission::FULL_CONTROL;
        grant.permission.as_ref().is_some_and(|permission| permission.as_str() == full)
            && grant.grantee.as_ref().is_some_and(|grantee| is_owner(grantee.id.as_ref()))
    };
    is_owner(policy.owner.as_ref().and_then(|owner| owner.id.as_ref()))
        && policy
            .grants
            .as_ref()
            .is_some_and(|grants| grants.len() == 1 && grants.iter().all(is_full))
}
