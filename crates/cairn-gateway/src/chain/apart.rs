//! Steps of a call that take long, on another thread with all that the call refers to.

use std::sync::Arc;

use cairn_event::Timestamp;
use http::request::Parts;

use super::signed::Signed;
use super::{Call, Peer};
use crate::beside::{Place, Work};
use crate::gateway::{Gateway, Stores};
use crate::ids::Ids;

/// What a call refers to, owned.
struct Apart {
    gateway: Arc<Gateway>,
    stores: Stores,
    parts: Parts,
    peer: Arc<Peer>,
    signed: Signed,
    ids: Ids,
    started: Timestamp,
}

impl Apart {
    fn of(call: &Call<'_>) -> Self {
        Self {
            gateway: Arc::clone(call.gateway),
            stores: call.stores.clone(),
            parts: call.parts.clone(),
            peer: Arc::clone(call.peer),
            signed: call.signed.clone(),
            ids: call.ids.clone(),
            started: call.started,
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            gateway: &self.gateway,
            stores: &self.stores,
            parts: &self.parts,
            peer: &self.peer,
            signed: &self.signed,
            ids: self.ids.clone(),
            started: self.started,
        }
    }
}

/// Takes a step: here, or in a place beside the lanes if there is one for it.
pub(super) async fn step<T: Send + 'static>(
    call: &Call<'_>,
    place: Option<Place>,
    work: Work,
    step: impl FnOnce(&Call<'_>) -> T + Send + 'static,
) -> T {
    match place {
        None => step(call),
        Some(place) => {
            let apart = Apart::of(call);
            // In a box, so that small calls do not carry its room.
            Box::pin(place.run(work, move || step(&apart.call()))).await
        }
    }
}
