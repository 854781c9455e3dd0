//! Tags, and what has them: trails and channels. The event data store that is built in has none, and
//! gets none.
//!
//! A trail is named by its ARN, and only in its home region: an ARN of another region is refused
//! as such (observed of `ListTags`).

use cairn_wire::validate::{Constraint, Violation};
use serde::{Deserialize, Serialize};

use super::super::CloudTrailError;
use super::super::channel;
use super::super::channel::event_data_store;
use super::super::channel::fault::ChannelFault;
use super::super::channel::reference::ChannelReference;
use super::fault::{ArnFault, TagFault, TrailFault};
use super::reference::Reference;
use super::store;
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

/// Tags as they are kept: keys, and values where there are any.
pub(crate) type Tags = Vec<(String, Option<String>)>;

/// What a call on tags is about.
#[derive(Clone, Debug)]
pub(crate) enum Tagged {
    /// A trail, by its ARN.
    Trail(String, Reference),
    /// A channel.
    Channel(ChannelReference),
    /// The event data store, by its ARN.
    Store(String),
}

impl Tagged {
    /// Reads an ARN.
    pub(crate) fn parse(ctx: &Ctx, text: &str) -> Result<Self, CloudTrailError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, "cloudtrail", region, _, resource] = parts.as_slice() else {
            return Err(TrailFault::from(ArnFault::syntax(text)).into());
        };
        let arn = text.to_owned();
        let fault: TrailFault = match resource.split_once('/').map_or(*resource, |(kind, _)| kind) {
            "trail" => {
                let trail = Reference::of_arn(ctx, text).map_err(TrailFault::from)?;
                if *region != ctx.region.as_str() {
                    return Err(TrailFault::from(ArnFault::region(&ctx.region)).into());
                }
                return Ok(Self::Trail(arn, trail));
            }
            "channel" => return Ok(Self::Channel(ChannelReference::parse(ctx, text)?)),
            "eventdatastore" => return Ok(Self::Store(event_data_store::find(ctx, text)?)),
            "dashboard" => TagFault::NotFound { arn }.into(),
            _ => TagFault::Kind { arn }.into(),
        };
        Err(fault.into())
    }

    /// The tags that it has.
    pub(crate) async fn find(&self, ctx: &Ctx) -> Result<Tags, CloudTrailError> {
        match self {
            Self::Trail(arn, trail) => match trail.find(ctx).await? {
                Some(found) => Ok(found.trail.tags),
                None => Err(TrailFault::from(TagFault::NotFound { arn: arn.clone() }).into()),
            },
            Self::Channel(channel) => Ok(channel::store::open(ctx, channel).await?.channel.tags),
            Self::Store(_) => Ok(Tags::new()),
        }
    }

    /// Changes the tags that it has, given how many there may be.
    pub(crate) async fn change(
        &self,
        ctx: &Ctx,
        change: impl Fn(&mut Tags, usize) -> Result<(), TagFault>,
    ) -> Result<(), CloudTrailError> {
        match self {
            Self::Trail(_, trail) => {
                let max = ctx.services.trails.tags_max;
                store::change(ctx, trail, |trail, _| Ok(change(&mut trail.tags, max)?)).await?;
            }
            Self::Channel(reference) => {
                let change = |channel: &mut channel::Channel| {
                    change(&mut channel.tags, channel::TAGS_MAX).map_err(TrailFault::from)
                };
                channel::store::change(ctx, reference, change).await?;
            }
            Self::Store(arn) => return Err(ChannelFault::BuiltIn { arn: arn.clone() }.into()),
        }
        Ok(())
    }
}

/// The modelled error for tags that break a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    violation_below(violation, "tagsList")
}

/// The same, for tags in a member of another name.
pub(crate) fn violation_below(violation: &Violation, member: &str) -> Option<CloudTrailError> {
    let below = violation.path.strip_prefix(member)?;
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
pub(crate) fn add(kept: &mut Tags, tags: &[Tag], max: usize) -> Result<(), TagFault> {
    for tag in tags {
        match kept.iter_mut().find(|(key, _)| *key == tag.key) {
            Some((_, value)) => value.clone_from(&tag.value),
            None => kept.push((tag.key.clone(), tag.value.clone())),
        }
    }
    if kept.len() > max { Err(TagFault::TooMany { max }) } else { Ok(()) }
}

/// Takes tags away by their keys; values do not count, nor do keys that are not there (assumed).
pub(crate) fn remove(kept: &mut Tags, tags: &[Tag]) {
    kept.retain(|(key, _)| tags.iter().all(|tag| tag.key != *key));
}

/// Tags in the order in which they were added.
pub(crate) fn of(kept: &Tags) -> Vec<Tag> {
    let tags = kept.iter().cloned();
    tags.map(|(key, value)| Tag { key, value }).collect()
}
