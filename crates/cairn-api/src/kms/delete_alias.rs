//! `DeleteAlias`: takes a name away, whatever the state of its key (documented).

use serde::Deserialize;

use crate::Ctx;

use super::access::Attempt;
use super::create_alias::check_name;
use super::{Done, KmsFault};

/// The name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alias_name: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    check_name(&input.alias_name)?;
    let kms = &ctx.services.kms;
    let key = kms.find(&input.alias_name, &ctx.account, &ctx.region).await?;
    Attempt::new(ctx, "kms:DeleteAlias").judge(ctx, &key)?;
    kms.delete_alias(&ctx.account, &ctx.region, &input.alias_name).await?;
    Ok(Done {})
}
