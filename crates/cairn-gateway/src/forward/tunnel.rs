//! Connections that stop speaking HTTP: after `101 Switching Protocols` bytes go both ways until
//! one end closes. The call that asked for it is recorded, what goes through is not.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::chain::Peer;

/// Joins the two ends once both have switched. The connection below closes a tunnel in which
/// nothing moves ([`crate::limits::CONNECTION_IDLE_MAX`]). A tunnel keeps the place of the connection
/// that it was.
pub(crate) fn join(peer: Arc<Peer>, caller: OnUpgrade, upstream: OnUpgrade) {
    tokio::spawn(async move {
        let _peer = peer;
        match tokio::try_join!(caller, upstream) {
            Ok((caller, upstream)) => {
                let (mut caller, mut upstream) = (TokioIo::new(caller), TokioIo::new(upstream));
                let ended = tokio::io::copy_bidirectional(&mut caller, &mut upstream).await;
                if let Err(error) = ended {
                    tracing::debug!(error = %error, "a tunnel broke");
                }
            }
            Err(error) => tracing::debug!(error = %error, "a connection did not switch protocols"),
        }
    });
}
