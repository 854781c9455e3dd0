//! From a request's head to the operation it calls.
//!
//! No rule is tied to a path or a host name alone. The credential's scope names a signing name; all services that
//! share it are candidates; each protocol that a candidate speaks is tried; what matches is ranked. Clues that are
//! stronger than a wrong scope (`X-Amz-Target` with a known prefix, a CBOR path) come first. A query call keeps its
//! operation in the body, so resolving may ask for the form and be called again.

use crate::RequestHead;
use crate::model::{self, Operation, OperationId, Protocol, Service, ServiceHead};

mod hosts;
mod query;
mod rest;
mod routes;
mod scope;
mod target;
#[cfg(test)]
mod tests;

pub use hosts::BaseDomains;
pub use scope::CredentialScope;

/// What a request turned out to be.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// An AWS call.
    Call(Resolved),
    /// The operation stands in the form that is the body: buffer it and resolve again.
    NeedsForm,
    /// Not a call that CloudTrail knows of.
    NotAws(NotAws),
}

/// Why a request is no AWS call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAws {
    /// A call to somebody's API behind API Gateway, or to a device gateway: data, not an operation.
    ExecuteApi,
}

/// A call, resolved.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The service.
    pub service: &'static Service,
    /// The operation.
    pub operation: OperationId,
    /// The protocol that the caller speaks, and is answered in.
    pub protocol: Protocol,
    /// What the signature says it was made for.
    pub credential: Option<CredentialScope>,
    /// The region of the scope, or of the host.
    pub region: Option<String>,
    /// Whether the signature stands in the query string.
    pub presigned: bool,
    /// The bucket of an S3 call, decoded.
    pub bucket: Option<String>,
    /// Whether the host names the bucket.
    pub virtual_host: bool,
}

impl Resolved {
    /// The operation's handle.
    pub fn call(&self) -> Operation<'static> {
        self.service.operation(self.operation)
    }
}

/// A request that names no operation we know.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// A service, or at least a protocol, was found, but no operation.
    #[error("no operation {} of {}", name.as_deref().unwrap_or("?"), service.map_or("?", Service::id))]
    UnknownOperation {
        /// The service, if one was found.
        service: Option<&'static Service>,
        /// The protocol to answer in.
        protocol: Protocol,
        /// The name that the caller gave.
        name: Option<String>,
    },
}

/// One operation that fits the request.
#[derive(Clone, Copy)]
struct Match {
    operation: Operation<'static>,
    protocol: Protocol,
    score: rest::Score,
}

/// Finds the operation. `form` is the body of a form, once the caller has buffered it.
///
/// Costs a few microseconds once the services of the signing name are decoded.
pub fn resolve(
    head: &RequestHead<'_>,
    form: Option<&[u8]>,
    hosts: &BaseDomains,
) -> Result<Resolution, ResolveError> {
    let credential = CredentialScope::read(head);
    let presigned = credential.is_some() && head.header("authorization").is_none();
    let scope = credential.as_ref().map(|credential| credential.service.as_str());
    if let Some(found) = target::json(head, scope).or_else(|| target::cbor(head, scope)) {
        return found.map(|found| Resolution::Call(finish(found, head, credential, presigned, hosts)));
    }
    let candidates = candidates(head, scope);
    match query::find(head, form, &candidates, scope.is_none())? {
        query::Found::Call(found) => {
            return Ok(Resolution::Call(finish(found, head, credential, presigned, hosts)));
        }
        query::Found::NeedsForm => return Ok(Resolution::NeedsForm),
        query::Found::No => {}
    }
    match rest::find(head, &candidates, scope, hosts) {
        Some(found) => Ok(Resolution::Call(finish(found, head, credential, presigned, hosts))),
        None if scope == Some("execute-api") => Ok(Resolution::NotAws(NotAws::ExecuteApi)),
        None => Err(unknown(&candidates)),
    }
}

/// The services that a signature's scope can mean; without one, those that the host or nothing names.
fn candidates(head: &RequestHead<'_>, scope: Option<&str>) -> Vec<&'static ServiceHead> {
    if let Some(scope) = scope {
        let scope = scope::alias(scope);
        return model::services().filter(|head| head.signing_name == scope).collect();
    }
    let host = head.host().unwrap_or_default();
    let by_host: Vec<_> =
        model::services().filter(|service| hosts::names(host, service.endpoint_prefix)).collect();
    if !by_host.is_empty() {
        return by_host;
    }
    model::services().filter(|head| head.has_unsigned || head.id == "s3").collect()
}

fn unknown(candidates: &[&'static ServiceHead]) -> ResolveError {
    let head = candidates.iter().find(|head| head.id == head.signing_name).or(candidates.first());
    let only = head.filter(|_| candidates.iter().all(|other| Some(&other.signing_name) == head.map(|h| &h.signing_name)));
    ResolveError::UnknownOperation {
        service: only.and_then(|head| head.service()),
        protocol: head.and_then(|head| head.protocols.first()).copied().unwrap_or(Protocol::RestXml),
        name: None,
    }
}

fn finish(
    found: Match,
    head: &RequestHead<'_>,
    credential: Option<CredentialScope>,
    presigned: bool,
    hosts: &BaseDomains,
) -> Resolved {
    let service = found.operation.service();
    let by_host = (service.id() == "s3").then(|| hosts.bucket_of(head)).flatten();
    let virtual_host = by_host.is_some();
    let names_bucket = found.operation.uri().starts_with("/{Bucket}");
    let by_path = || bucket_of_path(service, head.path).filter(|_| names_bucket);
    let bucket = by_host.or_else(by_path);
    let region = credential.as_ref().and_then(|credential| credential.region.clone());
    let region = region.or_else(|| head.header("x-amz-region-set").map(str::to_owned));
    Resolved {
        service,
        operation: found.operation.id(),
        protocol: found.protocol,
        credential,
        region,
        presigned,
        bucket,
        virtual_host,
    }
}

fn bucket_of_path(service: &Service, path: &str) -> Option<String> {
    if service.id() != "s3" {
        return None;
    }
    let first = path.trim_start_matches('/').split('/').next().filter(|first| !first.is_empty())?;
    Some(percent_encoding::percent_decode_str(first).decode_utf8_lossy().into_owned())
}
