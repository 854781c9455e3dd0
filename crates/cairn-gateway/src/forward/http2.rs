//! Connections over HTTP/2: a few for each upstream, shared by all calls.
//!
//! A pool that is keyed by what requests are addressed to would have one connection for each name
//! that a caller puts into `:authority`. Here that name goes on as it came, and the connection is
//! the upstream's.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::client::SendError;
use crate::body::AnswerBody;
use crate::limits::{
    HEADER_BYTES_MAX, STREAM_SEND_BYTES_MAX, STREAM_WINDOW_BYTES, UPSTREAM_HTTP2_CONNECTIONS,
    UPSTREAM_PING_MAX, UPSTREAM_PING_PAUSE, UPSTREAM_WINDOW_BYTES,
};

type Sender = SendRequest<AnswerBody>;

/// The connections to one upstream; each is made when it is first needed, and again when it broke.
pub(crate) struct Http2 {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    connect_max: Duration,
    connections: [Mutex<Option<Sender>>; UPSTREAM_HTTP2_CONNECTIONS],
    /// Calls so far: they take turns.
    turn: AtomicUsize,
}

impl std::fmt::Debug for Http2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Http2 {
    pub(crate) fn new(
        scheme: &Scheme,
        authority: &Authority,
        tls: &Arc<ClientConfig>,
        connect_max: Duration,
    ) -> Self {
        let is_tls = *scheme == Scheme::HTTPS;
        let tls = is_tls.then(|| {
            let mut tls = (**tls).clone();
            tls.alpn_protocols = vec![b"h2".to_vec()];
            TlsConnector::from(Arc::new(tls))
        });
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Self {
            host: bare.to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            tls,
            connect_max,
            connections: Default::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Sends a request; its `Host` becomes its `:authority`.
    pub(crate) async fn send(
        &self,
        mut request: Request<AnswerBody>,
    ) -> Result<Response<Incoming>, SendError> {
        address(&mut request);
        let mut sender = self.sender().await.map_err(SendError::Connect)?;
        sender.ready().await.map_err(SendError::Http2)?;
        sender.send_request(request).await.map_err(SendError::Http2)
    }

    async fn sender(&self) -> io::Result<Sender> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % UPSTREAM_HTTP2_CONNECTIONS;
        let Some(connection) = self.connections.get(turn) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        // Held while connecting: who comes meanwhile wants the same connection.
        let mut connection = connection.lock().await;
        if let Some(sender) = connection.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let made = tokio::time::timeout(self.connect_max, self.connect()).await;
        let made = made.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(connection.insert(made).clone())
    }

    async fn connect(&self) -> io::Result<Sender> {
        let stream = TcpStream::connect((self.host.clone(), self.port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return speak(TokioIo::new(stream)).await };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let stream = tls.connect(name, stream).await?;
        speak(TokioIo::new(stream)).await
    }
}

async fn speak<S>(stream: S) -> io::Result<Sender>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(UPSTREAM_WINDOW_BYTES)
        .keep_alive_interval(UPSTREAM_PING_PAUSE)
        .keep_alive_timeout(UPSTREAM_PING_MAX)
        .max_send_buf_size(STREAM_SEND_BYTES_MAX)
        .max_header_list_size(HEADER_BYTES_MAX as u32);
    let (sender, connection) = builder.handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "a connection to an upstream ended early");
        }
    });
    Ok(sender)
}

/// Puts the `Host` where HTTP/2 has it (RFC 9113, section 8.3.1).
fn address(request: &mut Request<AnswerBody>) {
    let host = request.headers_mut().remove(HOST);
    let named = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let Some(authority) = named else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.authority = Some(authority);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_becomes_the_authority() {
        let mut request = Request::new(crate::body::full(""));
        *request.uri_mut() = "http://127.0.0.1:1/a?b".parse().unwrap();
        request.headers_mut().insert(HOST, "tables.example:1234".parse().unwrap());
        address(&mut request);
        assert_eq!(request.uri(), "http://tables.example:1234/a?b");
        assert!(!request.headers().contains_key(HOST));
    }
}
