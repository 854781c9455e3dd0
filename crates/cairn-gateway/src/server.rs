//! Listening: HTTP/1 and HTTP/2 on one port, TLS if it is set, a stop that lets calls finish.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::chain::{self, Peer};
use crate::gateway::Gateway;
use crate::limits::{CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADER_READ_MAX, HEADERS_MAX, STOP_MAX};
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
                    // Out of file descriptors, or a connection that was gone before we took it.
                    Err(error) => tracing::warn!(error = %error, "a connection could not be accepted"),
                },
            }
        }
        drop(listener);
        let Ok(graceful) = Arc::try_unwrap(graceful) else { return };
        if tokio::time::timeout(STOP_MAX, graceful.shutdown()).await.is_err() {
            tracing::warn!("calls were cut off by the stop");
        }
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
        metrics::gauge!(metric::CONNECTIONS).increment(1.0);
        match tls {
            None => self.speak(stream, None, watcher).await,
            Some(acceptor) => {
                let shaken = tokio::time::timeout(HEADER_READ_MAX, acceptor.accept(stream)).await;
                match shaken {
                    Ok(Ok(stream)) => {
                        let session = Session::of(stream.get_ref().1);
                        self.speak(stream, Some(session), watcher).await;
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
        watcher: hyper_util::server::graceful::Watcher,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, address, place } = self;
        let peer = Arc::new(Peer { ip: address.ip(), tls: session });
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (gateway, peer) = (Arc::clone(&gateway), Arc::clone(&peer));
            async move { Ok::<_, Infallible>(chain::answer(&gateway, &peer, request).await) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_MAX)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEADER_BYTES_MAX * 4);
        builder.http2().timer(TokioTimer::new()).max_header_list_size(HEADER_BYTES_MAX as u32);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
        drop(place);
    }
}
