//! `PutResourcePolicy`: who may put events into a channel, in place of what was said before.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::fault::ChannelFault;
use super::channel::{policy, store};
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_arn: String,
    resource_policy: String,
}

/// The same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    resource_arn: String,
    resource_policy: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let Input { resource_arn, resource_policy } = input;
    let owner = policy::owner(ctx, &resource_arn, true).await?;
    policy::check(&resource_policy, &resource_arn)?;
    store::change(ctx, &owner, |channel| {
        channel.policy = Some(resource_policy.clone());
        Ok::<_, ChannelFault>(())
    })
    .await?;
    Ok(Output { resource_arn, resource_policy })
}
