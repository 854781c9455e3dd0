//! `CreateBucket`, `HeadBucket`, `DeleteBucket`, `ListBuckets`, `GetBucketLocation`.
//!
//! - A bucket belongs to the caller's account and keeps the region in which it was made
//!   (documented).
//! - Creating one's own bucket again succeeds in us-east-1, if it is there, and is a conflict
//!   elsewhere (documented).
//! - `us-east-1` is no location constraint there, and an illegal one elsewhere (observed); in
//!   us-east-1 any other region may be named, elsewhere only the region of the call, and it must be
//!   named (documented).
//! - It can be made with tags (documented).
//! - A bucket can be deleted once it has no objects; uploads in parts go with it (assumed).

use std::ops::Bound;

use cairn_store::{Condition, Key, KeyPrefix, ListQuery, MetaError};
use s3s::dto;

use super::bucket::{Bucket, BucketState};
use super::call::Call;
use super::error::S3Fault;
use super::{defaults, name, ownership, tags, time};

/// The region that S3 does not name.
const UNNAMED_REGION: &str = "us-east-1";
/// The most buckets of one page (documented).
const BUCKETS_MAX: usize = 10_000;
/// How many entries are read or removed at a time.
const STEP: usize = 1_000;

pub(super) async fn create(
    call: &Call,
    input: dto::CreateBucketInput,
) -> Result<dto::CreateBucketOutput, S3Fault> {
    if !name::is_free_for_buckets(&input.bucket) {
        return Err(S3Fault::InvalidBucketName);
    }
    defaults::one_kind_of_acl(call)?;
    // documented: a new bucket has no ACLs, so none but the owner's own can be asked for.
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    if input.acl.as_ref().is_some_and(|acl| acl.as_str() != dto::BucketCannedACL::PRIVATE)
        || grants.iter().any(|grant| grant.is_some())
    {
        return Err(S3Fault::AclOfNewBucket);
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(S3Fault::NotImplemented);
    }
    let constraint = input.create_bucket_configuration.and_then(|wish| wish.location_constraint);
    let region = region_of(
        call.ctx().region.as_str(),
        constraint.as_ref().map(dto::BucketLocationConstraint::as_str),
    )?;
    let mut state = BucketState::new(call.ctx().account.clone(), region.clone(), call.now());
    state.ownership = input.object_ownership.map(|wish| ownership::of(&wish)).transpose()?;
    state.tags = tags::of_new_bucket(&call.intake().document())?;
    let location = format!("/{}", input.bucket);
    match call.meta().swap(&name::bucket_key(&input.bucket)?, None, state.to_bytes()?).await {
        Ok(_) => Ok(dto::CreateBucketOutput { location: Some(location) }),
        Err(MetaError::Conflict { .. }) => {
            let there = Bucket::find(call.meta(), &input.bucket).await?;
            let there = there.ok_or(S3Fault::OperationAborted)?.state;
            if there.owner != call.ctx().account {
                Err(S3Fault::BucketAlreadyExists)
            } else if region == UNNAMED_REGION && there.region == UNNAMED_REGION {
                Ok(dto::CreateBucketOutput { location: Some(location) })
            } else {
                Err(S3Fault::BucketAlreadyOwnedByYou)
            }
        }
        Err(other) => Err(other.into()),
    }
}

/// Where a bucket is made, by the region of the call and the constraint in its body.
fn region_of(call: &str, constraint: Option<&str>) -> Result<String, S3Fault> {
    let constraint = constraint.filter(|constraint| !constraint.is_empty());
    let wanted = if constraint == Some("EU") { Some("eu-west-1") } else { constraint };
    match wanted {
        None if call == UNNAMED_REGION => Ok(call.to_owned()),
        None => Err(S3Fault::IllegalLocation { constraint: "unspecified".to_owned() }),
        Some(UNNAMED_REGION) if call == UNNAMED_REGION => Err(S3Fault::InvalidLocation),
        Some(region) if cairn_event::Region::parse(region).is_err() => {
            Err(S3Fault::InvalidLocation)
        }
        Some(region) if region == call || call == UNNAMED_REGION => Ok(region.to_owned()),
        Some(region) => Err(S3Fault::IllegalLocation { constraint: region.to_owned() }),
    }
}

pub(super) async fn head(
    call: &Call,
    input: dto::HeadBucketInput,
) -> Result<dto::HeadBucketOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    // observed: the type of a document that a head does not have.
    call.answer_with("content-type", "application/xml");
    Ok(dto::HeadBucketOutput {
        access_point_alias: Some(false),
        bucket_region: Some(bucket.state.region),
        ..Default::default()
    })
}

