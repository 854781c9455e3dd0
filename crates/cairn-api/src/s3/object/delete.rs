//! `DeleteObject`, `DeleteObjects`.
//!
//! - To delete what is not there succeeds (documented).
//! - Many at once: at most 1,000, and the body must come with a checksum (documented).

use cairn_store::{Condition, ObjectError, ObjectName};
use futures_util::stream::{StreamExt as _, iter};
use s3s::dto;

use super::super::answer;
use super::super::call::{Call, only_version};
use super::super::checksum::Algorithm;
use super::super::error::S3Fault;
use super::super::name;
use super::{conditions, tagging};

/// The most keys of one call.
const KEYS_MAX: usize = 1_000;
/// How many are deleted at the same time.
const AT_ONCE: usize = 16;

pub(crate) async fn one(
    call: &Call,
    input: dto::DeleteObjectInput,
) -> Result<dto::DeleteObjectOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
        return Err(S3Fault::NotImplemented);
    }
    let condition = input.if_match.as_ref();
    remove(call, &input.bucket, &input.key, input.version_id.as_deref(), condition).await?;
    Ok(dto::DeleteObjectOutput::default())
}

async fn remove(
    call: &Call,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    condition: Option<&dto::ETagCondition>,
) -> Result<(), S3Fault> {
    only_version(version)?;
    let name = name::object(bucket, key)?;
    match condition {
        None => {
            call.objects().delete(&name, Condition::Always).await?;
        }
        Some(wanted) => remove_if(call, &name, wanted).await?,
    }
    tagging::forget(call, &name).await
}

/// Removes the object if it has the entity tag. What is looked at is what goes, or nothing is.
async fn remove_if(
    call: &Call,
    name: &ObjectName,
    wanted: &dto::ETagCondition,
) -> Result<(), S3Fault> {
    loop {
        let head = call.objects().head(name).await?.ok_or(S3Fault::NoSuchKey)?;
        conditions::must_match(wanted, &head)?;
        match call.objects().delete(name, Condition::Version(head.version)).await {
            // Another call has replaced or removed it since: the condition decides anew.
            Err(ObjectError::Conflict { .. }) => {}
            done => return Ok(done.map(drop)?),
        }
    }
}

pub(crate) async fn many(
    call: &Call,
    input: dto::DeleteObjectsInput,
) -> Result<dto::DeleteObjectsOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let checked = |header| call.header(header).is_some();
    let trailer =
        call.header("x-amz-trailer").is_some_and(|name| Algorithm::of_header(name).is_some());
    if !checked("content-md5")
        && !trailer
        && !Algorithm::ALL.iter().any(|kind| checked(kind.header()))
    {
        let why = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(S3Fault::InvalidRequest { why });
    }
    let keys = input.delete.objects;
    // assumed: a key that is empty is as none.
    if keys.is_empty() || keys.len() > KEYS_MAX || keys.iter().any(|object| object.key.is_empty()) {
        return Err(S3Fault::MalformedXml);
    }
    let bucket = input.bucket.as_str();
    let outcomes = iter(keys)
        .map(|object| async move {
            let condition = object.e_tag.map(dto::ETagCondition::ETag);
            let version = object.version_id.as_deref();
            let outcome = remove(call, bucket, &object.key, version, condition.as_ref()).await;
            (object.key, outcome)
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for (key, outcome) in outcomes {
        match outcome {
            Ok(()) => deleted.push(dto::DeletedObject { key: Some(key), ..Default::default() }),
            Err(fault) => {
                answer::log(&fault);
                errors.push(dto::Error {
                    code: Some(fault.code().to_owned()),
                    key: Some(key),
                    message: Some(fault.to_string()),
                    version_id: None,
                });
            }
        }
    }
    let quiet = input.delete.quiet == Some(true);
    Ok(dto::DeleteObjectsOutput {
        deleted: Some(deleted).filter(|_| !quiet),
        errors: Some(errors).filter(|errors| !errors.is_empty()),
        request_charged: None,
    })
}
