//! Listening: a place for each connection, and a stop that lets calls finish.

use std::future::Future;
use std::io;
use std::sync::{Arc, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::connection::Connection;
use crate::flood::Flood;
use crate::forward::queue;
use crate::gateway::Gateway;
use crate::lanes::Lanes;
use crate::limits::{ACCEPT_PAUSE, STOP_MAX};
use crate::metric;

/// What a connection is told for which there is no place.
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

impl Gateway {
    /// Serves until `stop` resolves, then lets the calls under way finish, for at most
    /// [`STOP_MAX`]; whether they all had finished by then. An error says that the threads for it could
    /// not be started.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        stop: impl Future<Output = ()> + Send,
    ) -> io::Result<bool> {
        let lanes = Lanes::start(self.settings.lanes)?;
        let tls = tls.map(TlsAcceptor::from);
        let places = Arc::new(Semaphore::new(self.settings.connections_max));
        let (closing, closed) = watch::channel(());
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
                        // Each lane waits for the bytes of its own connections.
                        let Ok(stream) = stream.into_std() else { continue };
                        let (gateway, closed, tls) = (Arc::clone(&self), closed.clone(), tls.clone());
                        lanes.spawn(move |lane| async move {
                            let Ok(stream) = TcpStream::from_std(stream) else { return };
                            let connection = Connection { gateway, address, place, lane, closed };
                            connection.run(stream, tls).await;
                        });
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
        drop((listener, closed));
        let _ = closing.send(());
        let ended = async {
            // Each connection has a receiver.
            closing.closed().await;
            // Calls whose callers have gone; each holds the stores.
            drop(self.stores.write().await);
        };
        let in_time = tokio::time::timeout(STOP_MAX, ended).await.is_ok();
        if !in_time {
            tracing::warn!("calls were cut off by the stop");
        }
        if let Some((stop, writer)) = writer {
            let _ = stop.send(());
            let _ = tokio::time::timeout(STOP_MAX, writer).await;
        }
        lanes.end().await;
        self.tell_of_last_signatures();
        Ok(in_time)
    }

    /// The refusals that no line of the log has counted yet.
    fn tell_of_last_signatures(&self) {
        let refused = &self.refused_signatures;
        let rest = refused.lock().unwrap_or_else(PoisonError::into_inner).rest();
        if let Some(refusals) = rest {
            tracing::info!(refusals, "signatures were refused since the last line on one");
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
