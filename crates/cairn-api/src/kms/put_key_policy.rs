//! `PutKeyPolicy`: another policy for a key, whatever its state (documented).

use serde::Deserialize;

use crate::Ctx;

use super::{Done, KmsFault, access, policy};

/// Which key, and what it is to say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    bypass_policy_lockout_safety_check: Option<bool>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:PutKeyPolicy").await?;
    policy::named(input.policy_name.as_deref())?;
    let bypass = input.bypass_policy_lockout_safety_check;
    policy::check(ctx, &input.policy, &key.arn(), bypass)?;
    ctx.services
        .kms
        .update(&key, |key| {
            key.policy.clone_from(&input.policy);
            Ok(())
        })
        .await?;
    Ok(Done {})
}
