//! Connections to one upstream: pooled, with limits, and without an opinion on what is sent.

use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use super::http2::Http2;
use crate::body::AnswerBody;
use crate::limits::{HEADERS_MAX, LANES_MAX, UPSTREAM_IDLE_CONNECTIONS_MAX, UPSTREAM_IDLE_MAX};

type Pool = legacy::Client<HttpsConnector<HttpConnector>, AnswerBody>;

/// Connections that wait for the next call.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// By lane: what waits stays on the thread on which it was made.
    http1: Box<[OnceLock<Pool>]>,
    connector: HttpsConnector<HttpConnector>,
    /// Keeps nothing: each call has a connection of its own.
    fresh: Pool,
    http2: Arc<Http2>,
}

/// Which connection a request takes, where each carries one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// One that waits in this lane, or else a new one.
    Any(usize),
    /// A new one.
    Fresh,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// Over HTTP/1.1, whatever it was.
    #[error(transparent)]
    Http1(legacy::Error),
    /// No connection for HTTP/2.
    #[error("a connection could not be made")]
    Connect(#[source] io::Error),
    /// It broke, or what came over it was no HTTP/2.
    #[error(transparent)]
    Http2(hyper::Error),
}

/// What that is to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nobody listens, or not in time.
    Unreachable,
    /// The certificate is not one that we trust for this name.
    Untrusted,
    /// Any other end of a TLS handshake.
    Tls,
    /// The connection ended before an answer came.
    Closed,
    /// What came is no HTTP, or has too many headers.
    Garbled,
}

impl SendError {
    /// Whether nothing of the request was sent.
    pub(crate) fn is_connect(&self) -> bool {
        match self {
            Self::Http1(error) => error.is_connect(),
            Self::Connect(_) => true,
            Self::Http2(_) => false,
        }
    }

    /// The error and all that caused it, as one line of a log.
    pub(crate) fn told(&self) -> String {
        let mut causes = chain(self).map(ToString::to_string).collect::<Vec<_>>();
        // Some errors show what caused them, too.
        causes.dedup();
        causes.join(": ")
    }

    pub(crate) fn cause(&self) -> Cause {
        let tls = chain(self).find_map(|error| error.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(_)) => Cause::Untrusted,
            Some(_) => Cause::Tls,
            None if self.is_connect() => Cause::Unreachable,
            None if chain(self).any(is_garbled) => Cause::Garbled,
            None => Cause::Closed,
        }
    }
}

/// An error and all that caused it.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // What an I/O error was made from is not its source, but it itself.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn is_garbled(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_parse() || error.is_user())
}

impl Client {
    pub(crate) fn new(
        scheme: &Scheme,
        authority: &Authority,
        tls: &Arc<ClientConfig>,
        connect_max: Duration,
    ) -> Self {
        let connector = connector(tls, connect_max);
        Self {
            http1: (0..LANES_MAX).map(|_| OnceLock::new()).collect(),
            fresh: pool(&connector, 0),
            connector,
            http2: Arc::new(Http2::new(scheme, authority, tls, connect_max)),
        }
    }

    /// Sends a request whose URI names the upstream; resolves with the head of the answer.
    pub(crate) async fn send(
        &self,
        request: Request<AnswerBody>,
        over: Over,
    ) -> Result<Response<Incoming>, SendError> {
        if request.version() == Version::HTTP_2 {
            return self.http2.send(request).await;
        }
        let pool = match over {
            Over::Any(lane) => match self.http1.get(lane % LANES_MAX) {
                Some(made) => {
                    made.get_or_init(|| pool(&self.connector, UPSTREAM_IDLE_CONNECTIONS_MAX))
                }
                None => &self.fresh,
            },
            Over::Fresh => &self.fresh,
        };
        pool.request(request).await.map_err(SendError::Http1)
    }
}

fn pool(connector: &HttpsConnector<HttpConnector>, idle_max: usize) -> Pool {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .set_host(false)
        .http1_preserve_header_case(true)
        .http1_max_headers(HEADERS_MAX)
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(UPSTREAM_IDLE_MAX)
        .pool_max_idle_per_host(idle_max);
    builder.build(connector.clone())
}

fn connector(tls: &Arc<ClientConfig>, connect_max: Duration) -> HttpsConnector<HttpConnector> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_max));
    HttpsConnectorBuilder::new()
        .with_tls_config((**tls).clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
}

#[cfg(test)]
pub(crate) fn trusts_nobody() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let roots = rustls::RootCertStore::empty();
    Arc::new(versions.unwrap().with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_from_a_connection() {
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let fault = |error: io::Error| SendError::Connect(error).cause();
        assert_eq!(
            fault(io::Error::new(io::ErrorKind::InvalidData, certificate)),
            Cause::Untrusted
        );
        let told = SendError::Connect(io::ErrorKind::ConnectionRefused.into()).told();
        assert_eq!(told, "a connection could not be made: connection refused");
        let alert = rustls::Error::General("x".to_owned());
        assert_eq!(fault(io::Error::new(io::ErrorKind::InvalidData, alert)), Cause::Tls);
        assert_eq!(fault(io::ErrorKind::ConnectionRefused.into()), Cause::Unreachable);
    }
}
