//! The public keys that a server knows.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cairn_event::Timestamp;
use serde_json::{Value as Json, json};

use super::inventory::Inventory;
use super::key_ring::KeyRing;
use crate::client::Client;

/// How long after the end of a digest its key may begin, and before it end (as the AWS CLI asks).
const AROUND_MS: i64 = 2 * 3_600_000;
/// The most pages of one answer.
const PAGES_MAX: usize = 1_000;

/// Asks for the keys of all regions and times that there are digests of.
pub(crate) fn fetch_keys(
    client: &Client,
    inventory: &Inventory,
    ring: &mut KeyRing,
) -> anyhow::Result<()> {
    let mut regions: BTreeMap<&str, (Timestamp, Timestamp)> = BTreeMap::new();
    for (chain, places) in &inventory.chains {
        for place in places {
            let known = regions.entry(&chain.region).or_insert((place.end, place.end));
            *known = (known.0.min(place.end), known.1.max(place.end));
        }
    }
    for (region, (first, last)) in regions {
        region_keys(client, region, (first, last), ring)
            .with_context(|| format!("cannot ask for the public keys of {region}"))?;
    }
    Ok(())
}

fn region_keys(
    client: &Client,
    region: &str,
    (first, last): (Timestamp, Timestamp),
    ring: &mut KeyRing,
) -> anyhow::Result<()> {
    let mut input = json!({
        "StartTime": (first.as_ms() - AROUND_MS) / 1_000,
        "EndTime": (last.as_ms() + AROUND_MS) / 1_000,
    });
    for _ in 0..PAGES_MAX {
        let answer: Json = client.call_in(region, "ListPublicKeys", &input)?;
        ring.add_document(&answer, Some(region))?;
        match answer.get("NextToken").and_then(Json::as_str) {
            Some(token) => input["NextToken"] = token.into(),
            None => return Ok(()),
        }
    }
    anyhow::bail!("the list does not end")
}
