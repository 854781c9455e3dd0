//! One connection: TLS if it is set, HTTP/1 or HTTP/2, calls until one end has had enough.
//!
//! Ten thousand connections that wait are the usual case, so one that waits holds little: which
//! version it speaks is found out without reading ahead, and each way in which it can go on has a
//! box of its own.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_rustls::TlsAcceptor;

use crate::body::AnswerBody;
use crate::chain::{self, Peer};
use crate::gateway::Gateway;
use crate::idle::{Calls, Watched};
use crate::limits::{
    CONNECTION_WINDOW_BYTES, FIRST_CALL_MAX, HEADER_BYTES_MAX, HEADER_READ_MAX, HEADERS_MAX,
    PEEK_PAUSE, STREAM_SEND_BYTES_MAX, STREAM_WINDOW_BYTES, STREAMS_MAX,
};
use crate::metric;
use crate::tls::Session;

/// How HTTP/2 begins, as far as no request of HTTP/1 does (RFC 9113, section 3.4).
const HTTP2_START: &[u8; 4] = b"PRI ";

/// A connection that was accepted.
pub(crate) struct Connection {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) address: SocketAddr,
    pub(crate) place: OwnedSemaphorePermit,
    /// Tells that the server stops; and the server, once it is dropped, that the connection ended.
    pub(crate) closed: watch::Receiver<()>,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Http1,
    Http2,
}

impl Spoken {
    /// By what the two ends of a TLS connection have agreed on.
    fn agreed(protocol: Option<&[u8]>) -> Self {
        if protocol == Some(b"h2") { Self::Http2 } else { Self::Http1 }
    }

    /// By the first bytes, which stay where they are.
    async fn heard(stream: &TcpStream) -> io::Result<Self> {
        let mut first = [0; HTTP2_START.len()];
        loop {
            let bytes = stream.peek(&mut first).await?;
            let heard = first.get(..bytes).unwrap_or_default();
            if heard == HTTP2_START {
                return Ok(Self::Http2);
            }
            if !HTTP2_START.starts_with(heard) {
                return Ok(Self::Http1);
            }
            if heard.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // Who sends so little at once is in no hurry.
            tokio::time::sleep(PEEK_PAUSE).await;
        }
    }
}

impl Connection {
    pub(crate) async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // An answer is written in one piece; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        metrics::gauge!(metric::CONNECTIONS).increment(1.0);
        let mut closed = self.closed.clone();
        let calls = Calls::default();
        let stream = Watched::new(stream, calls.clone());
        match tls {
            None => {
                let heard = tokio::select! {
                    heard = tokio::time::timeout(FIRST_CALL_MAX, Spoken::heard(stream.get_ref())) => heard,
                    _ = closed.changed() => Ok(Err(io::ErrorKind::ConnectionAborted.into())),
                };
                if let Ok(Ok(spoken)) = heard {
                    Box::pin(self.speak(stream, spoken, None, calls)).await;
                }
            }
            Some(acceptor) => {
                let shake = tokio::time::timeout(HEADER_READ_MAX, acceptor.accept(stream));
                let shaken = tokio::select! {
                    shaken = Box::pin(shake) => shaken,
                    _ = closed.changed() => Ok(Err(io::ErrorKind::ConnectionAborted.into())),
                };
                match shaken {
                    Ok(Ok(stream)) => {
                        let tls = stream.get_ref().1;
                        let spoken = Spoken::agreed(tls.alpn_protocol());
                        let session = Session::of(tls);
                        Box::pin(self.speak(stream, spoken, Some(session), calls)).await;
                    }
                    Ok(Err(error)) => tracing::debug!(error = %error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                }
            }
        }
        metrics::gauge!(metric::CONNECTIONS).decrement(1.0);
    }

    async fn speak<S>(self, stream: S, spoken: Spoken, session: Option<Session>, calls: Calls)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, address, place, mut closed } = self;
        let place = Arc::new(place);
        let peer = Arc::new(Peer { ip: address.ip(), tls: session });
        let service = service_fn(move |request: Request<Incoming>| {
            let (gateway, peer) = (Arc::clone(&gateway), Arc::clone(&peer));
            let (under_way, place) = (calls.begin(), Arc::clone(&place));
            // A task of its own: a caller who hangs up does not stop a call half way, between what
            // was done and its record.
            let call = tokio::spawn(async move {
                let answer = chain::answer(gateway, peer, request).await;
                drop((under_way, place));
                answer
            });
            async move { call.await }
        });
        let stream = TokioIo::new(stream);
        let ended = match spoken {
            Spoken::Http1 => {
                let connection = Box::pin(http1_of(stream, service));
                until(connection, &mut closed, http1::UpgradeableConnection::graceful_shutdown).await
            }
            Spoken::Http2 => {
                let connection = Box::pin(http2_of(stream, service));
                until(connection, &mut closed, http2::Connection::graceful_shutdown).await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}
