//! What is no AWS call, on its way to the default upstream: passed on, counted, not recorded.

use http::Response;

use super::Call;
use super::exchange::{Answered, exchange};
use super::forwarded::{self, Asking};
use crate::body::AnswerBody;
use crate::forward::held::Held;
use crate::forward::hop;
use crate::forward::tee::Keep;
use crate::forward::upstream::Upstream;
use crate::metric;

/// Passes a request on as it is.
pub(super) async fn run(
    call: &Call<'_>,
    upstream: &Upstream,
    asking: Asking<'_>,
    reason: &'static str,
) -> Response<AnswerBody> {
    metrics::counter!(metric::PASSED_TOTAL, "reason" => reason).increment(1);
    tracing::debug!(reason, path = call.parts.uri.path(), "a request was passed on unrecorded");
    let share = std::sync::Arc::clone(asking.share);
    let sending = forwarded::as_it_is(call, upstream, asking, Keep { copy: false, hash: false });
    match exchange(call, upstream, sending, false).await {
        Ok(Answered { response, upgrades, .. }) => {
            let (mut head, body) = response.into_parts();
            hop::strip(&mut head.headers, upgrades.is_some());
            if let Some((caller, upstream)) = upgrades {
                let peer = std::sync::Arc::clone(call.peer);
                crate::forward::tunnel::join(peer, caller, upstream);
            }
            Response::from_parts(head, Held::none(body).body(share))
        }
        Err((failure, _)) => failure.answer(call, None, None, super::resolve::UNKNOWN_PROTOCOL),
    }
}
