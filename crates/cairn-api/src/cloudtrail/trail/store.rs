//! Trails in small state, changed by compare-and-swap.

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

/// The trail of this name that is at home in a region.
pub(crate) async fn find(
    ctx: &Ctx,
    home_region: &Region,
    name: &TrailName,
) -> Result<Option<Stored>, CloudTrailError> {
    let key = Key::parse(&place::trail(&ctx.account, home_region, name))?;
    let Some(found) = ctx.services.meta.get(&key).await? else { return Ok(None) };
    Ok(Some(Stored { trail: read(&found.value)?, version: found.version }))
}

/// All trails of the caller's account, by region and name.
pub(crate) async fn all(ctx: &Ctx) -> Result<Vec<Trail>, CloudTrailError> {
    let prefix = KeyPrefix::new(&place::trails_of(&ctx.account));
    let (mut trails, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.services.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
        let is_last = page.len() < LIST_ENTRIES_MAX;
        for (key, found) in page {
            trails.push(read(&found.value)?);
            after = Some(key);
        }
        if is_last {
            return Ok(trails);
        }
    }
}

/// Puts a new trail there. Whether there was none of that name.
pub(crate) async fn create(ctx: &Ctx, trail: &Trail) -> Result<bool, CloudTrailError> {
    write(ctx, &key_of(trail)?, None, trail).await
}

/// Puts a trail in place of the one that was read. Whether nobody else was faster.
pub(crate) async fn replace(
    ctx: &Ctx,
    read: &Stored,
    trail: &Trail,
) -> Result<bool, CloudTrailError> {
    write(ctx, &key_of(trail)?, Some(read.version), trail).await
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
        if replace(ctx, &found, &trail).await? {
            return Ok(trail);
        }
    }
    Err(TrailFault::Conflict.into())
}

/// Takes a trail away that was read; what is left for workers to finish is kept as `gone`. Whether
/// nobody else was faster.
///
/// `gone` is written first: a trail that vanished without it would lose its last records.
pub(crate) async fn remove(
    ctx: &Ctx,
    read: &Stored,
    gone: &Trail,
) -> Result<bool, CloudTrailError> {
    let meta = &ctx.services.meta;
    let gone_key = Key::parse(&place::gone(gone))?;
    // A call that broke off may have left one.
    let left = meta.get(&gone_key).await?.map(|found| found.version);
    if !write(ctx, &gone_key, left, gone).await? {
        return Ok(false);
    }
    let key = key_of(&read.trail)?;
    match meta.remove(&key, read.version).await {
        Ok(()) => Ok(true),
        Err(MetaError::Conflict { .. }) => {
            // Either it was changed and lives on, or another call has taken it away and `gone` is
            // of that one, too.
            let lives = match meta.get(&key).await? {
                Some(found) => self::read(&found.value)?.id == gone.id,
                None => false,
            };
            if lives {
                forget(ctx, &gone_key).await?;
            }
            Ok(false)
        }
        Err(unknown @ MetaError::Unknown { .. }) => {
            if meta.get(&key).await?.is_none() {
                Ok(true)
            } else {
                Err(unknown.into())
            }
        }
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

async fn forget(ctx: &Ctx, key: &Key) -> Result<(), CloudTrailError> {
    let meta = &ctx.services.meta;
    let Some(found) = meta.get(key).await? else { return Ok(()) };
    match meta.remove(key, found.version).await {
        Ok(()) | Err(MetaError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn write(
    ctx: &Ctx,
    key: &Key,
    expected: Option<Version>,
    trail: &Trail,
) -> Result<bool, CloudTrailError> {
    let value = serde_json::to_vec(trail).map_err(|error| Internal::new("write a trail", error))?;
    let value = Bytes::from(value);
    let meta = &ctx.services.meta;
    match meta.swap(key, expected, value.clone()).await {
        Ok(_) => Ok(true),
        Err(MetaError::Conflict { .. }) => Ok(false),
        Err(unknown @ MetaError::Unknown { .. }) => {
            let is_ours = meta.get(key).await?.is_some_and(|found| found.value == value);
            if is_ours { Ok(true) } else { Err(unknown.into()) }
        }
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
            MetaError::Full | MetaError::Unavailable { .. } | MetaError::Unknown { .. } => {
                Self::Unavailable(internal(error))
            }
            other => Self::Internal(internal(other)),
        }
    }
}
