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

use crate::chain::{self, Peer};
use crate::forward::queue;
use crate::gateway::Gateway;
use crate::idle::{Calls, Watched};
use crate::limits::{
    ACCEPT_PAUSE, ACCEPT_REPORT_PAUSE, CONNECTION_WINDOW_BYTES, CONNECTIONS_MAX, HEADER_BYTES_MAX,
    HEADER_READ_MAX, HEADERS_MAX, STOP_MAX, STREAM_SEND_BYTES_MAX, STREAM_WINDOW_BYTES,
    STREAMS_MAX,
};
use crate::metric;
use crate::tls::Session;

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
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let graceful = Arc::new(GracefulShutdown::new());
        let mut accept_failures = AcceptFailures::default();
        let writer = self.start_writer();
        let mut stop = std::pin::pin!(stop);
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        let connection = Connection { gateway: Arc::clone(&self), address, place };
                        tokio::spawn(connection.run(stream, tls.clone(), graceful.watcher()));
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

/// Failures since the last line in the log, and when that was: a log must not grow as fast as
/// failures come.
#[derive(Default)]
struct AcceptFailures {
    reported: Option<Instant>,
    failures: u64,
}

impl AcceptFailures {
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
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_MAX)
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
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_failures_is_one_line() {
        let mut failures = AcceptFailures::default();
        let start = Instant::now();
        assert_eq!(failures.count(start), Some(1));
        for _ in 0..1000 {
            assert_eq!(failures.count(start), None);
        }
        assert_eq!(failures.count(start + ACCEPT_REPORT_PAUSE), Some(1001));
    }
}
