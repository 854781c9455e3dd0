//! Names that the model does not know: refused as AWS refuses them, and, when somebody known has
//! signed, recorded with the name that the caller used. A newer client's call is not lost because
//! our model is older.

use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service};
use cairn_wire::sigv4::{SignatureError, sha256};
use http::Response;

use super::authenticate::identify;
use super::commit::{self, Built, Facts};
use super::document::Document;
use super::resolve::refused;
use super::{Call, apart, refuse};
use crate::beside::Work;
use crate::body::AnswerBody;
use crate::limits::NAME_BYTES_MAX;
use crate::recorder::{Notes, Outcome, Target};

/// What such a call names.
pub(super) struct Asked {
    pub(super) service: Option<&'static Service>,
    pub(super) protocol: Protocol,
    pub(super) name: Option<String>,
}

/// Takes such a call through the rest of the chain.
pub(super) async fn run(call: &Call<'_>, asked: Asked, document: Document) -> Response<AnswerBody> {
    let Asked { service, protocol, .. } = asked;
    let place = match document.place(&call.gateway.beside, &call.parts.headers).await {
        Ok(place) => place,
        Err(error) => return refuse::request(call, &refused(service, protocol, error)),
    };
    let judge = move |call: &Call<'_>| asked.judge(call, &document);
    let (unknown, record) = match apart::step(call, place, Work::Document, judge).await {
        Ok(judged) => judged,
        Err(why) => return refuse::signature(call, service, None, protocol, &why),
    };
    if let Some(record) = record
        && commit::append(call, record).await.is_err()
    {
        return refuse::unrecorded(call, service, None, protocol);
    }
    refuse::error(call, service, None, protocol, &unknown)
}

impl Asked {
    /// The refusal, and its record if there is to be one.
    fn judge(
        self,
        call: &Call<'_>,
        document: &Document,
    ) -> Result<(WireError, Option<Built>), SignatureError> {
        let Self { service, protocol, name } = self;
        let signing_name = service.map(Service::signing_name).or(call.signed.service());
        let signing_name = signing_name.unwrap_or_default().to_owned();
        let body = document.sent();
        let identity = identify(call, &signing_name, None, Some(sha256(body)))?;
        let name = name.filter(|name| is_name(name));
        let unknown = unknown(protocol, name.as_deref());
        let is_recorded = !identity.is_anonymous() && is_name(&signing_name);
        let Some(name) = name.as_deref().filter(|_| is_recorded) else {
            return Ok((unknown, None));
        };
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
            account: &call.account(&identity),
            region: &call.region(call.signed.region()),
            bytes_in: body.len() as u64,
            bytes_out: 0,
            s3: None,
            notes: Notes::default(),
            event_id: None,
        };
        let record = commit::build(call, &facts);
        Ok((unknown, Some(record)))
    }
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
