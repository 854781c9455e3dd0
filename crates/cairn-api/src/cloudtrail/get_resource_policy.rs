//! `GetResourcePolicy`: the policy of a channel, as it was written.

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

/// The policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    resource_arn: String,
    resource_policy: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let resource_arn = input.resource_arn;
    let owner = policy::owner(ctx, &resource_arn, false).await?;
    match store::open(ctx, &owner).await?.channel.policy {
        Some(resource_policy) => Ok(Output { resource_arn, resource_policy }),
        None => Err(ChannelFault::NoPolicy { arn: resource_arn }.into()),
    }
}
