//! Which services go where, and how.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cairn_wire::model;
use http::Uri;
use http::uri::{Authority, Scheme};
use rustls::ClientConfig;

use super::client::Client;
use super::queue::Loss;
use super::resign::ResignCredential;

/// Services that the default upstream does not take: the trail itself, which would otherwise be out
/// of reach. A service can still be sent away by its name.
const OURS: [&str; 3] = ["cairn", "cloudtrail", "cloudtrail-data"];

/// Our own service, which no other server has.
const NEVER_FORWARDED: &str = "cairn";

/// How a call is passed on.
#[derive(Clone, Debug)]
pub enum Way {
    /// Byte for byte, with the `Host` that the caller sent: its signature stays good, and whether it
    /// is good is for the upstream to say.
    HostKept,
    /// Verified here with our own keys, then signed anew with a credential of the upstream's.
    Resign(ResignCredential),
}

/// What an operator says of an upstream.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// `http://` or `https://`, a host, perhaps a port; no path.
    pub url: String,
    /// How calls are passed on.
    pub way: Way,
    /// What happens to a call whose record cannot be written in time.
    pub loss: Loss,
    /// The certificates that are trusted, for `https`.
    pub tls: Arc<ClientConfig>,
    /// Calls that came over HTTP/2 go on over HTTP/2; otherwise everything is HTTP/1.1.
    pub http2: bool,
    /// How long connecting may take.
    pub connect_max: Duration,
    /// How long the upstream may take from the end of the request to the head of its answer.
    pub answer_max: Duration,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// Not an address.
    #[error(
        "`{url}` is no upstream: write http://HOST[:PORT] or https://HOST[:PORT], without a path"
    )]
    Url {
        /// As given.
        url: String,
    },
    /// No policy is called that.
    #[error("`{word}` is no way to lose: write fail-closed, after or shed")]
    UnknownLoss {
        /// As given.
        word: String,
    },
    /// No service is called that.
    #[error(
        "no AWS service is called `{name}`; services are named as in the AWS CLI, such as s3 or dynamodb"
    )]
    UnknownService {
        /// As given.
        name: String,
    },
    /// Ours for good.
    #[error("the service `cairn` is served here; it cannot have an upstream")]
    OurOwn,
}

/// Where a service is served.
#[derive(Clone, Debug)]
pub enum Route {
    /// Here.
    Local,
    /// There.
    Upstream(Arc<Upstream>),
}

/// One server behind us.
pub struct Upstream {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) way: Way,
    pub(crate) loss: Loss,
    pub(crate) http2: bool,
    pub(crate) answer_max: Duration,
    pub(crate) client: Client,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("way", &self.way)
            .field("loss", &self.loss)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    /// An upstream; nothing connects before the first call.
    pub fn new(settings: &UpstreamSettings) -> Result<Arc<Self>, UpstreamFault> {
        let fault = || UpstreamFault::Url { url: settings.url.clone() };
        let parts = settings.url.parse::<Uri>().map_err(|_| fault())?.into_parts();
        let scheme = parts.scheme.ok_or_else(fault)?;
        let authority = parts.authority.ok_or_else(fault)?;
        let has_path = parts.path_and_query.is_some_and(|path| path.as_str() != "/");
        let is_http = scheme == Scheme::HTTP || scheme == Scheme::HTTPS;
        if has_path || !is_http || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(fault());
        }
        Ok(Arc::new(Self {
            client: Client::new(&scheme, &authority, &settings.tls, settings.connect_max),
            scheme,
            authority,
            way: settings.way.clone(),
            loss: settings.loss,
            http2: settings.http2,
            answer_max: settings.answer_max,
        }))
    }

    /// As people read it in a log.
    pub(crate) fn name(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

/// Where each service is served.
#[derive(Clone, Debug, Default)]
pub struct Upstreams {
    default: Option<Arc<Upstream>>,
    named: HashMap<Box<str>, Route>,
}

impl Upstreams {
    /// Everything is served here, until somebody says otherwise.
    pub fn new(default: Option<Arc<Upstream>>) -> Self {
        Self { default, named: HashMap::new() }
    }

    /// Sends a service somewhere: `name` is its id (as in the AWS CLI) or a signing name, which
    /// stands for all services that are signed for with it.
    pub fn name(&mut self, name: &str, route: Route) -> Result<(), UpstreamFault> {
        let known = model::services().any(|head| head.id == name || head.signing_name == name);
        if !known {
            return Err(UpstreamFault::UnknownService { name: name.to_owned() });
        }
        if name == NEVER_FORWARDED && matches!(route, Route::Upstream(_)) {
            return Err(UpstreamFault::OurOwn);
        }
        self.named.insert(name.into(), route);
        Ok(())
    }

    /// The trail's own services that go to an upstream all the same: what their callers find and
    /// change there is not of this server.
    pub fn ours_elsewhere(&self) -> impl Iterator<Item = &'static str> {
        let is_away = |name: &&str| matches!(self.named.get(*name), Some(Route::Upstream(_)));
        OURS.into_iter().filter(is_away)
    }

    /// Where a service is served; `None` for one that nobody has heard of.
    pub(crate) fn of(&self, service: Option<(&str, &str)>) -> Option<&Arc<Upstream>> {
        if let Some((id, signing_name)) = service {
            if let Some(route) = self.named.get(id).or_else(|| self.named.get(signing_name)) {
                return match route {
                    Route::Local => None,
                    Route::Upstream(upstream) => Some(upstream),
                };
            }
            if OURS.contains(&id) {
                return None;
            }
        }
        self.default.as_ref()
    }

    /// Whether a call to S3 can leave this server.
    pub(crate) fn forwards_s3(&self) -> bool {
        self.of(Some(("s3", "s3"))).is_some()
    }
}

