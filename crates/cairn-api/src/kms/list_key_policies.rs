//! `ListKeyPolicies`: there is one, `default` (documented).

use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::page::{Wanted, slice};
use super::{KmsFault, access, policy};

const POLICIES_DEFAULT: usize = 100;

/// Of which key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    limit: Option<i64>,
    marker: Option<String>,
}

/// The names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy_names: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    access::find_own(ctx, &input.key_id, "kms:ListKeyPolicies").await?;
    let wanted = Wanted::of(input.limit, POLICIES_DEFAULT);
    let (policy_names, next_marker) = slice(&[policy::NAME], input.marker.as_deref(), wanted)?;
    Ok(Output { policy_names, truncated: next_marker.is_some(), next_marker })
}
