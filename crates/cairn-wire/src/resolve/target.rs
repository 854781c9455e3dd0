//! Protocols that name the operation outright: `X-Amz-Target`, and the path of a CBOR call.

use super::index::index;
use super::{Asked, Match, ResolveError, tie};
use crate::model::{Operation, Protocol, ServiceHead};

/// CloudTrail's target prefix, and the short spelling that newer SDKs use. Any other is refused.
///
/// evidence: observed.
const CLOUDTRAIL: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
const CLOUDTRAIL_SHORT: &str = "CloudTrail_20131101";

type Found = Option<Result<Match, ResolveError>>;

/// The operation that a target names, whatever stands before it.
pub(super) fn name<'a>(asked: &Asked<'a>) -> Option<&'a str> {
    Some(target(asked)?.1)
}

/// What a target names: a service, and its operation. Only POST has one; the header says nothing on
/// any other request.
///
/// evidence: documented (AWS JSON 1.0 and 1.1).
fn target<'a>(asked: &Asked<'a>) -> Option<(&'a str, &'a str)> {
    let target = asked.head.header("x-amz-target").filter(|_| asked.head.method == "POST");
    target?.rsplit_once('.')
}

/// A JSON call. A known prefix wins over a wrong scope, which is for the signature check to refuse.
pub(super) fn json(asked: &Asked<'_>) -> Found {
    let (prefix, name) = target(asked)?;
    let prefix = if prefix == CLOUDTRAIL_SHORT { CLOUDTRAIL } else { prefix };
    let known = index().with_target(prefix);
    if known.is_empty() {
        // A newer API version, or a service newer than the model: the scope says whose it is.
        let candidates = index().signed_for(asked.scope?);
        let speaks = |head: &&&ServiceHead| head.protocols.contains(&Protocol::Json);
        let speakers: Vec<_> = candidates.iter().filter(speaks).copied().collect();
        let service = tie::meant(asked.head, &speakers, |head| head)?;
        return Some(Err(unknown(service, Protocol::Json, name)));
    }
    pick(asked, known, Protocol::Json, name)
}

/// `…/service/NAME/operation/OPERATION`, whatever stands before it.
pub(super) fn cbor(asked: &Asked<'_>) -> Found {
    let is_post = asked.head.method == "POST";
    if !is_post || asked.head.header("smithy-protocol") != Some("rpc-v2-cbor") {
        return None;
    }
    let mut parts = asked.head.path.rsplit('/');
    let (name, word, service, first) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if word != "operation" || first != "service" {
        return None;
    }
    // The shape id of the service may come with its namespace, which some prefixes have as well.
    let full = index().with_cbor(service);
    let last = service.rsplit('.').next().unwrap_or(service);
    let known = if full.is_empty() { index().with_cbor(last) } else { full };
    if known.is_empty() {
        let name = Some(name.to_owned());
        let protocol = Protocol::RpcV2Cbor;
        return Some(Err(ResolveError::UnknownOperation { service: None, protocol, name }));
    }
    pick(asked, known, Protocol::RpcV2Cbor, name)
}

/// The service that has the operation; two services may share a prefix.
fn pick(
    asked: &Asked<'_>,
    known: &[&'static ServiceHead],
    protocol: Protocol,
    name: &str,
) -> Found {
    let having =
        known.iter().filter_map(|head| Some((*head, head.service()?.find_operation(name)?)));
    let having: Vec<(&'static ServiceHead, Operation<'static>)> = having.collect();
    if let Some((_, operation)) = tie::meant(asked.head, &having, |(head, _)| head) {
        return Some(Ok(Match { operation: *operation, protocol }));
    }
    let head = tie::meant(asked.head, known, |head| head)?;
    Some(Err(unknown(head, protocol, name)))
}

fn unknown(head: &'static ServiceHead, protocol: Protocol, name: &str) -> ResolveError {
    ResolveError::UnknownOperation {
        service: head.service(),
        protocol,
        name: Some(name.to_owned()),
    }
}
