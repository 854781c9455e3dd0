//! What a server says of trails: where they deliver, and whether with digests.

use std::collections::BTreeSet;

use cairn_event::trail::TrailArn;
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::proof::{Bystander, Ground, Heads, Inventory, Selection, Surroundings};

/// Unknown trails that are named; their names are whoever's who wrote into the bucket.
const STRANGERS_MAX: usize = 20;

/// A trail, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    #[serde(rename = "TrailARN")]
    pub(super) arn: String,
    #[serde(rename = "S3BucketName")]
    pub(super) bucket: String,
    #[serde(rename = "S3KeyPrefix")]
    pub(super) prefix: Option<String>,
    #[serde(rename = "LogFileValidationEnabled", default)]
    pub(super) validates: bool,
    #[serde(rename = "IsMultiRegionTrail", default)]
    pub(super) is_multi_region: bool,
    #[serde(rename = "IsOrganizationTrail", default)]
    pub(super) is_organization: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "trailList")]
    trails: Vec<Described>,
}

impl Described {
    fn ground(&self, arn: &TrailArn) -> Ground {
        let (prefix, account) = (self.prefix.as_deref(), arn.account.as_str());
        Ground::of_trail(&self.bucket, prefix, account, self.is_organization)
    }
}

/// All trails of a region.
pub(super) fn in_region(client: &Client, region: &str) -> anyhow::Result<Vec<Described>> {
    Ok(client.call_in::<Answer>(region, "DescribeTrails", &json!({}))?.trails)
}

/// The trails of all regions of which something is here. What is not answered is not known.
pub(super) fn described(
    client: &Client,
    inventory: &Inventory,
    selection: &Selection,
) -> Vec<Described> {
    let chains = inventory.chains.keys();
    let mut regions: BTreeSet<String> =
        chains.flat_map(|chain| [chain.region.clone(), chain.home_region.clone()]).collect();
    regions.extend(selection.trail.as_ref().map(|trail| trail.region.to_string()));
    regions.extend(selection.region.as_ref().map(ToString::to_string));
    let mut found = Vec::new();
    if regions.is_empty() {
        let answer = client.call::<Answer>("DescribeTrails", &json!({}));
        found.extend(answer.map(|answer| answer.trails).unwrap_or_default());
    }
    for region in regions {
        found.extend(in_region(client, &region).unwrap_or_default());
    }
    found.sort_by(|a, b| a.arn.cmp(&b.arn));
    found.dedup_by(|a, b| a.arn == b.arn);
    found
}

/// What these trails mean to a proof.
pub(super) fn around<'a>(described: &[Described], selection: &Selection) -> Surroundings<'a> {
    let mut around = Surroundings::default();
    for trail in described {
        let Ok(arn) = TrailArn::parse(&trail.arn) else { continue };
        let ground = trail.ground(&arn);
        if selection.trail.as_ref() == Some(&arn) {
            around.own.push(ground.clone());
        }
        if !trail.validates {
            around.bystanders.push(Bystander {
                arn: trail.arn.clone(),
                name: arn.name.to_string(),
                home_region: arn.region.to_string(),
                ground,
                region: (!trail.is_multi_region).then(|| arn.region.to_string()),
            });
        }
    }
    around
}

/// Trails that have digests here and of which a data directory has neither a document nor a digest: as
/// where another server delivers to its buckets. A line on each.
///
/// It changes no verdict: somebody who makes files up would name such a trail, too.
pub(super) fn strangers(
    described: &[Described],
    inventory: &Inventory,
    heads: &Heads,
) -> Vec<String> {
    let mut told = BTreeSet::new();
    for (chain, places) in &inventory.chains {
        let is_its = |arn: &TrailArn| {
            arn.name.as_str() == chain.trail && arn.region.as_str() == chain.home_region
        };
        let is_known = heads
            .all()
            .any(|(known, _)| known.trail == chain.trail && known.home_region == chain.home_region)
            || described
                .iter()
                .any(|trail| TrailArn::parse(&trail.arn).is_ok_and(|arn| is_its(&arn)));
        let Some(place) = places.first().filter(|_| !is_known) else { continue };
        told.insert(format!(
            "this data directory knows no trail {} ({}): if another server delivers it here, ask that \
             one; `cairn validate s3://{}` does",
            chain.trail,
            chain.home_region,
            inventory.buckets.name(place.bucket)
        ));
    }
    told.into_iter().take(STRANGERS_MAX).collect()
}

/// Complains if the trail that is asked for has no digests because it is to have none.
pub(super) fn ensure_digests(
    described: &[Described],
    inventory: &Inventory,
    selection: &Selection,
    heads: &Heads,
) -> anyhow::Result<()> {
    let Some(asked) = &selection.trail else { return Ok(()) };
    let arn = asked.to_string();
    let has_none = described.iter().any(|trail| trail.arn == arn && !trail.validates)
        && !inventory.chains.keys().any(|chain| selection.takes_chain(chain))
        && !heads.all().any(|(chain, _)| selection.takes_chain(chain));
    anyhow::ensure!(
        !has_none,
        "trail {arn} delivers without log file validation: there are no digests to check"
    );
    Ok(())
}
