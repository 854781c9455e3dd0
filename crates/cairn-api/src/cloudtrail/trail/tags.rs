//! Tags, and the trails that have them.
//!
//! A trail is named by its ARN, and only in its home region: an ARN of another region is refused
//! as such (observed of `ListTags`).

use cairn_event::trail::Trail;
use cairn_wire::validate::{Constraint, Violation};
use serde::{Deserialize, Serialize};

use super::super::CloudTrailError;
use super::event_data_store;
use super::fault::{ArnFault, TagFault, TrailFault};
use super::reference::Reference;
use super::store::Stored;
use crate::Ctx;

/// What AWS keeps for itself.
const RESERVED: &str = "aws:";

/// A tag as the interface has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
}

/// A trail that a call on tags is about.
#[derive(Clone, Debug)]
pub(crate) struct Tagged {
    arn: String,
    pub(crate) trail: Reference,
}

impl Tagged {
    /// Reads an ARN.
    pub(crate) fn parse(ctx: &Ctx, text: &str) -> Result<Self, TrailFault> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, "cloudtrail", region, _, resource] = parts.as_slice() else {
            return Err(ArnFault::syntax(text).into());
        };
        let arn = text.to_owned();
        match resource.split_once('/').map_or(*resource, |(kind, _)| kind) {
            "trail" => {}
            "eventdatastore" => return Err(event_data_store::refusal(text).into()),
            "channel" => return Err(TagFault::NoChannel { arn }.into()),
            "dashboard" => return Err(TagFault::NotFound { arn }.into()),
            _ => return Err(TagFault::Kind { arn }.into()),
        }
        let trail = Reference::of_arn(ctx, text)?;
        if *region != ctx.region.as_str() {
            return Err(ArnFault::region(&ctx.region).into());
        }
        Ok(Self { arn, trail })
    }

    /// The trail itself.
    pub(crate) async fn find(&self, ctx: &Ctx) -> Result<Stored, CloudTrailError> {
        let found = self.trail.find(ctx).await?;
        let missing = || TrailFault::from(TagFault::NotFound { arn: self.arn.clone() }).into();
        found.ok_or_else(missing)
    }
}

/// The modelled error for tags that break a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    let below = violation.path.strip_prefix("tagsList")?;
    let fault = match violation.constraint {
        Constraint::LengthMax(max) if below.is_empty() => {
            TagFault::TooMany { max: usize::try_from(max).unwrap_or_default() }
        }
        _ => TagFault::Rule { rule: violation.to_string() },
    };
    Some(TrailFault::from(fault).into())
}

/// Checks tags that a call gives: no key twice, none that is reserved, only letters, digits, spaces
/// and `_.:/=+-@` (documented).
pub(crate) fn check(tags: &[Tag]) -> Result<(), TagFault> {
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for (at, Tag { key, value }) in tags.iter().enumerate() {
        if key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED)) {
            return Err(TagFault::Reserved { key: key.clone() });
        }
        if tags.iter().skip(at + 1).any(|other| other.key == *key) {
            return Err(TagFault::Twice { key: key.clone() });
        }
        let value = value.as_deref().unwrap_or_default();
        if !key.chars().chain(value.chars()).all(plain) {
            let rule = format!(
                "The tag {key} has characters other than letters, digits, spaces and _.:/=+-@."
            );
            return Err(TagFault::Rule { rule });
        }
    }
    Ok(())
}

/// Adds tags; a key that is there gets the new value and stays where it is.
pub(crate) fn add(trail: &mut Trail, tags: &[Tag], max: usize) -> Result<(), TagFault> {
    for tag in tags {
        match trail.tags.iter_mut().find(|(key, _)| *key == tag.key) {
            Some((_, value)) => value.clone_from(&tag.value),
            None => trail.tags.push((tag.key.clone(), tag.value.clone())),
        }
    }
    if trail.tags.len() > max { Err(TagFault::TooMany { max }) } else { Ok(()) }
}

/// Takes tags away by their keys; values do not count, nor do keys that are not there (assumed).
pub(crate) fn remove(trail: &mut Trail, tags: &[Tag]) {
    trail.tags.retain(|(key, _)| tags.iter().all(|tag| tag.key != *key));
}

/// The tags of a trail, in the order in which they were added.
pub(crate) fn of(trail: &Trail) -> Vec<Tag> {
    let tags = trail.tags.iter().cloned();
    tags.map(|(key, value)| Tag { key, value }).collect()
}
