//! Trails in small state, changed by compare-and-swap.
//!
//! A trail is deleted by one such change, which says so in its document. After that it is moved to
//! where workers look for what is left of it; if a call breaks off in between, a later one goes on.

use bytes::Bytes;
use cairn_event::Region;
use cairn_event::trail::{SpanEnd, Trail, TrailName, place};
use cairn_store::meta::LIST_ENTRIES_MAX;
use cairn_store::{Key, KeyPrefix, MetaError, Version};

use super::super::CloudTrailError;
use super::fault::TrailFault;
use super::reference::{Reference, Shown};
use crate::{Ctx, Internal};

/// How often a change begins anew because another was faster, before the caller is told to wait.
pub(crate) const ATTEMPTS_MAX: usize = 8;

/// A trail as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) trail: Trail,
    version: Version,
}

/// The trail of this name that is at home in a region. A deleted one is none.
pub(crate) async fn find(
    ctx: &Ctx,
    home_region: &Region,
    name: &TrailName,
) -> Result<Option<Stored>, CloudTrailError> {
    let key = Key::parse(&place::trail(&ctx.account, home_region, name))?;
    let Some(found) = ctx.services.meta.get(&key).await? else { return Ok(None) };
    let found = Stored { trail: read(&found.value)?, version: found.version };
    Ok(Some(found).filter(|found| found.trail.deleted.is_none()))
}

/// All trails of the caller's account, by region and name.
pub(crate) async fn all(ctx: &Ctx) -> Result<Vec<Trail>, CloudTrailError> {
    let present = list(ctx).await?.into_iter().map(|found| found.trail);
    Ok(present.filter(|trail| trail.deleted.is_none()).collect())
}

/// Moves trails of the caller's account that are deleted, but still in their place.
pub(crate) async fn tidy(ctx: &Ctx) -> Result<(), CloudTrailError> {
    for left in list(ctx).await? {
        if left.trail.deleted.is_some() {
            put_away(ctx, &left).await?;
        }
    }
    Ok(())
}

async fn list(ctx: &Ctx) -> Result<Vec<Stored>, CloudTrailError> {
    let prefix = KeyPrefix::new(&place::trails_of(&ctx.account));
    let (mut trails, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.services.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
        let is_last = page.len() < LIST_ENTRIES_MAX;
        for (key, found) in page {
            trails.push(Stored { trail: read(&found.value)?, version: found.version });
            after = Some(key);
        }
        if is_last {
            return Ok(trails);
        }
    }
}

/// Puts a new trail there. Whether there was none of that name.
pub(crate) async fn create(ctx: &Ctx, trail: &Trail) -> Result<bool, CloudTrailError> {
    Ok(write(ctx, &key_of(trail)?, None, trail).await?.is_some())
}

/// Puts a trail in place of the one that was read. Whether nobody else was faster.
pub(crate) async fn replace(
    ctx: &Ctx,
    read: &Stored,
    trail: &Trail,
) -> Result<bool, CloudTrailError> {
    Ok(write(ctx, &key_of(trail)?, Some(read.version), trail).await?.is_some())
}

/// Changes a trail in its home region, given the end of the log. Gives the trail as it then is; one
/// that stays as it was is not written.
pub(crate) async fn change(
    ctx: &Ctx,
    reference: &Reference,
    change: impl Fn(&mut Trail, u64) -> Result<(), TrailFault>,
) -> Result<Trail, CloudTrailError> {
    for _ in 0..ATTEMPTS_MAX {
        let found = reference.open(ctx, Shown::Arn).await?;
        let (mut trail, end) = (found.trail.clone(), committed(ctx));
        change(&mut trail, end)?;
        if trail == found.trail {
            return Ok(trail);
        }
        trail.changed = end;
        if !trail.selects_like(&found.trail) {
            trail.selected_since = end;
        }
        if replace(ctx, &found, &trail).await? {
            return Ok(trail);
        }
    }
    Err(TrailFault::Conflict.into())
}

/// Deletes a trail that was read: puts the document of a deleted one in its place. Whether nobody
/// else was faster.
pub(crate) async fn delete(
    ctx: &Ctx,
    read: &Stored,
    deleted: Trail,
) -> Result<bool, CloudTrailError> {
    let Some(version) = write(ctx, &key_of(&deleted)?, Some(read.version), &deleted).await? else {
        return Ok(false);
    };
    if let Err(error) = put_away(ctx, &Stored { trail: deleted, version }).await {
        // It is deleted all the same, and workers finish it where it is.
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "a deleted trail was left in its place");
    }
    Ok(true)
}

/// Moves a deleted trail to where workers look for it. It is written there first: a trail that
/// vanished in between would lose its last records.
async fn put_away(ctx: &Ctx, left: &Stored) -> Result<(), CloudTrailError> {
    let (key, meta) = (key_of(&left.trail)?, &ctx.services.meta);
    // Only one call at a time: one that came late would bring back what workers have finished.
    let _turn = ctx.services.trails.admission.turn().await;
    if meta.get(&key).await?.is_none_or(|found| found.version != left.version) {
        return Ok(());
    }
    let gone = Key::parse(&place::gone(&left.trail))?;
    // If another call wrote it and broke off, it is the same.
    write(ctx, &gone, None, &left.trail).await?;
    match meta.remove(&key, left.version).await {
        Ok(()) | Err(MetaError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The end of the log.
pub(crate) fn committed(ctx: &Ctx) -> u64 {
    ctx.services.log.committed().as_u64()
}

/// Where a span ends that this call ends.
pub(crate) fn span_end(ctx: &Ctx, offset: u64) -> SpanEnd {
    SpanEnd { offset, at: ctx.now, request_id: ctx.request_id.clone() }
}

/// Writes a trail; its version, unless somebody else was faster.
async fn write(
    ctx: &Ctx,
    key: &Key,
    expected: Option<Version>,
    trail: &Trail,
) -> Result<Option<Version>, CloudTrailError> {
    let value = serde_json::to_vec(trail).map_err(|error| Internal::new("write a trail", error))?;
    let value = Bytes::from(value);
    let meta = &ctx.services.meta;
    match meta.swap(key, expected, value.clone()).await {
        Ok(version) => Ok(Some(version)),
        Err(MetaError::Conflict { .. }) => Ok(None),
        Err(unknown @ MetaError::Unknown { .. }) => match meta.get(key).await? {
            Some(found) if found.value == value => Ok(Some(found.version)),
            _ => Err(unknown.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn key_of(trail: &Trail) -> Result<Key, CloudTrailError> {
    Ok(Key::parse(&place::trail(&trail.account, &trail.home_region, &trail.name))?)
}

fn read(value: &[u8]) -> Result<Trail, CloudTrailError> {
    Ok(serde_json::from_slice(value).map_err(|error| Internal::new("read a trail", error))?)
}

impl From<MetaError> for CloudTrailError {
    fn from(error: MetaError) -> Self {
        let internal = |error| Internal::new("use the state of a trail", error);
        match error {
            MetaError::Full => Self::Full(internal(error)),
            MetaError::Unavailable { .. } | MetaError::Unknown { .. } => {
                Self::Unavailable(internal(error))
            }
            other => Self::Internal(internal(other)),
        }
    }
}
