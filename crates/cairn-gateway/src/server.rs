//! Listening: HTTP/1 and HTTP/2 on one port, TLS if it is set, a stop that lets calls finish.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::body::AnswerBody;
use crate::chain::{self, Peer};
use crate::finish::Finishes;
use crate::forward::queue;
use crate::gateway::Gateway;
use crate::idle::{Calls, Watched};
use crate::limits::{
    ACCEPT_PAUSE, ACCEPT_REPORT_PAUSE, CONNECTION_WINDOW_BYTES, HEADER_BYTES_MAX, HEADER_READ_MAX,
    HEADERS_MAX, STOP_MAX, STREAM_SEND_BYTES_MAX, STREAM_WINDOW_BYTES, STREAMS_MAX,
};
use crate::metric;
use crate::tls::Session;

/// What a connection is told for which there is no place.
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

impl Gateway {
    /// Serves until `stop` resolves, then lets the calls under way finish, for at most
    /// [`STOP_MAX`].
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        stop: impl Future<Output = ()> + Send,
    ) {
        let tls = tls.map(TlsAcceptor::from);
        let places = Arc::new(Semaphore::new(self.settings.connections_max));
        let graceful = Arc::new(GracefulShutdown::new());
        let (mut accept_failures, mut turned_away) = (Flood::default(), Flood::default());
        let writer = self.start_writer();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                            turn_away(stream, tls.is_some());
                            if let Some(connections) = turned_away.count(Instant::now()) {
                                tracing::warn!(connections, "there was no room for connections");
                            }
                            continue;
                        };
                        let connection = Connection { gateway: Arc::clone(&self), address, place };
                        let fut = connection.run(stream, tls.clone(), graceful.watcher());
                        eprintln!("SIZE run {}", std::mem::size_of_val(&fut));
                        tokio::spawn(fut);
                    }
                    Err(error) if was_gone(&error) => {}
                    // Out of file descriptors: it stays so until a connection ends.
                    Err(error) => {
                        if let Some(failures) = accept_failures.count(Instant::now()) {
                            tracing::warn!(error = %error, failures, "connections could not be accepted");
                        }
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        let Ok(graceful) = Arc::try_unwrap(graceful) else { return };
        let ended = async {
            graceful.shutdown().await;
            // Calls whose callers have gone; each holds the stores.
            drop(self.stores.write().await);
        };
        if tokio::time::timeout(STOP_MAX, ended).await.is_err() {
            tracing::warn!("calls were cut off by the stop");
        }
        if let Some((stop, writer)) = writer {
            let _ = stop.send(());
            let _ = tokio::time::timeout(STOP_MAX, writer).await;
        }
    }

    /// Starts the writer of records that may follow their answers.
    fn start_writer(self: &Arc<Self>) -> Option<(oneshot::Sender<()>, JoinHandle<()>)> {
        let receiver = self.queue.take_receiver()?;
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _ = stopped.await;
        };
        Some((stop, tokio::spawn(queue::write(Arc::clone(self), receiver, stopped))))
    }
}

/// A connection that was gone before we took it; the next one may be well.
fn was_gone(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(error.kind(), E::ConnectionAborted | E::ConnectionReset | E::ConnectionRefused)
}

/// Tells a connection that has no place so, as far as that can be said before its first word, and
/// closes it.
fn turn_away(stream: TcpStream, is_tls: bool) {
    metrics::counter!(metric::REFUSALS_TOTAL, "reason" => "no_place").increment(1);
    if is_tls {
        return;
    }
    if let Ok(mut stream) = stream.into_std() {
        // Nothing was written yet, so this fits; a caller who has gone does not mind.
        let _ = io::Write::write(&mut stream, NO_PLACE);
    }
}

/// Failures since the last line in the log, and when that was: a log must not grow as fast as
/// failures come.
#[derive(Default)]
struct Flood {
    reported: Option<Instant>,
    failures: u64,
}

impl Flood {
    /// Counts one; how many to report, if it is time to.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.failures += 1;
        if self.reported.is_some_and(|last| now < last + ACCEPT_REPORT_PAUSE) {
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.failures))
    }
}

struct Connection {
    gateway: Arc<Gateway>,
    address: SocketAddr,
    place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(
        self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        // An answer is written in one piece; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let calls = Calls::default();
        let stream = Watched::new(stream, calls.clone());
        metrics::gauge!(metric::CONNECTIONS).increment(1.0);
        match tls {
            None => self.speak(stream, None, calls, watcher).await,
            Some(acceptor) => {
                let shaken = tokio::time::timeout(HEADER_READ_MAX, acceptor.accept(stream)).await;
                match shaken {
                    Ok(Ok(stream)) => {
                        let session = Session::of(stream.get_ref().1);
                        self.speak(stream, Some(session), calls, watcher).await;
                    }
                    Ok(Err(error)) => tracing::debug!(error = %error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                }
            }
        }
        metrics::gauge!(metric::CONNECTIONS).decrement(1.0);
    }

    async fn speak<S>(
        self,
        stream: S,
        session: Option<Session>,
        calls: Calls,
        watcher: hyper_util::server::graceful::Watcher,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, address, place } = self;
        let place = Arc::new(place);
        let peer = Arc::new(Peer { ip: address.ip(), tls: session });
        let service = service_fn(move |request: http::Request<Incoming>| {
            let held = (calls.begin(), Arc::clone(&place));
            let a = answer(Arc::clone(&gateway), Arc::clone(&peer), request, held);
            async move { a.await }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_MAX)
            // Who has said all it has to say may close that side and wait for the answer.
            .half_close(true)
            .preserve_header_case(true)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEADER_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_BYTES_MAX as u32)
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(STREAM_SEND_BYTES_MAX);
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        eprintln!("SIZE connection {}", std::mem::size_of_val(&connection));
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}

/// Takes a call through the chain, to its end; `held` is given back there.
fn answer<H: Send + 'static>(
    gateway: Arc<Gateway>,
    peer: Arc<Peer>,
    request: http::Request<Incoming>,
    held: H,
) -> Finishes<http::Response<AnswerBody>> {
    Finishes::new(async move {
        let answer = chain::answer(gateway, peer, request).await;
        drop(held);
        answer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_failures_is_one_line() {
        let mut failures = Flood::default();
        let start = Instant::now();
        assert_eq!(failures.count(start), Some(1));
        for _ in 0..1000 {
            assert_eq!(failures.count(start), None);
        }
        assert_eq!(failures.count(start + ACCEPT_REPORT_PAUSE), Some(1001));
    }
}
