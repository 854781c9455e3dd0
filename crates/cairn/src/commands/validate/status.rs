//! When a server says that it delivered its newest digests.

use cairn_event::AccountId;
use cairn_event::trail::{TrailArn, TrailName};
use cairn_event::{Region, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::proof::{ChainName, Inventory, Selection};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    latest_digest_delivery_time: Option<f64>,
}

/// Asks for the status of each trail in each of its regions. What is not answered is not known: the
/// trail may be gone, or of another account.
pub(super) fn newest(
    client: &Client,
    inventory: &Inventory,
    selection: &Selection,
) -> Vec<(ChainName, Timestamp)> {
    let asked = inventory.chains.keys().filter(|chain| {
        !chain.backfill && chain.organization.is_none() && selection.takes_chain(chain)
    });
    asked.filter_map(|chain| Some((chain.clone(), one(client, chain)?))).collect()
}

fn one(client: &Client, chain: &ChainName) -> Option<Timestamp> {
    let region = Region::parse(&chain.home_region).ok()?;
    let arn = TrailArn {
        partition: TrailArn::partition_of(&region).to_owned(),
        region,
        account: AccountId::parse(&chain.account).ok()?,
        name: TrailName::parse(&chain.trail).ok()?,
    };
    let input = json!({"Name": arn.to_string()});
    let status: Status = client.call_in(&chain.region, "GetTrailStatus", &input).ok()?;
    let seconds = status.latest_digest_delivery_time.filter(|seconds| seconds.abs() < 1e14)?;
    Some(Timestamp::from_ms((seconds * 1_000.0) as i64))
}
