//! Protocols that name the operation outright: `X-Amz-Target`, and the path of a CBOR call.

use super::rest::Score;
use super::{Match, ResolveError};
use crate::RequestHead;
use crate::model::{self, Protocol, ServiceHead};

/// The short spelling that newer SDKs use beside the full one. Evidence: observed.
const CLOUDTRAIL_SHORT: &str = "CloudTrail_20131101";

type Found = Option<Result<Match, ResolveError>>;

/// A JSON call. A known prefix wins over a wrong scope, as it does at AWS.
pub(super) fn json(head: &RequestHead<'_>, scope: Option<&str>) -> Found {
    let (prefix, name) = head.header("x-amz-target")?.rsplit_once('.')?;
    let prefix = if prefix == CLOUDTRAIL_SHORT { "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" } else { prefix };
    let known: Vec<_> = model::services().filter(|service| service.target_prefix == Some(prefix)).collect();
    if known.is_empty() {
        // A newer API version, or a service that is newer than the model: the scope says whose it is.
        let service = model::services().find(|service| Some(service.signing_name) == scope)?;
        let is_json = service.protocols.contains(&Protocol::Json);
        return is_json.then(|| Err(unknown(service, Protocol::Json, name)));
    }
    pick(&known, Protocol::Json, name)
}

/// `…/service/NAME/operation/OPERATION`, whatever stands before it.
pub(super) fn cbor(head: &RequestHead<'_>, _scope: Option<&str>) -> Found {
    if head.header("smithy-protocol") != Some("rpc-v2-cbor") {
        return None;
    }
    let mut parts = head.path.rsplit('/');
    let (name, word, service, first) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if word != "operation" || first != "service" {
        return None;
    }
    // The shape id of the service may come with its namespace, which some prefixes have as well.
    let full = service;
    let service = service.rsplit('.').next().unwrap_or(service);
    let known: Vec<_> = model::services()
        .filter(|head| {
            let by_target = head.target_prefix.is_some_and(|prefix| prefix == service || prefix == full);
            by_target || head.service_id.replace(' ', "") == service || head.service_id == service
        })
        .filter(|head| head.protocols.contains(&Protocol::RpcV2Cbor))
        .collect();
    if known.is_empty() {
        let name = Some(name.to_owned());
        return Some(Err(ResolveError::UnknownOperation { service: None, protocol: Protocol::RpcV2Cbor, name }));
    }
    pick(&known, Protocol::RpcV2Cbor, name)
}

fn pick(known: &[&'static ServiceHead], protocol: Protocol, name: &str) -> Found {
    let found = known.iter().find_map(|head| head.service()?.find_operation(name));
    Some(match (found, known.first()) {
        (Some(operation), _) => Ok(Match { operation, protocol, score: Score::default() }),
        (None, Some(head)) => Err(unknown(head, protocol, name)),
        (None, None) => return None,
    })
}

fn unknown(head: &'static ServiceHead, protocol: Protocol, name: &str) -> ResolveError {
    ResolveError::UnknownOperation { service: head.service(), protocol, name: Some(name.to_owned()) }
}
