//! `ListChannels`: the channels of the caller in a region, by their ids.
//!
//! The size of a page without `MaxResults` is assumed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::fault::ChannelFault;
use super::channel::{is_uuid, store};
use crate::Ctx;

/// The most channels of a page, as in the model.
const PAGE_CHANNELS_MAX: usize = 1_000;

/// Where to go on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A page of channels.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    channels: Vec<Info>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    channel_arn: String,
    name: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let mut channels = store::all(ctx).await?;
    if let Some(token) = input.next_token {
        let last = position(&token).ok_or(ChannelFault::Token)?;
        channels.retain(|channel| channel.id > last);
    }
    let max = input.max_results.unwrap_or(PAGE_CHANNELS_MAX).clamp(1, PAGE_CHANNELS_MAX);
    let has_more = channels.len() > max;
    channels.truncate(max);
    let next_token = channels.last().filter(|_| has_more);
    let next_token = next_token.map(|last| URL_SAFE_NO_PAD.encode(&last.id));
    let info =
        |channel: super::channel::Channel| Info { channel_arn: channel.arn(), name: channel.name };
    Ok(Output { channels: channels.into_iter().map(info).collect(), next_token })
}

fn position(token: &str) -> Option<String> {
    let id = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    is_uuid(&id).then_some(id)
}
