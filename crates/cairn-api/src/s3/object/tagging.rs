//! `GetObjectTagging`, `PutObjectTagging`, `DeleteObjectTagging`.
//!
//! Tags that came with an object are kept with it. Those that are set later are a small value of
//! their own, which names the version it belongs to: so tags never pass to an object that was
//! written after they were set.

use bytes::Bytes;
use cairn_bucket::state::KeptTags;
use cairn_store::{ObjectHead, ObjectName};
use s3s::dto;
use serde::{Deserialize, Serialize};

use crate::Internal;

use super::super::call::Call;
use super::super::error::S3Fault;
use super::super::tags::Tags;
use super::super::{name, tags};
use super::description;

/// Tags that were set on an object after it was written. [`KeptTags`] reads their version.
#[derive(Debug, Serialize, Deserialize)]
struct SetLater {
    /// The version of the object.
    version: u64,
    tags: Tags,
}

/// The tags of an object.
pub(crate) async fn of(call: &Call, head: &ObjectHead) -> Result<Tags, S3Fault> {
    if let Some(found) = call.meta().get(&name::tags_key(&head.name)?).await? {
        let later: SetLater = serde_json::from_slice(&found.value)
            .map_err(|error| S3Fault::Internal(Internal::new("read an object's tags", error)))?;
        if later.version == head.version {
            return Ok(later.tags);
        }
    }
    match head.attributes.header(description::TAGGING) {
        None => Ok(Tags::new()),
        Some(text) => tags::of_header(text, tags::OBJECT_TAGS_MAX),
    }
}

/// Forgets tags that were set on an object that is gone; those of a newer one of its name stay.
pub(crate) async fn forget(call: &Call, object: &ObjectName) -> Result<(), S3Fault> {
    if let Some(kept) = KeptTags::find(call.meta(), object).await? {
        let now = call.objects().head(object).await?;
        kept.forget_unless_of(call.meta(), now.as_ref()).await?;
    }
    Ok(())
}

async fn set(call: &Call, head: &ObjectHead, tags: Tags) -> Result<(), S3Fault> {
    let key = name::tags_key(&head.name)?;
    let before = call.meta().get(&key).await?.map(|found| found.version);
    let value = serde_json::to_vec(&SetLater { version: head.version, tags })
        .map_err(|error| S3Fault::Internal(Internal::new("write an object's tags", error)))?;
    call.meta().swap(&key, before, Bytes::from(value)).await?;
    Ok(())
}

pub(crate) async fn get(
    call: &Call,
    input: dto::GetObjectTaggingInput,
) -> Result<dto::GetObjectTaggingOutput, S3Fault> {
    let head = call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    Ok(dto::GetObjectTaggingOutput {
        tag_set: tags::to_dto(&of(call, &head).await?),
        version_id: None,
    })
}

pub(crate) async fn put(
    call: &Call,
    input: dto::PutObjectTaggingInput,
) -> Result<dto::PutObjectTaggingOutput, S3Fault> {
    let head = call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    set(call, &head, tags::of_dto(input.tagging.tag_set, tags::OBJECT_TAGS_MAX)?).await?;
    Ok(dto::PutObjectTaggingOutput { version_id: None })
}

pub(crate) async fn delete(
    call: &Call,
    input: dto::DeleteObjectTaggingInput,
) -> Result<dto::DeleteObjectTaggingOutput, S3Fault> {
    let head = call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    set(call, &head, Tags::new()).await?;
    Ok(dto::DeleteObjectTaggingOutput { version_id: None })
}