#[cfg(test)]
pub(crate) fn plain(url: &str) -> UpstreamSettings {
    UpstreamSettings {
        url: url.to_owned(),
        way: Way::HostKept,
        loss: Loss::FailClosed,
        tls: super::client::trusts_nobody(),
        http2: false,
        connect_max: Duration::from_secs(5),
        answer_max: Duration::from_mins(5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(url: &str) -> Result<Arc<Upstream>, UpstreamFault> {
        Upstream::new(&plain(url))
    }

    #[tokio::test]
    async fn an_upstream_is_a_scheme_and_an_authority() {
        for url in ["http://127.0.0.1:5000", "http://moto", "http://[::1]:5000/"] {
            assert!(upstream(url).is_ok(), "{url}");
        }
        for url in ["moto:5000", "ftp://x", "http://x/y", "http://a:b@c", "http://x?y", "/x", ""] {
            assert!(upstream(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn the_default_takes_everything_but_the_trail() {
        let there = upstream("http://there").unwrap();
        let mut upstreams = Upstreams::new(Some(Arc::clone(&there)));
        let is_there = |upstreams: &Upstreams, id, signing_name| {
            upstreams.of(Some((id, signing_name))).is_some_and(|found| Arc::ptr_eq(found, &there))
        };
        assert!(is_there(&upstreams, "dynamodb", "dynamodb"));
        assert!(is_there(&upstreams, "s3", "s3"));
        assert!(upstreams.of(None).is_some());
        for ours in OURS {
            assert!(upstreams.of(Some((ours, ours))).is_none(), "{ours}");
        }
        upstreams.name("s3", Route::Local).unwrap();
        assert!(!is_there(&upstreams, "s3", "s3") && !is_there(&upstreams, "s3control", "s3"));
        upstreams.name("cloudtrail", Route::Upstream(Arc::clone(&there))).unwrap();
        assert!(is_there(&upstreams, "cloudtrail", "cloudtrail"));
        assert_eq!(upstreams.ours_elsewhere().collect::<Vec<_>>(), ["cloudtrail"]);
    }

    #[tokio::test]
    async fn a_service_is_named_by_id_or_by_signing_name() {
        let there = upstream("http://there").unwrap();
        let mut upstreams = Upstreams::default();
        assert!(upstreams.of(Some(("rds", "rds"))).is_none());
        upstreams.name("rds", Route::Upstream(Arc::clone(&there))).unwrap();
        assert!(upstreams.of(Some(("docdb", "rds"))).is_some());
        let unknown = upstreams.name("dynamo", Route::Local).unwrap_err();
        assert_eq!(unknown, UpstreamFault::UnknownService { name: "dynamo".to_owned() });
        let ours = upstreams.name("cairn", Route::Upstream(there)).unwrap_err();
        assert_eq!(ours, UpstreamFault::OurOwn);
    }
}
