//! From a request's head to the operation it calls.
//!
//! No rule is tied to a path or a host name alone. The credential's scope names a signing name; all
//! services that share it are candidates; each protocol that a candidate speaks is tried; what
//! matches is ranked. Clues that are stronger than a wrong scope (`X-Amz-Target` with a known
//! prefix, a CBOR path) come first. A query call keeps its operation in the body, so resolving may
//! ask for the form and be called again.
//!
//! Several services have parts of their wire in common, byte for byte (RDS, Neptune and
//! `DocumentDB`; the families of Chime, Bedrock, Lex): `tie` then takes the likeliest. They share
//! the signing name, and all but one pair the operation's name too, so the record is the same.

use crate::RequestHead;
use crate::model::{Operation, OperationId, Protocol, Service, ServiceHead};

mod hosts;
mod index;
mod query;
mod rest;
mod routes;
mod scope;
mod target;
#[cfg(test)]
mod tests;
mod tie;
mod twofold;

pub use hosts::{BaseDomains, is_region};
pub use query::is_form;
pub use scope::{CredentialScope, is_signed_for};
pub use twofold::{Twofold, twofold};

use index::index;

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
    /// A call to somebody's own API behind an AWS address: data, not an operation.
    ExecuteApi,
    /// A browser's question whether a page of another origin may call.
    Preflight,
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
    /// The region of the scope, or the one that a signature without a scope region is good for, or
    /// that of the host.
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
}

/// A request, and what is known before any service is looked at.
struct Asked<'a> {
    head: &'a RequestHead<'a>,
    form: Option<&'a [u8]>,
    hosts: &'a BaseDomains,
    scope: Option<&'a str>,
    is_version_2: bool,
}

impl Asked<'_> {
    /// Signed, or claimed to be: by a bearer token that we do not read.
    fn is_signed(&self) -> bool {
        self.scope.is_some() || self.head.headers.contains_key("authorization")
    }
}

/// The services that a request can be for.
struct Candidates {
    /// Those that the scope, or else the host, names.
    named: Vec<&'static ServiceHead>,
    /// Those and, without a signature, whoever has callers without one.
    all: Vec<&'static ServiceHead>,
}

/// Finds the operation. `form` is the body of a form, once the caller has buffered it, as it was before
/// compression.
///
/// Costs a few microseconds once the services of the signing name are decoded.
pub fn resolve(
    head: &RequestHead<'_>,
    form: Option<&[u8]>,
    hosts: &BaseDomains,
) -> Result<Resolution, ResolveError> {
    if is_preflight(head) {
        return Ok(Resolution::NotAws(NotAws::Preflight));
    }
    let credential = CredentialScope::read(head);
    // No service is signed for in capitals. Some servers take them; the signature check does not.
    let scope = credential.as_ref().map(|credential| credential.service.to_ascii_lowercase());
    let asked = Asked {
        head,
        form,
        hosts,
        scope: scope.as_deref(),
        is_version_2: credential.as_ref().is_some_and(CredentialScope::is_version_2),
    };
    let found = match find(&asked)? {
        Search::Call(found) => found,
        Search::NeedsForm => return Ok(Resolution::NeedsForm),
        Search::NotAws(why) => return Ok(Resolution::NotAws(why)),
    };
    Ok(Resolution::Call(finish(found, head, credential, hosts)))
}

enum Search {
    Call(Match),
    NeedsForm,
    NotAws(NotAws),
}

fn find(asked: &Asked<'_>) -> Result<Search, ResolveError> {
    if let Some(found) = target::json(asked).or_else(|| target::cbor(asked)) {
        return found.map(Search::Call);
    }
    let candidates = Candidates::of(asked);
    match query::find(asked, &candidates.all)? {
        query::Found::Call(found) => return Ok(Search::Call(found)),
        query::Found::NeedsForm => return Ok(Search::NeedsForm),
        query::Found::No => {}
    }
    match rest::find(asked, &candidates.all) {
        Some(found) => Ok(Search::Call(found)),
        None if is_data_plane(asked) => Ok(Search::NotAws(NotAws::ExecuteApi)),
        None => Err(unknown(asked, &candidates.named)),
    }
}

