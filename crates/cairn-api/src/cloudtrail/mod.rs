//! CloudTrail. What is built is in the table of [`crate::dispatch`]; `coverage.txt` lists the rest.

pub(crate) mod add_tags;
pub(crate) mod channel;
pub(crate) mod create_channel;
pub(crate) mod create_trail;
pub(crate) mod delete_channel;
pub(crate) mod delete_resource_policy;
pub(crate) mod delete_trail;
pub(crate) mod describe_trails;
mod error;
pub(crate) mod get_channel;
pub(crate) mod get_event_configuration;
pub(crate) mod get_event_data_store;
pub(crate) mod get_event_selectors;
pub(crate) mod get_insight_selectors;
pub(crate) mod get_resource_policy;
pub(crate) mod get_trail;
pub(crate) mod get_trail_status;
pub(crate) mod list_channels;
pub(crate) mod list_event_data_stores;
pub(crate) mod list_public_keys;
pub(crate) mod list_tags;
pub(crate) mod list_trails;
pub(crate) mod lookup_events;
pub(crate) mod put_event_configuration;
pub(crate) mod put_event_selectors;
pub(crate) mod put_resource_policy;
pub(crate) mod remove_tags;
pub(crate) mod start_logging;
pub(crate) mod stop_logging;
#[cfg(test)]
mod tests;
pub(crate) mod trail;
pub(crate) mod update_channel;
pub(crate) mod update_trail;

pub use channel::fault::ChannelFault;
pub use error::CloudTrailError;
pub use trail::fault::TrailFault;

use cairn_wire::validate::Violation;

/// The modelled error that an operation has for an input which breaks a rule of the model.
pub(crate) fn violation(operation: &str, violation: &Violation) -> Option<CloudTrailError> {
    match operation {
        "LookupEvents" => lookup_events::violation(violation),
        "PutEventSelectors" => put_event_selectors::violation(violation),
        "PutEventConfiguration" => Some(put_event_configuration::violation(violation)),
        "CreateChannel"
        | "DeleteChannel"
        | "GetChannel"
        | "ListChannels"
        | "UpdateChannel"
        | "DeleteResourcePolicy"
        | "GetResourcePolicy"
        | "PutResourcePolicy" => channel::violation(violation),
        "ListEventDataStores" => list_event_data_stores::violation(violation),
        "CreateTrail" | "AddTags" | "RemoveTags" => trail::tags::violation(violation),
        _ => None,
    }
}
