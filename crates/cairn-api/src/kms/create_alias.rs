//! `CreateAlias`: a name for a key of the same account and region.

use cairn_store::kms::{KeyReference, KmsKey, RESERVED_ALIAS_PREFIX, Target, is_alias};
use serde::Deserialize;

use crate::Ctx;

use super::error::ValueFault;
use super::{Done, KmsFault, access};

/// The name, and what it is to name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alias_name: String,
    target_key_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    check_name(&input.alias_name)?;
    let key = target(ctx, &input.target_key_id, "kms:CreateAlias").await?;
    ctx.services.kms.create_alias(&input.alias_name, &key).await?;
    Ok(Done {})
}

/// Refuses names that callers may not give.
pub(super) fn check_name(name: &str) -> Result<(), KmsFault> {
    if !name.starts_with("alias/") {
        return Err(ValueFault::AliasPrefix.into());
    }
    if name.starts_with(RESERVED_ALIAS_PREFIX) {
        return Err(KmsFault::ReservedAlias);
    }
    if !is_alias(name) {
        return Err(ValueFault::AliasCharacters { name: name.to_owned() }.into());
    }
    Ok(())
}

/// The key that an alias is to name; it must not wait for its end (documented).
pub(super) async fn target(ctx: &Ctx, reference: &str, action: &str) -> Result<KmsKey, KmsFault> {
    let parsed = KeyReference::parse(reference, &ctx.account, &ctx.region)?;
    if matches!(parsed.target, Target::Alias(_)) {
        return Err(ValueFault::AliasOfAlias.into());
    }
    let key = access::find_own(ctx, reference, action).await?;
    key.lives()?;
    Ok(key)
}
