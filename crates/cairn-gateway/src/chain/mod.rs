//! The path of a call, as one list.
//!
//! | step | in | refuses |
//! | --- | --- | --- |
//! | accept, limit | [`crate::server`], [`crate::body`] | what is too large, too slow or broken |
//! | read the head | [`framing`] | what two servers could read in two ways |
//! | resolve | [`resolve`] | what names no operation |
//! | authenticate | [`authenticate`] | what no known key has signed |
//! | decode, validate | [`structured`] | what the model does not allow |
//! | authorise | [`authorise`] | callers who may not |
//! | handle | `cairn-api` | what the operation refuses |
//! | record, commit | [`commit`] | everything, when the log cannot be written |
//! | answer | here | nothing |
//!
//! A call whose service is behind us leaves the list after resolve: [`forwarded`] passes it on and
//! comes back to record and commit.
//!
//! A call runs to its end even if the caller has gone: what was done is recorded.
//!
//! S3 takes the same steps in [`s3`], with a body that streams through instead of being decoded; so
//! do records in bulk, in [`records`].

mod ambiguous;
mod apart;
mod authenticate;
mod authorise;
mod browser_upload;
mod commit;
mod document;
mod exchange;
mod forwarded;
mod framing;
mod heard;
mod passed;
mod records;
mod refuse;
mod resigned;
mod resolve;
mod s3;
mod signed;
mod structured;
mod unmodelled;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use cairn_api::Ctx;
use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::Found;
use cairn_wire::RequestHead;
use cairn_wire::model::Service;
use cairn_wire::resolve::Resolved;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::OwnedSemaphorePermit;

use crate::body::AnswerBody;
use crate::forward::hop;
use crate::gateway::{Gateway, Stores};
use crate::ids::Ids;
use crate::lanes::InLane;
use crate::metric;
use crate::tls::Session;
use authenticate::Identity;
pub(crate) use heard::UNNAMED_OPERATION;
use resolve::Asked;
use signed::Signed;

/// The other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    ip: IpAddr,
    pub(crate) tls: Option<Session>,
    /// Its place in the lane that serves it.
    pub(crate) lane: InLane,
    /// Its place among all connections, which a call or a tunnel keeps that outlasts it.
    _place: OwnedSemaphorePermit,
}

impl Peer {
    /// The other end at an address. A socket of IPv6 shows peers of IPv4 as addresses of its own kind;
    /// records, and lists of proxies, know them by theirs.
    pub(crate) fn new(
        address: SocketAddr,
        tls: Option<Session>,
        lane: InLane,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { ip: address.ip().to_canonical(), tls, lane, _place: place }
    }
}

/// What every step knows of a call.
pub(crate) struct Call<'a> {
    pub(crate) gateway: &'a Arc<Gateway>,
    pub(crate) stores: &'a Stores,
    pub(crate) parts: &'a Parts,
    pub(crate) peer: &'a Arc<Peer>,
    pub(crate) signed: &'a Signed,
    pub(crate) ids: Ids,
    pub(crate) started: Timestamp,
}

