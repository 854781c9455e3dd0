//! `UpdateAlias`: moves a name to another key.

use serde::Deserialize;

use crate::Ctx;

use super::access::Attempt;
use super::create_alias::{check_name, target};
use super::{Done, KmsFault};

/// The name, and what it is to name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alias_name: String,
    target_key_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    check_name(&input.alias_name)?;
    let kms = &ctx.services.kms;
    // Documented: both keys are asked.
    let before = kms.find(&input.alias_name, &ctx.account, &ctx.region).await?;
    Attempt::new(ctx, "kms:UpdateAlias").judge(ctx, &before)?;
    let key = target(ctx, &input.target_key_id, "kms:UpdateAlias").await?;
    kms.update_alias(&input.alias_name, &key).await?;
    Ok(Done {})
}
