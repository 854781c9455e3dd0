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
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_rustls::TlsAcceptor;

use crate::body::AnswerBody;
use crate::chain::{self, Peer};
use crate::finish::Finishes;
use crate::gateway::Gateway;
use crate::idle::{Calls, Watched};
use crate::lanes::InLane;
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
    pub(crate) lane: InLane,
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

/// A connection, counted as long as it is there, however it ends.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!(metric::CONNECTIONS).increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(metric::CONNECTIONS).decrement(1.0);
    }
}

impl Connection {
    pub(crate) async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // An answer is written in one piece; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let _counted = Counted::new();
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
                    self.speak(stream, spoken, None, calls).await;
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
                        self.speak(stream, spoken, Some(session), calls).await;
                    }
                    Ok(Err(error)) => tracing::debug!(error = %error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                }
            }
        }
    }

    /// Serves calls until the connection ends.
    fn speak<S>(
        self,
        stream: S,
        spoken: Spoken,
        session: Option<Session>,
        calls: Calls,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, address, place, lane, mut closed } = self;
        let peer = Arc::new(Peer::new(address, session, lane, place));
        let service = Answering { gateway, peer, calls };
        let stream = TokioIo::new(stream);
        Box::pin(async move {
            let ended = match spoken {
                Spoken::Http1 => {
                    let connection = http1().serve_connection(stream, service).with_upgrades();
                    until(
                        Box::pin(connection),
                        &mut closed,
                        http1::UpgradeableConnection::graceful_shutdown,
                    )
                    .await
                }
                Spoken::Http2 => {
                    let connection = http2().serve_connection(stream, service);
                    until(Box::pin(connection), &mut closed, http2::Connection::graceful_shutdown)
                        .await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(error = %error, "a connection ended early");
            }
        })
    }
}

/// What answers the calls of a connection.
struct Answering {
    gateway: Arc<Gateway>,
    peer: Arc<Peer>,
    calls: Calls,
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Finishes<Response<AnswerBody>>;

    /// A caller who hangs up does not stop a call half way, between what was done and its record.
    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (gateway, peer) = (Arc::clone(&self.gateway), Arc::clone(&self.peer));
        let under_way = self.calls.begin();
        Finishes::new(async move {
            let answer = chain::answer(gateway, peer, request).await;
            drop(under_way);
            answer
        })
    }
}

/// Serves until the connection ends, or, once the server stops, its last call.
async fn until<C>(
    mut connection: Pin<Box<C>>,
    closed: &mut watch::Receiver<()>,
    stop: fn(Pin<&mut C>),
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = closed.changed() => stop(connection.as_mut()),
    }
    connection.await
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_MAX)
        // Who has said all it has to say may close that side and wait for the answer.
        .half_close(true)
        .preserve_header_case(true)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEADER_BYTES_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    builder
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_BYTES_MAX as u32)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(STREAM_SEND_BYTES_MAX);
    builder
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn heard(pieces: &[&[u8]]) -> io::Result<Spoken> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut theirs = TcpStream::connect(listener.local_addr()?).await?;
        let (ours, _) = listener.accept().await?;
        let says = async {
            for piece in pieces {
                theirs.set_nodelay(true)?;
                theirs.write_all(piece).await?;
                tokio::task::yield_now().await;
            }
            theirs.shutdown().await
        };
        let (heard, said) = tokio::join!(Spoken::heard(&ours), says);
        said?;
        heard
    }

    #[tokio::test]
    async fn the_version_is_heard_in_the_first_bytes() {
        assert_eq!(heard(&[b"GET / HTTP/1.1\r\n"]).await.unwrap(), Spoken::Http1);
        assert_eq!(heard(&[b"P", b"OST /"]).await.unwrap(), Spoken::Http1);
        assert_eq!(heard(&[b"PRI * HTTP/2.0"]).await.unwrap(), Spoken::Http2);
        assert_eq!(heard(&[b"PR", b"I * HTTP/2.0"]).await.unwrap(), Spoken::Http2);
        assert!(heard(&[]).await.is_err());
    }
}
