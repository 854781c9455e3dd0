//! `CreateKey`: a symmetric key, enabled at once.
//!
//! - Without a policy the key gets the one that gives it to the account (documented).
//! - A policy that would lock the caller out is refused (documented).

use cairn_store::kms::{KeyOwner, NewKey};
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::error::ValueFault;
use super::metadata::Metadata;
use super::tags::{self, Tag};
use super::{KmsFault, SYMMETRIC, policy};

/// What the key is to be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy: Option<String>,
    #[serde(default)]
    description: String,
    key_usage: Option<String>,
    customer_master_key_spec: Option<String>,
    key_spec: Option<String>,
    origin: Option<String>,
    custom_key_store_id: Option<String>,
    xks_key_id: Option<String>,
    multi_region: Option<bool>,
    bypass_policy_lockout_safety_check: Option<bool>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_metadata: Metadata,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    check_kind(&input)?;
    if let Some(text) = &input.policy {
        policy::check(ctx, text, "*", input.bypass_policy_lockout_safety_check)?;
    }
    let mut tags = Vec::new();
    tags::set(&mut tags, &input.tags)?;
    let new = NewKey {
        account: ctx.account.clone(),
        region: ctx.region.clone(),
        description: input.description,
        policy: input.policy,
        tags,
        managed_by: KeyOwner::Customer,
    };
    let key = ctx.services.kms.create(new).await?;
    Ok(Output { key_metadata: Metadata::of(&key) })
}

fn check_kind(input: &Input) -> Result<(), KmsFault> {
    if input.key_spec.is_some() && input.customer_master_key_spec.is_some() {
        return Err(ValueFault::TwoSpecs.into());
    }
    let spec = input.key_spec.as_deref().or(input.customer_master_key_spec.as_deref());
    let rules = [
        (spec.is_none_or(|spec| spec == SYMMETRIC), "A KeySpec other than SYMMETRIC_DEFAULT"),
        (
            input.key_usage.as_deref().is_none_or(|usage| usage == "ENCRYPT_DECRYPT"),
            "A KeyUsage other than ENCRYPT_DECRYPT",
        ),
        (
            input.origin.as_deref().is_none_or(|origin| origin == "AWS_KMS"),
            "An Origin other than AWS_KMS",
        ),
        (input.custom_key_store_id.is_none() && input.xks_key_id.is_none(), "A custom key store"),
        (input.multi_region != Some(true), "A multi-Region key"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, what)) => Err(KmsFault::Unsupported { what }),
    }
}
