//! `DescribeKey`: what is known of a key, by any of its names.

use serde::Serialize;

use crate::Ctx;

use super::access::{Attempt, find};
use super::metadata::Metadata;
use super::{KmsFault, OneKey};

/// The key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_metadata: Metadata,
}

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Output, KmsFault> {
    let key = find(ctx, &input.key_id, Attempt::new(ctx, "kms:DescribeKey")).await?;
    Ok(Output { key_metadata: Metadata::of(&key) })
}
