//! The path of a call, as one list.
//!
//! | step | in | refuses |
//! | --- | --- | --- |
//! | accept, limit | [`crate::server`], [`crate::body`] | what is too large, too slow or broken |
//! | resolve | [`resolve`] | what names no operation |
//! | authenticate | [`authenticate`] | what no known key has signed |
//! | decode, validate | [`structured`] | what the model does not allow |
//! | authorise | [`authorise`] | callers who may not |
//! | handle | `cairn-api` | what the operation refuses |
//! | record, commit | [`commit`] | everything, when the log cannot be written |
//! | answer | here | nothing |
//!
//! S3 takes the same steps in [`s3`], with a body that streams through instead of being decoded.

mod authenticate;
mod authorise;
mod commit;
mod refuse;
mod resolve;
mod s3;
mod structured;
mod unmodelled;

use std::net::IpAddr;
use std::sync::Arc;

use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::Found;
use cairn_wire::RequestHead;
use cairn_wire::model::Service;
use cairn_wire::resolve::CredentialScope;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;

use crate::body::AnswerBody;
use crate::gateway::{Gateway, Stores};
use crate::ids::Ids;
use crate::internal;
use crate::metric;
use crate::tls::Session;
use authenticate::Identity;
use resolve::Asked;

/// The other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) tls: Option<Session>,
}

/// What every step knows of a call.
pub(crate) struct Call<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) stores: &'a Stores,
    pub(crate) parts: &'a Parts,
    pub(crate) peer: &'a Peer,
    pub(crate) ids: Ids,
    pub(crate) started: Timestamp,
}

impl<'a> Call<'a> {
    /// The head as it came over the wire.
    pub(crate) fn head(&self) -> RequestHead<'a> {
        head_of(self.parts)
    }

    /// Where the call came from: the peer, or whom a trusted proxy names.
    pub(crate) fn source_ip(&self) -> IpAddr {
        if !self.gateway.settings.trusted_proxies.contains(&self.peer.ip) {
            return self.peer.ip;
        }
        let forwarded = self.head().header("x-forwarded-for").unwrap_or_default();
        let last = forwarded.rsplit(',').next().map(str::trim);
        last.and_then(|text| text.parse().ok()).unwrap_or(self.peer.ip)
    }

    /// The account that the record belongs to.
    fn account(&self, identity: &Identity) -> AccountId {
        identity.principal.account().unwrap_or(&self.gateway.settings.account).clone()
    }

    /// The region that a call was signed for.
    pub(crate) fn region(&self, named: Option<&str>) -> Region {
        let named = named.and_then(|name| Region::parse(name).ok());
        named.unwrap_or_else(|| self.gateway.settings.region.clone())
    }
}

/// Takes a request through the chain.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    peer: &Peer,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (mut parts, body) = request.into_parts();
    if internal::is_reserved(parts.uri.path()) {
        return gateway.internal(&parts.method, parts.uri.path()).await;
    }
    complete_host(&mut parts);
    let clock = std::time::Instant::now();
    let started = gateway.now();
    let stores = gateway.stores.read().await;
    let share = Arc::new(gateway.budget.share(is_stranger(&stores, &parts)));
    let asked = resolve::ask(gateway, &parts, body, &share).await;
    let call = Call {
        gateway,
        stores: &stores,
        parts: &parts,
        peer,
        ids: gateway.ids(asked.service()),
        started,
    };
    let service = asked.service().map_or("unknown", Service::id);
    let response = match asked {
        Asked::Object { resolved, body } => s3::run(&call, &resolved, body).await,
        Asked::Structured { resolved, body } => structured::run(&call, &resolved, &body).await,
        Asked::Unmodelled { service, protocol, name, body } => {
            unmodelled::run(&call, service, protocol, name, &body).await
        }
        Asked::Refused(refusal) => refuse::request(&call, &refusal),
    };
    let outcome = if response.status().as_u16() < 400 { "ok" } else { "error" };
    metrics::counter!(metric::CALLS_TOTAL, "service" => service, "outcome" => outcome).increment(1);
    metrics::histogram!(metric::CALL_SECONDS).record(clock.elapsed().as_secs_f64());
    response
}

/// Whether a request names no access key of ours. Nothing is verified yet.
fn is_stranger(stores: &Stores, parts: &Parts) -> bool {
    let scope = CredentialScope::read(&head_of(parts));
    let key = scope.as_ref().map_or("", |scope| scope.access_key.as_str());
    matches!(stores.keyring.find(key), Found::Unknown)
}

fn head_of(parts: &Parts) -> RequestHead<'_> {
    RequestHead {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    }
}

/// HTTP/2 names the host in a pseudo-header; signatures cover it as `host`.
fn complete_host(parts: &mut Parts) {
    if parts.headers.contains_key(http::header::HOST) {
        return;
    }
    let authority =
        parts.uri.authority().map(|authority| HeaderValue::from_str(authority.as_str()));
    if let Some(Ok(host)) = authority {
        parts.headers.insert(http::header::HOST, host);
    }
}
