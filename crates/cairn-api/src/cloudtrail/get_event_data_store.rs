//! `GetEventDataStore`: the one that is built in.

use serde::Deserialize;

use super::CloudTrailError;
use super::channel::event_data_store::{self, Shown};
use crate::Ctx;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    event_data_store: String,
}

#[expect(clippy::unused_async, reason = "as all operations are")]
pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Shown, CloudTrailError> {
    Ok(Shown::of(event_data_store::find(ctx, &input.event_data_store)?))
}
