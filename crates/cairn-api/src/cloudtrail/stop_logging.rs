//! `StopLogging`: a trail takes no more records, but the one of this call (documented).
//! Repeating it changes nothing (assumed, by analogy).

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::reference::Reference;
use super::trail::store;
use crate::Ctx;

/// Which trail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = Reference::parse(ctx, &input.name)?;
    store::change(ctx, &reference, |trail, end| {
        trail.stop_logging(store::span_end(ctx, end));
        Ok(())
    })
    .await?;
    Ok(Output {})
}
