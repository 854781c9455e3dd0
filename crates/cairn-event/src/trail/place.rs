//! Where trails and what belongs to them are in small state.
//!
//! | key | value | written by |
//! | --- | --- | --- |
//! | `trail/ACCOUNT/REGION/NAME` | [`super::Trail`] | operations |
//! | `trail-gone/ID` | [`super::Trail`], deleted | operations; removed by the digest worker |
//! | `delivery/front` | how far delivery has come | the delivery worker |
//! | `delivery/trail/ID` | [`super::Delivery`] and the worker's own plan | the delivery worker |
//! | `delivery/files/ID/ACCOUNT/REGION/SEQ` | [`super::LogFile`]s | delivery; removed by digests |
//! | `digest/chain/ID/ACCOUNT/REGION` | [`crate::digest::Chain`] | the digest worker |
//! | `digest/key/REGION/FINGERPRINT` | [`crate::digest::SigningKey`] | the digest worker |
//! | `digest/stamp/ACCOUNT/HOME/NAME/REGION` | the last second used by a deleted trail | the digest worker |
//!
//! `DeleteTrail` is one change to a trail's document: it says when that was. Then the document is
//! moved. Until it is, a deleted trail can be in its first place, in both, or in the second.

use super::{Trail, TrailName};
use crate::{AccountId, Region};

/// All trails.
pub const TRAILS: &str = "trail/";
/// Deleted trails with work left.
pub const GONE: &str = "trail-gone/";
/// How far delivery has come.
pub const FRONT: &str = "delivery/front";
/// Delivered files that no digest covers yet.
pub const FILES: &str = "delivery/files/";
/// All chains of digests.
pub const CHAINS: &str = "digest/chain/";

/// The trails of an account.
pub fn trails_of(account: &AccountId) -> String {
    format!("{TRAILS}{account}/")
}

/// A trail.
pub fn trail(account: &AccountId, home_region: &Region, name: &TrailName) -> String {
    format!("{TRAILS}{account}/{home_region}/{name}")
}

/// A deleted trail.
pub fn gone(trail: &Trail) -> String {
    format!("{GONE}{}", trail.id)
}

/// How a trail's deliveries stand.
pub fn delivery(trail_id: &str) -> String {
    format!("delivery/trail/{trail_id}")
}

/// The delivered files of a trail for an account and region.
pub fn files(trail_id: &str, account: &AccountId, region: &Region) -> String {
    format!("{FILES}{trail_id}/{account}/{region}/")
}

/// A chain of digests.
pub fn chain(trail_id: &str, account: &AccountId, region: &Region) -> String {
    format!("{CHAINS}{trail_id}/{account}/{region}")
}

/// The last second that digests of a deleted trail used in a region: a later trail of its name begins
/// after it.
pub fn digest_stamp(
    account: &AccountId,
    home_region: &Region,
    name: &TrailName,
    region: &Region,
) -> String {
    format!("digest/stamp/{account}/{home_region}/{name}/{region}")
}

/// A key pair for digests.
pub fn digest_key(region: &Region, fingerprint: &str) -> String {
    format!("{}{fingerprint}", digest_keys(region))
}

/// The digest keys of a region.
pub fn digest_keys(region: &Region) -> String {
    format!("digest/key/{region}/")
}
