//! `UpdateChannel`: another name, other destinations. The source stays (documented).
//!
//! A call that asks for nothing changes nothing (assumed).

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::destination::{self, Destination};
use super::channel::fault::ChannelFault;
use super::channel::reference::ChannelReference;
use super::channel::store;
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    channel: String,
    destinations: Option<Vec<Destination>>,
    name: Option<String>,
}

/// The channel as it is then.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    channel_arn: String,
    name: String,
    source: String,
    destinations: Vec<Destination>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = ChannelReference::parse(ctx, &input.channel)?;
    store::open(ctx, &reference).await?;
    let destinations =
        input.destinations.map(|asked| destination::read(ctx, &asked)).transpose()?;
    // So that no two calls take a name.
    let turn = ctx.services.trails.admission.turn().await;
    if let Some(name) = &input.name {
        let others = store::all(ctx).await?;
        if others.iter().any(|other| other.name == *name && other.id != reference.id) {
            let value = name.clone();
            return Err(ChannelFault::AlreadyExists { what: "name", value }.into());
        }
    }
    let channel = store::change(ctx, &reference, |channel| {
        if let Some(name) = &input.name {
            channel.name.clone_from(name);
        }
        if let Some(destinations) = &destinations {
            channel.destinations.clone_from(destinations);
        }
        Ok::<_, ChannelFault>(())
    })
    .await?;
    drop(turn);
    Ok(Output {
        channel_arn: channel.arn(),
        destinations: destination::shown(&channel.destinations),
        name: channel.name,
        source: channel.source,
    })
}
