//! `GetKeyPolicy`: the policy of a key, as it was written.

use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::{KmsFault, access, policy};

/// Which key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    policy_name: Option<String>,
}

/// Its policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy: String,
    policy_name: &'static str,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:GetKeyPolicy").await?;
    policy::named(input.policy_name.as_deref())?;
    Ok(Output { policy: key.policy, policy_name: policy::NAME })
}
