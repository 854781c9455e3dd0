//! `DeleteResourcePolicy`: from now on the owner of a channel is alone.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::fault::ChannelFault;
use super::channel::{policy, store};
use crate::Ctx;

/// Of what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_arn: String,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let owner = policy::owner(ctx, &input.resource_arn, true).await?;
    store::change(ctx, &owner, |channel| match channel.policy.take() {
        Some(_) => Ok(()),
        None => Err(ChannelFault::NoPolicy { arn: input.resource_arn.clone() }),
    })
    .await?;
    Ok(Output {})
}
