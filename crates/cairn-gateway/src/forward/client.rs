//! Connections to one upstream: pooled, with limits, and without an opinion on what is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::body::AnswerBody;
use crate::limits::{
    CONNECTION_WINDOW_BYTES, HEADERS_MAX, STREAM_WINDOW_BYTES, UPSTREAM_IDLE_CONNECTIONS_MAX,
    UPSTREAM_IDLE_MAX,
};

type Pool = legacy::Client<HttpsConnector<HttpConnector>, AnswerBody>;

/// Connections that wait for the next call.
#[derive(Clone)]
pub(crate) struct Client {
    http1: Pool,
    http2: Pool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(tls: &Arc<ClientConfig>, connect_max: Duration) -> Self {
        let mut http1 = legacy::Client::builder(TokioExecutor::new());
        http1
            .set_host(false)
            .http1_preserve_header_case(true)
            .http1_max_headers(HEADERS_MAX)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(UPSTREAM_IDLE_MAX)
            .pool_max_idle_per_host(UPSTREAM_IDLE_CONNECTIONS_MAX);
        let mut http2 = legacy::Client::builder(TokioExecutor::new());
        http2
            .set_host(false)
            .http2_only(true)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(UPSTREAM_IDLE_MAX)
            .pool_max_idle_per_host(UPSTREAM_IDLE_CONNECTIONS_MAX);
        Self {
            http1: http1.build(connector(tls, connect_max, false)),
            http2: http2.build(connector(tls, connect_max, true)),
        }
    }

    /// Sends a request whose URI names the upstream; resolves with the head of the answer.
    pub(crate) async fn send(
        &self,
        request: Request<AnswerBody>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let pool = if request.version() == Version::HTTP_2 { &self.http2 } else { &self.http1 };
        pool.request(request).await
    }
}

fn connector(
    tls: &Arc<ClientConfig>,
    connect_max: Duration,
    is_http2: bool,
) -> HttpsConnector<HttpConnector> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_max));
    let builder = HttpsConnectorBuilder::new().with_tls_config((**tls).clone()).https_or_http();
    if is_http2 {
        builder.enable_http2().wrap_connector(http)
    } else {
        builder.enable_http1().wrap_connector(http)
    }
}

#[cfg(test)]
pub(crate) fn trusts_nobody() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let roots = rustls::RootCertStore::empty();
    Arc::new(versions.unwrap().with_root_certificates(roots).with_no_client_auth())
}
