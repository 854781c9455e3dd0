//! `ListAliases`: the names in the account and region, or those of one key.
//!
//! - 50 a page if the caller says nothing (documented).

use cairn_event::Timestamp;
use cairn_store::kms::{KmsAlias, is_alias};
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::page::Wanted;
use super::{KmsFault, access};

const ALIASES_DEFAULT: usize = 50;

/// Which page, and of which key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// A page of aliases.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    aliases: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
    creation_date: Timestamp,
    last_updated_date: Timestamp,
}

impl Entry {
    fn of(alias: &KmsAlias) -> Self {
        Self {
            alias_name: alias.name.clone(),
            alias_arn: alias.arn(),
            target_key_id: alias.key_id.clone(),
            creation_date: alias.created,
            last_updated_date: alias.updated,
        }
    }
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let key = match &input.key_id {
        None => None,
        Some(reference) => Some(access::find_own(ctx, reference, "kms:ListAliases").await?),
    };
    let after = input.marker.as_deref();
    if after.is_some_and(|marker| !is_alias(marker)) {
        return Err(KmsFault::InvalidMarker);
    }
    let Wanted { limit } = Wanted::of(input.limit, ALIASES_DEFAULT);
    let (account, region) = (&ctx.account, &ctx.region);
    let listed = ctx.services.kms.list_aliases(account, region, key.as_ref(), after, limit);
    let (aliases, truncated) = listed.await?;
    let next_marker = aliases.last().filter(|_| truncated).map(|alias| alias.name.clone());
    Ok(Output { aliases: aliases.iter().map(Entry::of).collect(), next_marker, truncated })
}
