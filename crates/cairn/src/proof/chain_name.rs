//! Chains of digests by name, and which of them are asked for.

use std::fmt;

use cairn_event::key::{DigestKey, LogKey};
use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// What all digests of a chain have in common. Its bucket and prefix may change on the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChainName {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) trail: String,
    pub(crate) home_region: String,
    #[serde(default)]
    pub(crate) backfill: bool,
}

impl ChainName {
    pub(crate) fn of(key: &DigestKey) -> Self {
        Self {
            organization: key.organization.clone(),
            account: key.account.to_string(),
            region: key.region.to_string(),
            trail: key.trail.clone(),
            home_region: key.home_region.to_string(),
            backfill: key.backfill,
        }
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, trail, home_region, .. } = self;
        write!(f, "trail {trail} ({home_region}), account {account}, {region}")?;
        if self.backfill { f.write_str(", backfill") } else { Ok(()) }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) trail: Option<TrailArn>,
    pub(crate) account: Option<AccountId>,
    pub(crate) region: Option<Region>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

impl Selection {
    /// Whether a chain is in the part of the bucket that is asked for, of whatever trail.
    pub(crate) fn is_near(&self, chain: &ChainName) -> bool {
        self.takes(chain.organization.is_some(), &chain.account, &chain.region)
    }

    /// Whether a chain is asked for.
    pub(crate) fn takes_chain(&self, chain: &ChainName) -> bool {
        self.is_near(chain)
            && self.trail.as_ref().is_none_or(|trail| {
                chain.trail == trail.name.as_str() && chain.home_region == trail.region.as_str()
            })
    }

    /// Whether a log file is in the part of the bucket that is asked for.
    pub(crate) fn takes_log(&self, key: &LogKey) -> bool {
        self.takes(key.organization.is_some(), key.account.as_str(), key.region.as_str())
    }

    fn takes(&self, is_of_organization: bool, account: &str, region: &str) -> bool {
        // The files of an organization's trail are of any of its accounts.
        let owner = self.trail.as_ref().filter(|_| !is_of_organization).map(|trail| &trail.account);
        let wanted = self.account.as_ref().or(owner);
        wanted.is_none_or(|wanted| wanted.as_str() == account)
            && self.region.as_ref().is_none_or(|wanted| wanted.as_str() == region)
    }

    /// Whether a window has a part in the time that is asked for.
    pub(crate) fn takes_window(&self, start: Timestamp, end: Timestamp) -> bool {
        self.start.is_none_or(|from| end > from) && self.end.is_none_or(|to| start < to)
    }
}