pub(super) async fn location(
    call: &Call,
    input: dto::GetBucketLocationInput,
) -> Result<dto::GetBucketLocationOutput, S3Fault> {
    let region = call.bucket(&input.bucket).await?.state.region;
    let named = (region != UNNAMED_REGION).then(|| dto::BucketLocationConstraint::from(region));
    Ok(dto::GetBucketLocationOutput { location_constraint: named })
}

pub(super) async fn delete(
    call: &Call,
    input: dto::DeleteBucketInput,
) -> Result<dto::DeleteBucketOutput, S3Fault> {
    // From here to the end no object takes its name in any bucket.
    let _closed = call.gate().write().await;
    let bucket = call.bucket(&input.bucket).await?;
    let any =
        ListQuery { prefix: name::objects_of(&bucket.name), from: Bound::Unbounded, limit: 1 };
    if !call.objects().list(&any).await?.is_empty() {
        return Err(S3Fault::BucketNotEmpty);
    }
    // Leftovers first: if this breaks off, there still is a bucket that can be deleted.
    remove_keys(call, &name::upload_keys(&bucket.name)).await?;
    remove_keys(call, &name::tags_keys(&bucket.name)).await?;
    remove_objects(call, name::all_parts_of(&bucket.name)).await?;
    call.meta().remove(&name::bucket_key(&bucket.name)?, bucket.version).await?;
    Ok(dto::DeleteBucketOutput {})
}

/// Removes small values under a prefix.
pub(super) async fn remove_keys(call: &Call, prefix: &KeyPrefix) -> Result<(), S3Fault> {
    loop {
        let entries = call.meta().list(prefix, None, STEP).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for (key, found) in entries {
            match call.meta().remove(&key, found.version).await {
                // Changed meanwhile: the next round sees it.
                Ok(()) | Err(MetaError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Removes objects under a prefix.
pub(super) async fn remove_objects(call: &Call, prefix: Vec<u8>) -> Result<(), S3Fault> {
    let query = ListQuery { prefix, from: Bound::Unbounded, limit: STEP };
    loop {
        let heads = call.objects().list(&query).await?;
        if heads.is_empty() {
            return Ok(());
        }
        for head in heads {
            call.objects().delete(&head.name, Condition::Always).await?;
        }
    }
}

pub(super) async fn list(
    call: &Call,
    input: dto::ListBucketsInput,
) -> Result<dto::ListBucketsOutput, S3Fault> {
    let why = "Argument max-buckets must be an integer between 1 and 10000";
    let max = input.max_buckets.map_or(Ok(BUCKETS_MAX), usize::try_from);
    let max = max.ok().filter(|max| (1..=BUCKETS_MAX).contains(max));
    let max = max.ok_or(S3Fault::InvalidArgument { why })?;
    let prefix = name::bucket_keys(input.prefix.as_deref().unwrap_or_default());
    let mut after = match input.continuation_token.as_deref() {
        None => None,
        Some(token) => Some(after_token(token)?),
    };
    let (mut buckets, mut next) = (Vec::new(), None);
    'pages: loop {
        let entries = call.meta().list(&prefix, after.as_ref(), STEP).await?;
        let last = entries.len() < STEP;
        for (key, found) in entries {
            let state = BucketState::from_bytes(&found.value)?;
            let here = input.bucket_region.as_ref().is_none_or(|region| *region == state.region);
            if here && state.owner == call.ctx().account {
                if buckets.len() == max {
                    next = after.as_ref().map(|key: &Key| name::hex(&name::bucket_of(key)));
                    break 'pages;
                }
                buckets.push(dto::Bucket {
                    bucket_region: input.max_buckets.map(|_| state.region),
                    creation_date: Some(time::to_dto(state.created)),
                    name: Some(name::bucket_of(&key).to_owned()),
                });
            }
            after = Some(key);
        }
        if last {
            break;
        }
    }
    let owner =
        dto::Owner { display_name: None, id: Some(name::canonical_user(&call.ctx().account)) };
    Ok(dto::ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token: next,
        owner: Some(owner),
        prefix: input.prefix,
    })
}

/// Where a page of buckets goes on.
fn after_token(token: &str) -> Result<Key, S3Fault> {
    let wrong = || S3Fault::InvalidArgument { why: "The continuation token provided is incorrect" };
    let name = String::from_utf8(name::unhex(token).ok_or_else(wrong)?).map_err(|_| wrong())?;
    name::bucket_key(&name).map_err(|_| wrong())
}
