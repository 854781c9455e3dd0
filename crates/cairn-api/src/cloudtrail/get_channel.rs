//! `GetChannel`: a channel, and how its newest events fared.
//!
//! Before its first event it has no ingestion status (assumed). `SourceConfig` is of channels that
//! services of AWS make (documented).

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::destination::{self, Destination};
use super::channel::reference::ChannelReference;
use super::channel::status::{self, IngestionStatus};
use super::channel::store;
use crate::Ctx;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    channel: String,
}

/// The channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    channel_arn: String,
    name: String,
    source: String,
    destinations: Vec<Destination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingestion_status: Option<IngestionStatus>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = ChannelReference::parse(ctx, &input.channel)?;
    let channel = store::open(ctx, &reference).await?.channel;
    Ok(Output {
        channel_arn: channel.arn(),
        destinations: destination::shown(&channel.destinations),
        ingestion_status: status::read(ctx, &channel.id).await?,
        name: channel.name,
        source: channel.source,
    })
}
