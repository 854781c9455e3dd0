//! Requests that two servers could take for two different calls. One of them may be an upstream, and the
//! record would say what it did not do, so they go no further.

use std::sync::Arc;

use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service};
use cairn_wire::resolve::{Twofold, is_form, is_signed_for, twofold};
use cairn_wire::sigv4::SignatureError;
use http::Response;

use super::document::Document;
use super::forwarded::is_stream;
use super::resolve::{Body, Named, Refusal, refused};
use super::{Call, apart, refuse};
use crate::beside::Work;
use crate::body::AnswerBody;

/// The answer to such a request; reads the body where it may be a form.
pub(super) async fn refusal(
    call: &Call<'_>,
    named: &Named,
    body: &mut Body<'_>,
) -> Option<Box<Response<AnswerBody>>> {
    let (service, protocol) = named.spoken();
    if let Some(why) = two_signatures(call, service) {
        return Some(Box::new(refuse::signature(call, service, None, protocol, &why)));
    }
    let refusal = match read_form(call, named, body).await {
        Some(refusal) => Some(refusal),
        None => twice(call, named, body).await,
    };
    refusal.map(|refusal| Box::new(refuse::request(call, &refusal)))
}

/// What is wrong with a signature in which readers could see two callers, or two services.
fn two_signatures(call: &Call<'_>, service: Option<&Service>) -> Option<SignatureError> {
    use SignatureError as E;
    let why = call.signed.claim(service).err()?;
    let are_two = matches!(
        why,
        E::MalformedAuthorization { .. }
            | E::MalformedKeyAndSignature
            | E::RepeatedHeader { .. }
            | E::RepeatedParameter { .. }
            | E::SeveralMechanisms
    );
    are_two.then_some(why)
}

/// Reads the body of a REST call that may be a form: servers that look for an action everywhere find it
/// there. Clients of such calls say that they send JSON or XML.
async fn read_form(call: &Call<'_>, named: &Named, body: &mut Body<'_>) -> Option<Refusal> {
    let Named::Call(resolved) = named else { return None };
    let is_rest = matches!(resolved.protocol, Protocol::RestJson | Protocol::RestXml);
    let media_type = call.head().header("content-type").unwrap_or_default();
    let may_be_form = media_type.is_empty() || is_form(&call.head());
    let is_read = !is_rest || resolved.service.id() == "s3" || body.form().is_some();
    if is_read || !may_be_form || !body.is_there() || is_stream(resolved.call().input()) {
        return None;
    }
    body.read_form(call.gateway, call.parts, resolved.protocol).await.err()
}

/// The refusal of a request that names two operations: we would record the one and an upstream might
/// do the other. The codes are AWS's, the texts ours (observed for subresources, else assumed).
async fn twice(call: &Call<'_>, named: &Named, body: &Body<'_>) -> Option<Refusal> {
    let (found, service, protocol) = match named {
        Named::Call(resolved) => {
            (Ok(Arc::clone(resolved)), Some(resolved.service), resolved.protocol)
        }
        Named::Unknown { service, protocol, .. } => (Err(*protocol), *service, *protocol),
        Named::NotAws(_) | Named::Refused(_) => return None,
    };
    let host = call.head().host().unwrap_or_default();
    if service.is_none_or(|service| service.id() == "s3")
        && call.gateway.settings.hosts.is_unclear(host)
    {
        let error = unclear().with_status(400);
        return Some(Refusal { service, protocol, error, reason: "ambiguous" });
    }
    let (form, is_there) = (body.form().cloned(), body.is_there());
    let place = match &form {
        Some(form) => form.place(&call.gateway.beside, &call.parts.headers).await,
        None => Ok(None),
    };
    let place = match place {
        Ok(place) => place,
        Err(error) => return Some(refused(service, protocol, error)),
    };
    let look = move |call: &Call<'_>| {
        let readings = form.as_ref().map(Document::readings).unwrap_or_default();
        twofold(&call.head(), &readings, is_there, found.as_deref().map_err(|spoken| *spoken))
    };
    let error = match apart::step(call, place, Work::Form, look).await? {
        Twofold::Subresources(names) => {
            let message = format!("Conflicting query string parameters: {}", names.join(", "));
            WireError::sender("InvalidArgument", message)
        }
        Twofold::Action => {
            WireError::sender("MalformedQueryString", "The request names more than one action.")
        }
        Twofold::Parameter(name) => {
            let is_s3 = service.is_some_and(|service| service.id() == "s3");
            let code = if is_s3 { "InvalidArgument" } else { "MalformedQueryString" };
            WireError::sender(code, format!("The request has more than one value for {name}."))
        }
        Twofold::Target => {
            WireError::sender("ValidationException", "The request names more than one target.")
        }
        Twofold::Slashes => unclear(),
    };
    Some(Refusal { service, protocol, error: error.with_status(400), reason: "ambiguous" })
}

/// A host or a path in which servers see different buckets (documented: the code and the text).
fn unclear() -> WireError {
    WireError::sender("InvalidURI", "Couldn't parse the specified URI.")
}

/// Whether a call is signed for another service than it names. We would record the one and an
/// upstream might do the other, so it goes no further, as it would not at AWS.
pub(super) fn contradicts(call: &Call<'_>, service: &Service) -> bool {
    call.signed.service().is_some_and(|scope| !is_signed_for(service.signing_name(), scope))
}
