//! Connections that stop speaking HTTP: after `101 Switching Protocols` bytes go both ways until
//! one end closes. The call that asked for it is recorded, what goes through is not.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// Joins the two ends once both have switched. The connection below closes a tunnel in which
/// nothing moves ([`crate::limits::CONNECTION_IDLE_MAX`]).
pub(crate) fn join(caller: OnUpgrade, upstream: OnUpgrade) {
    tokio::spawn(async move {
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
