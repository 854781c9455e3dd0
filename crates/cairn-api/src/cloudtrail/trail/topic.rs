//! The topic of a trail: what it may be called, and whether it is there.

use cairn_event::trail::Trail;
use cairn_event::{AccountId, Region};

use super::fault::DestinationFault;
use super::reference::ARN;

/// The longest name of a topic, in characters (documented).
const NAME_CHARS_MAX: usize = 256;

/// Checks the name or ARN of a topic. Topics that keep an order are refused (observed: their names
/// end in `.fifo`).
pub(crate) fn check_name(topic: &str) -> Result<(), DestinationFault> {
    let name = if topic.starts_with(ARN) { name_in(topic) } else { Some(topic) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let fits = name
        .is_some_and(|name| (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(plain));
    if fits { Ok(()) } else { Err(DestinationFault::TopicName { topic: topic.to_owned() }) }
}

fn name_in(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (_, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = partition.starts_with("aws")
        && service == "sns"
        && Region::parse(region).is_ok()
        && AccountId::parse(account).is_ok();
    fits.then_some(name)
}

/// Whether CloudTrail may publish to a trail's topic. No topic is served here, so none exists.
pub(crate) fn admit(trail: &Trail) -> Result<(), DestinationFault> {
    match trail.sns_topic {
        None => Ok(()),
        Some(_) => Err(DestinationFault::Topic),
    }
}
