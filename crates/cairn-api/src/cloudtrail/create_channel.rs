//! `CreateChannel`: a way in for events of applications.
//!
//! - At most 25 in a region; names are unique there (documented), and so are partners as sources
//!   (assumed).
//! - The destination is an event data store; of those there is one, built in.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::destination::{self, Destination};
use super::channel::fault::ChannelFault;
use super::channel::{CHANNELS_MAX, Channel, TAGS_MAX, source, store, uuid_of};
use super::trail::fault::TrailFault;
use super::trail::tags::{self, Tag};
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    source: String,
    destinations: Vec<Destination>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    channel_arn: String,
    name: String,
    source: String,
    destinations: Vec<Destination>,
    tags: Vec<Tag>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    source::check(&input.source)?;
    tags::check(&input.tags).map_err(TrailFault::from)?;
    let destinations = destination::read(ctx, &input.destinations)?;
    let id = uuid_of(&format!("{}\n{}\n{}", ctx.request_id, ctx.account, ctx.region));
    let mut channel = Channel {
        id,
        account: ctx.account.clone(),
        region: ctx.region.clone(),
        name: input.name,
        source: input.source,
        destinations,
        tags: Vec::new(),
        policy: None,
    };
    tags::add(&mut channel.tags, &input.tags, TAGS_MAX).map_err(TrailFault::from)?;
    // So that no two calls take the last place, or a name.
    let turn = ctx.services.trails.admission.turn().await;
    check_room(&channel, &store::all(ctx).await?)?;
    store::create(ctx, &channel).await?;
    drop(turn);
    Ok(Output {
        channel_arn: channel.arn(),
        destinations: destination::shown(&channel.destinations),
        tags: tags::of(&channel.tags),
        name: channel.name,
        source: channel.source,
    })
}

fn check_room(channel: &Channel, others: &[Channel]) -> Result<(), ChannelFault> {
    let exists = |what, value: &String| ChannelFault::AlreadyExists { what, value: value.clone() };
    if others.iter().any(|other| other.name == channel.name) {
        return Err(exists("name", &channel.name));
    }
    if channel.source != source::CUSTOM && others.iter().any(|other| other.source == channel.source)
    {
        return Err(exists("source", &channel.source));
    }
    if others.len() >= CHANNELS_MAX {
        return Err(ChannelFault::TooMany { max: CHANNELS_MAX });
    }
    Ok(())
}
