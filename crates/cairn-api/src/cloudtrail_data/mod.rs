//! `cloudtrail-data`: events of applications, put into a channel.

mod error;
mod event;
pub(crate) mod put_audit_events;
#[cfg(test)]
mod tests;

pub use error::AuditEventsError;

use cairn_wire::validate::Violation;

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<AuditEventsError> {
    (violation.path == "channelArn")
        .then(|| AuditEventsError::InvalidChannelArn { text: violation.to_string() })
}
