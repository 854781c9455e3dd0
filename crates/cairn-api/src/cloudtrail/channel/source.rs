//! Whose events a channel takes.

use super::fault::ChannelFault;

/// Events of the caller's own applications.
pub(crate) const CUSTOM: &str = "Custom";
/// Partners whose events CloudTrail takes (documented; how exactly their names are written is
/// assumed).
const PARTNERS: [&str; 15] = [
    "CloudStorageSecurity",
    "Clumio",
    "CrowdStrike",
    "CyberArk",
    "GitHub",
    "KongInc",
    "LaunchDarkly",
    "MontyCloud",
    "Netskope",
    "Nordcloud",
    "Okta",
    "OneIdentity",
    "Shoreline.io",
    "Snyk",
    "Wiz",
];

/// Refuses a source that is none.
pub(crate) fn check(source: &str) -> Result<(), ChannelFault> {
    if source == CUSTOM || PARTNERS.contains(&source) {
        return Ok(());
    }
    Err(ChannelFault::Source { text: source.to_owned() })
}