/// A browser asks whether it may call; the call comes after. The question has no signature, no target
/// and no body (documented: the Fetch standard); what has one of them may be a call to somebody.
fn is_preflight(head: &RequestHead<'_>) -> bool {
    let says = |name: &str| head.headers.contains_key(name);
    let is_bare = !says("authorization")
        && !says("x-amz-target")
        && !says("transfer-encoding")
        && head.header("content-length").is_none_or(|length| length == "0")
        && CredentialScope::read(head).is_none();
    head.method == "OPTIONS" && says("access-control-request-method") && is_bare
}

/// Somebody's own API, at an address of API Gateway, VPC Lattice or a Lambda function.
fn is_data_plane(asked: &Asked<'_>) -> bool {
    let host = asked.head.host().unwrap_or_default();
    let labels = || host.split(['.', ':']);
    matches!(asked.scope, Some("execute-api" | "vpc-lattice-svcs"))
        || labels().any(|label| matches!(label, "execute-api" | "lambda-url"))
}

impl Candidates {
    fn of(asked: &Asked<'_>) -> Self {
        if let Some(scope) = asked.scope {
            let named = scope::services(scope);
            return Self { all: named.clone(), named };
        }
        let host = asked.head.host().unwrap_or_default();
        let mut named: Vec<&'static ServiceHead> = Vec::new();
        for prefix in hosts::prefixes(host) {
            named.extend(index().with_endpoint(prefix));
        }
        // Also where the host names a service: `sts.localhost` may well be a bucket.
        let mut all = named.clone();
        let others =
            index().unsigned().iter().filter(|other| named.iter().all(|head| head.id != other.id));
        all.extend(others);
        Self { named, all }
    }
}

/// What can be said of a request that fits no operation: whose it is, if one service is named, and
/// how the caller wants to be answered.
fn unknown(asked: &Asked<'_>, named: &[&'static ServiceHead]) -> ResolveError {
    let name = target::name(asked).map(str::to_owned);
    let head = tie::meant(asked.head, named, |head| head)
        .filter(|meant| named.iter().all(|other| other.signing_name == meant.signing_name));
    let wanted = wanted_protocol(asked.head);
    let spoken = head.and_then(|head| {
        let wanted = head.protocols.iter().find(|protocol| Some(**protocol) == wanted);
        wanted.or(head.protocols.first()).copied()
    });
    let protocol = spoken.or(wanted).unwrap_or(Protocol::RestXml);
    ResolveError::UnknownOperation { service: head.and_then(|head| head.service()), protocol, name }
}

/// The protocol that the headers of a request speak of.
fn wanted_protocol(head: &RequestHead<'_>) -> Option<Protocol> {
    if head.header("smithy-protocol") == Some("rpc-v2-cbor") {
        return Some(Protocol::RpcV2Cbor);
    }
    let media_type = head.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    match media_type {
        _ if head.headers.contains_key("x-amz-target") => Some(Protocol::Json),
        "application/x-amz-json-1.0" | "application/x-amz-json-1.1" => Some(Protocol::Json),
        "application/json" => Some(Protocol::RestJson),
        "application/x-www-form-urlencoded" => Some(Protocol::Query),
        "application/xml" | "text/xml" => Some(Protocol::RestXml),
        _ => None,
    }
}

fn finish(
    found: Match,
    head: &RequestHead<'_>,
    credential: Option<CredentialScope>,
    hosts: &BaseDomains,
) -> Resolved {
    let service = found.operation.service();
    let by_host = (service.id() == "s3").then(|| hosts.bucket_of(head)).flatten();
    let virtual_host = by_host.is_some();
    let names_bucket = service.id() == "s3" && found.operation.uri().starts_with("/{Bucket}");
    let by_path = || bucket_of_path(head.path).filter(|_| names_bucket);
    let scoped = credential.as_ref().and_then(|credential| credential.region.clone());
    let by_host_name = || hosts::region(head.host().unwrap_or_default()).map(str::to_owned);
    let by_set = || scope::region_set(head).filter(|region| is_region(region));
    let region = scoped.or_else(by_set).or_else(by_host_name);
    Resolved {
        service,
        operation: found.operation.id(),
        protocol: found.protocol,
        presigned: credential.is_some() && !head.headers.contains_key("authorization"),
        credential,
        region,
        bucket: by_host.or_else(by_path),
        virtual_host,
    }
}

fn bucket_of_path(path: &str) -> Option<String> {
    let first = path.strip_prefix('/').unwrap_or(path).split('/').next()?;
    let decoded = percent_encoding::percent_decode_str(first).decode_utf8_lossy();
    (!decoded.is_empty()).then(|| decoded.into_owned())
}
