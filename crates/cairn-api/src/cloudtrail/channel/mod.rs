//! What operations on channels have in common: which channel is meant, how it is kept, what it may
//! be.
//!
//! A channel takes events of applications ([`crate::cloudtrail_data`]) into an event data store, of
//! which each account has one in each region ([`event_data_store`]).

pub(crate) mod destination;
pub(crate) mod event_data_store;
pub(crate) mod fault;
pub(crate) mod policy;
pub(crate) mod reference;
pub(crate) mod source;
pub(crate) mod status;
pub(crate) mod store;

use aws_lc_rs::digest::{SHA256, digest};
use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region};
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::tags;
use cairn_wire::validate::Violation;
use fault::ChannelFault;

/// The most channels of an account in a region (documented).
pub(crate) const CHANNELS_MAX: usize = 25;
/// The most tags of a channel (documented).
pub(crate) const TAGS_MAX: usize = 50;

/// A channel, as it is kept in small state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Channel {
    /// A UUID: the end of its ARN.
    pub(crate) id: String,
    /// The owner.
    pub(crate) account: AccountId,
    /// Where it is.
    pub(crate) region: Region,
    /// Its name, which no other channel of the owner has there.
    pub(crate) name: String,
    /// Whose events it takes.
    pub(crate) source: String,
    /// ARNs of event data stores.
    pub(crate) destinations: Vec<String>,
    /// Keys and values, in the order in which they came.
    pub(crate) tags: Vec<(String, Option<String>)>,
    /// Who else may put events, as its owner wrote it.
    pub(crate) policy: Option<String>,
}

impl Channel {
    /// Its ARN.
    pub(crate) fn arn(&self) -> String {
        arn(&self.account, &self.region, "channel", &self.id)
    }
}

/// The ARN of something of CloudTrail's.
pub(crate) fn arn(account: &AccountId, region: &Region, kind: &str, id: &str) -> String {
    let partition = TrailArn::partition_of(region);
    format!("arn:{partition}:cloudtrail:{region}:{account}:{kind}/{id}")
}

/// A UUID that stands for a text: always the same one, and another one for any other text.
pub(crate) fn uuid_of(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let mut bytes: [u8; 16] = hash.as_ref().first_chunk().copied().unwrap_or_default();
    // As a random UUID has them: version 4, variant 1.
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Whether a text is a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    let member = violation.path.split('.').next().unwrap_or_default();
    let rule = violation.to_string();
    let fault = match member {
        "channel" => ChannelFault::Arn { text: rule },
        "source" => ChannelFault::Source { text: rule },
        "resourceArn" => ChannelFault::ResourceArn { text: rule },
        "resourcePolicy" => ChannelFault::PolicyNotValid { why: rule },
        "nextToken" => ChannelFault::Token,
        "name" | "destinations" => ChannelFault::Parameter { rule },
        "tags" => return tags::violation_below(violation, "tags"),
        _ => return None,
    };
    Some(fault.into())
}

#[cfg(test)]
mod tests {
    use super::{is_uuid, uuid_of};

    #[test]
    fn texts_have_uuids_of_their_own() {
        let one = uuid_of("one");
        assert!(is_uuid(&one) && one.len() == 36, "{one}");
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
        assert_eq!(one, uuid_of("one"));
        assert_ne!(one, uuid_of("other"));
        assert!(!is_uuid("one") && !is_uuid(&one[1..]) && !is_uuid(&one.replace('4', "g")));
    }
}
