//! `StartLogging`: a trail takes records from now on. Repeating it changes nothing
//! (observed).

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
        trail.start_logging(end, ctx.now);
        Ok(())
    })
    .await?;
    Ok(Output {})
}
