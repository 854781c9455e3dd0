//! Channels in small state, changed by compare-and-swap: `channel/ACCOUNT/REGION/ID`.

use bytes::Bytes;
use cairn_event::{AccountId, Region};
use cairn_store::meta::LIST_ENTRIES_MAX;
use cairn_store::{Key, KeyPrefix, MetaError, Version};

use super::super::CloudTrailError;
use super::super::trail::store::ATTEMPTS_MAX;
use super::Channel;
use super::fault::ChannelFault;
use super::reference::ChannelReference;
use crate::{Ctx, Internal};

/// Where channels are.
const CHANNELS: &str = "channel/";

/// A channel as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) channel: Channel,
    version: Version,
}

/// The channel that is meant, whoever has it.
pub(crate) async fn find(
    ctx: &Ctx,
    reference: &ChannelReference,
) -> Result<Option<Stored>, CloudTrailError> {
    let key = key(&reference.account, &reference.region, &reference.id)?;
    let found = ctx.services.meta.get(&key).await?;
    found
        .map(|found| Ok(Stored { channel: read(&found.value)?, version: found.version }))
        .transpose()
}

/// The channel that is meant, if it is the caller's own.
pub(crate) async fn open(
    ctx: &Ctx,
    reference: &ChannelReference,
) -> Result<Stored, CloudTrailError> {
    if reference.account != ctx.account {
        return Err(reference.missing().into());
    }
    find(ctx, reference).await?.ok_or_else(|| reference.missing().into())
}

/// All channels of the caller here, by their ids.
pub(crate) async fn all(ctx: &Ctx) -> Result<Vec<Channel>, CloudTrailError> {
    let prefix = KeyPrefix::new(&format!("{CHANNELS}{}/{}/", ctx.account, ctx.region));
    let (mut channels, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.services.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
        let is_last = page.len() < LIST_ENTRIES_MAX;
        for (key, found) in page {
            channels.push(read(&found.value)?);
            after = Some(key);
        }
        if is_last {
            return Ok(channels);
        }
    }
}

/// Puts a new channel there.
pub(crate) async fn create(ctx: &Ctx, channel: &Channel) -> Result<(), CloudTrailError> {
    let key = key(&channel.account, &channel.region, &channel.id)?;
    let is_new = write(ctx, &key, None, channel).await?;
    if is_new { Ok(()) } else { Err(ChannelFault::Conflict.into()) }
}

/// Changes a channel of the caller. Gives it as it then is.
pub(crate) async fn change<E>(
    ctx: &Ctx,
    reference: &ChannelReference,
    change: impl Fn(&mut Channel) -> Result<(), E>,
) -> Result<Channel, CloudTrailError>
where
    CloudTrailError: From<E>,
{
    let key = key(&reference.account, &reference.region, &reference.id)?;
    for _ in 0..ATTEMPTS_MAX {
        let found = open(ctx, reference).await?;
        let mut channel = found.channel.clone();
        change(&mut channel)?;
        if channel == found.channel || write(ctx, &key, Some(found.version), &channel).await? {
            return Ok(channel);
        }
    }
    Err(ChannelFault::Conflict.into())
}

/// Removes a channel of the caller.
pub(crate) async fn remove(ctx: &Ctx, reference: &ChannelReference) -> Result<(), CloudTrailError> {
    let key = key(&reference.account, &reference.region, &reference.id)?;
    for _ in 0..ATTEMPTS_MAX {
        let found = open(ctx, reference).await?;
        match ctx.services.meta.remove(&key, found.version).await {
            Ok(()) => return Ok(()),
            Err(MetaError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChannelFault::Conflict.into())
}

/// Whether nobody else was faster.
async fn write(
    ctx: &Ctx,
    key: &Key,
    expected: Option<Version>,
    channel: &Channel,
) -> Result<bool, CloudTrailError> {
    let value =
        serde_json::to_vec(channel).map_err(|error| Internal::new("write a channel", error))?;
    let value = Bytes::from(value);
    let meta = &ctx.services.meta;
    match meta.swap(key, expected, value.clone()).await {
        Ok(_) => Ok(true),
        Err(MetaError::Conflict { .. }) => Ok(false),
        Err(unknown @ MetaError::Unknown { .. }) => match meta.get(key).await? {
            Some(found) if found.value == value => Ok(true),
            _ => Err(unknown.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn key(account: &AccountId, region: &Region, id: &str) -> Result<Key, MetaError> {
    Key::parse(&format!("{CHANNELS}{account}/{region}/{id}"))
}

fn read(value: &[u8]) -> Result<Channel, CloudTrailError> {
    Ok(serde_json::from_slice(value).map_err(|error| Internal::new("read a channel", error))?)
}
