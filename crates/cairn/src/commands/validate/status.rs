//! When a server says that it delivered its newest digests.

use std::collections::BTreeSet;

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

/// Regions that every account has (documented). A trail of all regions may have had digests in each,
/// whatever is left of them in the bucket.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Asks for the status of each trail in each of its regions. What is not answered is not known: the
/// trail may be gone, or of another account.
pub(super) fn newest(
    client: &Client,
    inventory: &Inventory,
    selection: &Selection,
) -> Vec<(ChainName, Timestamp)> {
    let asked = chains(inventory, selection).into_iter();
    asked.filter_map(|chain| one(client, &chain).map(|at| (chain, at))).collect()
}

/// The chains that are there, and those that the trail that is asked for may have had.
fn chains(inventory: &Inventory, selection: &Selection) -> BTreeSet<ChainName> {
    let found = inventory.chains.keys().filter(|chain| selection.takes_chain(chain));
    let is_organization = found.clone().any(|chain| chain.organization.is_some());
    let own = found.filter(|chain| !chain.backfill && chain.organization.is_none()).cloned();
    let mut asked: BTreeSet<ChainName> = own.collect();
    if let Some(trail) = selection.trail.as_ref().filter(|_| !is_organization) {
        let seen = inventory.chains.keys().map(|chain| chain.region.as_str());
        let possible = seen.chain(REGIONS).chain([trail.region.as_str()]);
        let named = possible.map(|region| ChainName {
            organization: None,
            account: trail.account.to_string(),
            region: region.to_owned(),
            trail: trail.name.to_string(),
            home_region: trail.region.to_string(),
            backfill: false,
        });
        asked.extend(named.filter(|chain| selection.takes_chain(chain)));
    }
    asked
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
