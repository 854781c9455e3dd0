//! Names that the model does not know: refused as AWS refuses them, and, when somebody known has
//! signed, recorded with the name that the caller used. A newer client's call is not lost because
//! our model is older.

use bytes::Bytes;
use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service};
use cairn_wire::sigv4::sha256;
use http::Response;

use super::authenticate::identify;
use super::commit::{self, Facts};
use super::{Call, refuse};
use crate::body::AnswerBody;
use crate::limits::NAME_BYTES_MAX;
use crate::recorder::{Notes, Outcome, Target};

/// Takes such a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    service: Option<&'static Service>,
    protocol: Protocol,
    name: Option<String>,
    body: &Bytes,
) -> Response<AnswerBody> {
    let signing_name = service.map(Service::signing_name).or(call.signed.service());
    let signing_name = signing_name.unwrap_or_default().to_owned();
    let identity = match identify(call, &signing_name, None, Some(sha256(body))) {
        Ok(identity) => identity,
        Err(why) => return refuse::signature(call, service, None, protocol, &why),
    };
    let name = name.filter(|name| is_name(name));
    let unknown = unknown(protocol, name.as_deref());
    let is_recorded = !identity.is_anonymous() && is_name(&signing_name);
    if let (Some(name), true) = (name.as_deref(), is_recorded) {
        let account = call.account(&identity);
        let region = call.region(call.signed.region());
        let facts = Facts {
            target: Target::Unmodelled { service: &signing_name, name },
            protocol,
            input: None,
            body: Some(body),
            outcome: Outcome::Failure {
                code: &unknown.code,
                message: Some(unknown.message.as_str()),
                status: unknown.status.unwrap_or(400),
            },
            identity: &identity,
            account: &account,
            region: &region,
            bytes_in: body.len() as u64,
            bytes_out: 0,
            s3: None,
            notes: Notes::default(),
            event_id: None,
        };
        if commit::record(call, &facts).await.is_err() {
            return refuse::unrecorded(call, service, None, protocol);
        }
    }
    refuse::error(call, service, None, protocol, &unknown)
}

/// Whether a text can be the name of an operation or a service. Another one is neither recorded nor
/// repeated: whoever reads the record may take it for something else.
pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Observed for JSON (HTTP 400, not the documented 404); documented for query (`InvalidAction`).
pub(super) fn unknown(protocol: Protocol, name: Option<&str>) -> WireError {
    let name = name.unwrap_or_default();
    let (code, message) = match protocol {
        Protocol::Query | Protocol::Ec2 => {
            ("InvalidAction", format!("The action {name} is not valid for this web service."))
        }
        Protocol::RestXml => ("MethodNotAllowed", NOT_ALLOWED.to_owned()),
        Protocol::Json | Protocol::RestJson | Protocol::RpcV2Cbor => {
            ("UnknownOperationException", format!("The operation {name} is not known."))
        }
    };
    let status = if protocol == Protocol::RestXml { 405 } else { 400 };
    WireError { status: Some(status), ..WireError::sender(code, message) }
}

const NOT_ALLOWED: &str = "The specified method is not allowed against this resource.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["DoSomethingNew", "apigateway.amazonaws.com:Do_It-2"] {
            assert!(is_name(name), "{name}");
        }
        assert!(is_name(&"A".repeat(NAME_BYTES_MAX)));
        assert!(!is_name(&"A".repeat(NAME_BYTES_MAX + 1)));
        for name in ["", "Get\n\u{1b}[31mX", "Get X", "<b>", "\u{e9}"] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
