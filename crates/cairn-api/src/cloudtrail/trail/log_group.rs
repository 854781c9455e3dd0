//! The log group of a trail and the role that writes to it. Both or none.
//!
//! - The order of the checks is AWS's (observed): the pair, the group's ARN, the role's, the
//!   region, and last whether the role may write to the group.
//! - An empty text takes both away; with a value for the other it is a pair that lacks one
//!   (observed).

use cairn_event::trail::Trail;
use cairn_event::{AccountId, Region};

use super::fault::{DestinationFault, LogsText};

/// How the ARN of a log group ends here (documented).
const STREAMS: &str = ":*";
/// The longest name of a log group (documented).
const GROUP_BYTES_MAX: usize = 512;

/// What a call asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What there is stays.
    Keep,
    /// There is to be none.
    Remove,
    /// There is to be this one.
    Set {
        /// The ARN of the group, with `:*`.
        group: String,
        /// The ARN of the role.
        role: String,
    },
}

/// Reads what a call says, in a region.
pub(crate) fn asked(
    group: Option<&str>,
    role: Option<&str>,
    region: &Region,
) -> Result<Asked, DestinationFault> {
    let (group, role) = match (group, role) {
        (None, None) => return Ok(Asked::Keep),
        (Some(""), None | Some("")) | (None, Some("")) => return Ok(Asked::Remove),
        (Some(_), None | Some("")) => return Err(DestinationFault::LogRole(LogsText::Pair)),
        (None | Some(""), Some(_)) => return Err(DestinationFault::LogGroup(LogsText::Pair)),
        (Some(group), Some(role)) => (group, role),
    };
    let place = group_region(group).ok_or(DestinationFault::LogGroup(LogsText::GroupSyntax))?;
    if !is_role(role) {
        return Err(DestinationFault::LogRole(LogsText::RoleSyntax));
    }
    if place != *region {
        return Err(DestinationFault::LogGroup(LogsText::Region));
    }
    Ok(Asked::Set { group: group.to_owned(), role: role.to_owned() })
}

/// Whether the role may write to the group. No log group is served here, so none exists.
pub(crate) fn admit(trail: &Trail) -> Result<(), DestinationFault> {
    match trail.log_group_arn {
        None => Ok(()),
        Some(_) => Err(DestinationFault::LogGroup(LogsText::Permissions)),
    }
}

/// The region in the ARN of a log group.
fn group_region(arn: &str) -> Option<Region> {
    let parts: Vec<&str> = arn.strip_suffix(STREAMS)?.splitn(7, ':').collect();
    let ["arn", partition, "logs", region, account, "log-group", name] = parts.as_slice() else {
        return None;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.#".contains(&byte);
    let fits = partition.starts_with("aws")
        && AccountId::parse(account).is_ok()
        && (1..=GROUP_BYTES_MAX).contains(&name.len())
        && name.bytes().all(plain);
    if fits { Region::parse(region).ok() } else { None }
}

/// Whether a text is the ARN of a role.
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, name]
    if partition.starts_with("aws")
        && AccountId::parse(account).is_ok()
        && name.strip_prefix("role/").is_some_and(|name| {
            !name.is_empty() && name.bytes().all(plain)
        }))
}
