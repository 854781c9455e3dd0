//! `ListKeys`: the keys of the account in the region, those of services included.
//!
//! - 100 a page if the caller says nothing (documented).
//! - Keys that other accounts share do not exist here (documented for accounts without shares).

use cairn_store::kms::{KeyReference, Target};
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::KmsFault;
use super::page::Wanted;

const KEYS_DEFAULT: usize = 100;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    limit: Option<i64>,
    marker: Option<String>,
    resource_owners: Option<Vec<String>>,
}

/// A page of keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    keys: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    key_arn: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let (account, region) = (&ctx.account, &ctx.region);
    let after = input.marker.as_deref();
    if let Some(marker) = after {
        let parsed = KeyReference::parse(marker, account, region);
        if !parsed.is_ok_and(|parsed| parsed.target == Target::Key(marker.to_owned())) {
            return Err(KmsFault::InvalidMarker);
        }
    }
    if input.resource_owners.is_some_and(|owners| !owners.iter().any(|owner| owner == "SELF")) {
        return Ok(Output { keys: Vec::new(), next_marker: None, truncated: false });
    }
    let Wanted { limit } = Wanted::of(input.limit, KEYS_DEFAULT);
    let (keys, truncated) = ctx.services.kms.list(account, region, after, limit).await?;
    let next_marker = keys.last().filter(|_| truncated).map(|key| key.id.clone());
    let keys = keys.iter().map(|key| Entry { key_id: key.id.clone(), key_arn: key.arn() });
    Ok(Output { keys: keys.collect(), next_marker, truncated })
}
