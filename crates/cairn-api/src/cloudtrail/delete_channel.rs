//! `DeleteChannel`: the channel, its tags and its policy are gone; the events that it brought stay.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::reference::ChannelReference;
use super::channel::{status, store};
use crate::Ctx;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    channel: String,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = ChannelReference::parse(ctx, &input.channel)?;
    store::remove(ctx, &reference).await?;
    status::forget(ctx, &reference.id).await?;
    Ok(Output {})
}
