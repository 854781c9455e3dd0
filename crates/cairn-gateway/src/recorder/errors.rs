//! `errorCode` and `errorMessage`.

use std::borrow::Cow;

use cairn_wire::model::Operation;

use super::call::Outcome;
use super::services::{Denied, Family, ServiceFacts};

/// Why a call never reached its service's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Denied,
    Throttled,
    /// By the service, which shows nothing either.
    Bare,
}

/// The two fields of a failed call.
#[derive(Debug, Default)]
pub(super) struct Failure<'a> {
    pub(super) code: Option<Cow<'a, str>>,
    pub(super) message: Option<&'a str>,
}

/// Whether a code of the wire says that the call was refused.
pub(super) fn refusal(code: &str) -> Option<Refusal> {
    match bare(code) {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Some(Refusal::Denied),
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown" => Some(Refusal::Throttled),
        _ => None,
    }
}

/// `ns#Name:uri` is `Name`.
fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, name)| name);
    code.split_once(':').map_or(code, |(name, _)| name)
}

/// What the record says of a failure: the name of the modelled error, and not the code of the wire
/// (observed), with EC2's prefix and the wire's own code for S3.
pub(super) fn failure<'a>(
    outcome: &Outcome<'a>,
    operation: Option<Operation<'static>>,
    facts: &ServiceFacts,
) -> Failure<'a> {
    let Outcome::Failure { code, message, status } = *outcome else { return Failure::default() };
    let wire = bare(code);
    let service = operation.map(|operation| operation.service().id()).unwrap_or_default();
    if service == "events" && is_masked_miss(wire, operation) {
        return Failure {
            code: Some(Cow::Borrowed("UnknownError")),
            message: Some("An unknown error occurred"),
        };
    }
    let code = match facts.family {
        Family::Ec2 if status >= 500 => Cow::Owned(format!("Server.{wire}")),
        Family::Ec2 => Cow::Owned(format!("Client.{wire}")),
        Family::S3 => Cow::Borrowed(wire),
        _ if wire == "AccessDeniedException" => Cow::Borrowed("AccessDenied"),
        _ => Cow::Borrowed(modelled_name(wire, operation).unwrap_or(wire)),
    };
    let is_elsewhere = tells_in_answer(facts, refusal(wire));
    Failure { code: Some(code), message: message.filter(|text| !text.is_empty() && !is_elsewhere) }
}

/// Whether the message stands in `responseElements`.
pub(super) fn tells_in_answer(facts: &ServiceFacts, refusal: Option<Refusal>) -> bool {
    match facts.denied {
        Denied::MessageAlways => refusal != Some(Refusal::Throttled),
        Denied::Message => refusal == Some(Refusal::Denied),
        Denied::Keep | Denied::Bare => false,
    }
}

/// `EventBridge` hides that a rule or bus is missing from those who only read (observed).
fn is_masked_miss(code: &str, operation: Option<Operation<'static>>) -> bool {
    code == "ResourceNotFoundException"
        && operation.is_some_and(cairn_wire::model::Operation::read_only)
}

/// The name of the error shape that has this code on the wire.
fn modelled_name(code: &str, operation: Option<Operation<'static>>) -> Option<&'static str> {
    let operation = operation?;
    operation
        .errors()
        .find(|error| error.error_code() == Some(code) || error.error_name() == Some(code))
        .and_then(cairn_wire::model::Shape::error_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_known_by_any_spelling() {
        assert_eq!(refusal("AccessDenied"), Some(Refusal::Denied));
        assert_eq!(refusal("com.amazon.coral#AccessDeniedException"), Some(Refusal::Denied));
        assert_eq!(refusal("ThrottlingException:http://x"), Some(Refusal::Throttled));
        assert_eq!(refusal("NoSuchEntity"), None);
    }
}
