//! `ListEventDataStores`: the one that is built in. There is never more than one page, so no token is
//! right.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::event_data_store;
use super::channel::fault::ChannelFault;
use crate::Ctx;
use cairn_wire::validate::Violation;

/// Where to go on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    next_token: Option<String>,
}

/// The stores.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    event_data_stores: Vec<Info>,
}

/// No more than this is in lists (documented).
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    event_data_store_arn: String,
    name: &'static str,
}

#[expect(clippy::unused_async, reason = "as all operations are")]
pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    if input.next_token.is_some() {
        return Err(ChannelFault::Token.into());
    }
    let event_data_store_arn = event_data_store::arn_of(&ctx.account, &ctx.region);
    let info = Info { event_data_store_arn, name: event_data_store::NAME };
    Ok(Output { event_data_stores: vec![info] })
}

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    let fault = match violation.path.as_str() {
        "maxResults" => ChannelFault::MaxResults { rule: violation.to_string() },
        "nextToken" => ChannelFault::Token,
        _ => return None,
    };
    Some(fault.into())
}
