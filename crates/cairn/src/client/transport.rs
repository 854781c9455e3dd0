//! Sends a request over HTTP or HTTPS.

use std::error::Error;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::trust::Trust;

/// The longest answer that is read: eight megabytes of records, each character escaped, and more.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Keeps connections.
#[derive(Debug)]
pub(super) struct Transport(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Transport {
    /// Trusts the certificates of a bundle, or those of the system.
    pub(super) fn new(bundle: Option<&str>) -> anyhow::Result<Self> {
        let trust = bundle.map_or(Trust::System, |bundle| Trust::Bundle(Path::new(bundle)));
        let config = trust.config().context("certificates")?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*config).clone())
            .https_or_http()
            .enable_http1();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector.build())))
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<(StatusCode, Bytes), SendError> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = self.0.request(request).await.map_err(|error| SendError::of(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| SendError::Broken(innermost(&*error)))?;
        Ok((status, body.to_bytes()))
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// No connection, or it broke; a text for the user.
    Broken(String),
    /// What is there speaks no TLS.
    Plain,
}

impl SendError {
    fn of<'e>(error: &'e (dyn Error + 'static)) -> Self {
        let deeper = |&error: &&'e (dyn Error + 'static)| {
            // What an I/O error was made from is not its source, but it itself.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
        };
        let mut causes = std::iter::successors(Some(error), deeper);
        let tls = causes.find_map(|error| error.downcast_ref::<rustls::Error>());
        // Such a message is what an answer in plain text is taken for.
        let is_plain = matches!(tls, Some(rustls::Error::InvalidMessage(_)));
        if is_plain { Self::Plain } else { Self::Broken(innermost(error)) }
    }
}

/// The cause of causes: "connection refused" helps, "client error" does not.
fn innermost(error: &dyn Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
