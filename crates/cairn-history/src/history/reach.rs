//! How far queries see, for those who wait for more, and why they may not see further.

use cairn_store::Offset;
use tokio::sync::watch;

use crate::HistoryError;

use super::{History, State};

/// Where it is published how far queries see.
#[derive(Debug)]
pub(super) struct Reach(watch::Sender<Seen>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The next offset that they do not see.
    next: u64,
    /// The tail takes no more, and there is no room to seal it.
    is_stuck: bool,
}

impl Reach {
    pub(super) fn new(next: u64) -> Self {
        Self(watch::Sender::new(Seen { next, is_stuck: false }))
    }
}

impl History {
    /// Resolves once `tail_next()` is at least this, so that a caller reads its own writes; if room
    /// is short, once there is room again. May be dropped at any point.
    pub async fn reached(&self, offset: Offset) {
        self.wait(offset, |_| false).await;
    }

    /// As [`History::reached`], but [`HistoryError::Full`] at once while history cannot go on for want
    /// of room.
    pub async fn reached_unless_full(&self, offset: Offset) -> Result<(), HistoryError> {
        let seen = self.wait(offset, |seen| seen.is_stuck).await;
        if seen.is_none_or(|seen| seen.next >= offset.as_u64()) {
            Ok(())
        } else {
            Err(HistoryError::Full)
        }
    }

    /// What is seen when it is enough, or when nobody waits any longer.
    async fn wait(&self, offset: Offset, gives_up: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let mut seen = self.reach.0.subscribe();
        if seen.borrow_and_update().next < offset.as_u64() {
            self.wanted.notify_one();
        }
        let enough = seen.wait_for(|seen| seen.next >= offset.as_u64() || gives_up(seen)).await;
        // The sender lives as long as `self`, so this ends with the value there.
        enough.ok().map(|seen| *seen)
    }

    /// Resolves when somebody has begun to wait in [`History::reached`] since this was last
    /// resolved. For the one who appends: until then nobody minds that it takes its time.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// [`HistoryError::Full`] while history cannot go on for want of room: records that come now
    /// would be found by nobody until there is room again.
    pub fn goes_on(&self) -> Result<(), HistoryError> {
        if self.reach.0.borrow().is_stuck { Err(HistoryError::Full) } else { Ok(()) }
    }

    /// Whether there was no room for the last slice that was to be written of the tail. History goes
    /// on as long as the tail takes more; see [`History::goes_on`].
    pub fn lacks_room(&self) -> bool {
        self.read().lacks_room
    }

    /// Publishes how far queries see. `state` is held meanwhile, so that what is told last is so.
    pub(super) fn tell(&self, state: &State) {
        let is_stuck = state.lacks_room && state.tail_is_full(&self.options);
        let now = Seen { next: state.tail_next, is_stuck };
        self.reach.0.send_if_modified(|seen| std::mem::replace(seen, now) != now);
    }
}