impl<'a> Call<'a> {
    /// The head as it came over the wire.
    pub(crate) fn head(&self) -> RequestHead<'a> {
        head_of(self.parts)
    }

    /// What a service of ours learns of the call.
    fn context(&self, resolved: &Resolved, identity: &Identity) -> Ctx {
        Ctx {
            now: self.started,
            account: self.account(identity),
            region: self.region(resolved.region.as_deref()),
            principal: Arc::clone(&identity.principal),
            source_ip: self.source_ip(),
            is_secure: self.is_secure(),
            request_id: self.ids.request.clone(),
            services: Arc::clone(&self.stores.services),
        }
    }

    /// Where the call came from: the peer, or whom a trusted proxy names.
    pub(crate) fn source_ip(&self) -> IpAddr {
        if !self.gateway.settings.trusted_proxies.contains(&self.peer.ip) {
            return self.peer.ip;
        }
        forwarded_for(&self.parts.headers).unwrap_or(self.peer.ip)
    }

    /// Whether the call came over TLS: here, or at the trusted proxy that says so.
    pub(crate) fn is_secure(&self) -> bool {
        let is_trusted = self.gateway.settings.trusted_proxies.contains(&self.peer.ip);
        let told = Some(&self.parts.headers).filter(|_| is_trusted).and_then(forwarded_tls);
        told.unwrap_or(self.peer.tls.is_some())
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
    gateway: Arc<Gateway>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (gateway, peer) = (&gateway, &peer);
    let (mut parts, body) = request.into_parts();
    if let Some(fault) = framing::fault(&parts) {
        return framing::refuse(&parts, fault);
    }
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    complete_host(&mut parts);
    hop::drop_named(&mut parts.headers);
    if gateway.is_reserved(&head_of(&parts)) {
        return gateway.internal(&parts.method, parts.uri.path()).await;
    }
    let clock = std::time::Instant::now();
    let started = gateway.now();
    let stores = gateway.stores.read().await;
    let signed = &Signed::read(&head_of(&parts));
    let share = Arc::new(gateway.budget.share(is_stranger(&stores, signed)));
    let found = resolve::find(gateway, &parts, body, &share).await;
    let service = found.named.service();
    let ids = gateway.ids(service);
    let call = Call { gateway, stores: &stores, parts: &parts, peer, signed, ids, started };
    let response = match gateway.settings.upstreams.of(service.map(|s| (s.id(), s.signing_name())))
    {
        Some(upstream) => forwarded::run(&call, upstream, found, &share, upgrade).await,
        None => serve(&call, resolve::hold(found).await).await,
    };
    let service = service.map_or("unknown", Service::id);
    let outcome = if response.status().as_u16() < 400 { "ok" } else { "error" };
    metrics::counter!(metric::CALLS_TOTAL, "service" => service, "outcome" => outcome).increment(1);
    metrics::histogram!(metric::CALL_SECONDS).record(clock.elapsed().as_secs_f64());
    response
}

/// A call that is served here.
async fn serve(call: &Call<'_>, asked: Asked) -> Response<AnswerBody> {
    match asked {
        Asked::Object { resolved, body } if resolve::is_bulk(&resolved) => {
            records::run(call, &resolved, body).await
        }
        Asked::Object { resolved, body } => s3::run(call, &resolved, body).await,
        Asked::Structured { resolved, body } => structured::run(call, resolved, body).await,
        Asked::Unmodelled { service, protocol, name, body } => {
            let asked = unmodelled::Asked { service, protocol, name };
            unmodelled::run(call, asked, body).await
        }
        Asked::Refused(refusal) => refuse::request(call, &refusal),
    }
}

/// Whether a request names no access key of ours. Nothing is verified yet.
fn is_stranger(stores: &Stores, signed: &Signed) -> bool {
    let key = signed.scope().map_or("", |scope| scope.access_key.as_str());
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

/// Whom the nearest proxy names: the last one of all lines, since a proxy may add a line of its own
/// as well as append to the one that came.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last = line.rsplit(',').next()?.trim();
    let bare = last.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(last);
    let with_port = || last.parse::<SocketAddr>().map(|address| address.ip()).ok();
    bare.parse().ok().or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

/// Whether the nearest proxy says that it was called over TLS; none if it does not say.
fn forwarded_tls(headers: &HeaderMap) -> Option<bool> {
    let line = headers.get_all("x-forwarded-proto").iter().next_back()?.to_str().ok()?;
    let last = line.rsplit(',').next()?.trim();
    Some(last.eq_ignore_ascii_case("https"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_proxy_says_whether_it_was_called_over_tls() {
        for (lines, said) in [
            (&["https"][..], Some(true)),
            (&["http, HTTPS"], Some(true)),
            (&["https", "http"], Some(false)),
            (&["https,http"], Some(false)),
            (&[""], Some(false)),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-proto", HeaderValue::from_static(line));
            }
            assert_eq!(forwarded_tls(&headers), said, "{lines:?}");
        }
    }

    #[test]
    fn the_nearest_proxy_is_believed() {
        for (lines, named) in [
            (&["1.1.1.1, 2.2.2.2"][..], Some("2.2.2.2")),
            (&["6.6.6.6", "2.2.2.2"], Some("2.2.2.2")),
            (&["6.6.6.6", "1.1.1.1,2.2.2.2:1234"], Some("2.2.2.2")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["[2001:db8::1]:443"], Some("2001:db8::1")),
            (&["::ffff:2.2.2.2"], Some("2.2.2.2")),
            (&["1.1.1.1, unknown"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            let named = named.map(|text| text.parse().unwrap());
            assert_eq!(forwarded_for(&headers), named, "{lines:?}");
        }
    }
}
