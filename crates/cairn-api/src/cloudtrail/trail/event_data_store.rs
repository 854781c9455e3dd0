//! Event data stores, as operations name them that serve trails as well. There are none here.

use cairn_event::{AccountId, Region};

use super::fault::ConfigurationFault;
use super::reference::ARN;

/// What is answered about an event data store: that the text names none, or that there is no such
/// one. An ARN stands for it, or the id at its end (documented).
pub(crate) fn refusal(text: &str) -> ConfigurationFault {
    let id = if text.starts_with(ARN) { id_in(text) } else { Some(text) };
    let text = text.to_owned();
    match id {
        Some(id) if is_id(id) => ConfigurationFault::NoEventDataStore { text },
        _ => ConfigurationFault::EventDataStoreArn { text },
    }
}

fn id_in(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "cloudtrail", region, account, resource] = parts.as_slice() else {
        return None;
    };
    let fits = partition.starts_with("aws")
        && Region::parse(region).is_ok()
        && AccountId::parse(account).is_ok();
    resource.strip_prefix("eventdatastore/").filter(|_| fits)
}

/// Whether a text is a UUID.
fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
