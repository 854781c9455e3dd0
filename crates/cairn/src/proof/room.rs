//! What the threads that check objects hold in memory at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most bytes of objects and their contents that all threads together hold in memory; beyond it
/// go the contents of one object, so that somebody always gets on.
const HELD_BYTES_MAX: u64 = 256 << 20;

/// What all threads together hold in memory.
#[derive(Debug, Default)]
pub(super) struct Room {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: u64,
    /// Somebody needed more for what it held, and there was none.
    is_overdrawn: bool,
}

impl State {
    fn fits(&self, more: u64) -> bool {
        self.held.saturating_add(more) <= HELD_BYTES_MAX
    }
}

/// A part of the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    room: &'a Room,
    bytes: u64,
    is_overdraft: bool,
}

impl Room {
    /// Waits until there is room. Whoever holds some already must not ask for another part.
    pub(super) fn hold(&self, bytes: u64) -> Held<'_> {
        let bytes = bytes.min(HELD_BYTES_MAX);
        let mut state = self.wait_until(|state| state.fits(bytes));
        state.held += bytes;
        Held { room: self, bytes, is_overdraft: false }
    }

    /// How much is held.
    #[cfg(test)]
    pub(super) fn held(&self) -> u64 {
        self.lock().held
    }

    fn wait_until(&self, mut is_met: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.freed.wait_while(self.lock(), |state| !is_met(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    /// Makes it so large. Waits for more room, or for its turn to go without: all who wait here hold
    /// something, and would wait for each other.
    pub(super) fn adjust(&mut self, bytes: u64) {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            self.room.lock().held -= self.bytes - bytes;
            self.bytes = bytes;
            self.room.freed.notify_all();
            return;
        }
        let mut state = self.room.wait_until(|state| state.fits(more) || !state.is_overdrawn);
        if !state.fits(more) {
            (state.is_overdrawn, self.is_overdraft) = (true, true);
        }
        state.held += more;
        self.bytes = bytes;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        state.held -= self.bytes;
        if self.is_overdraft {
            state.is_overdrawn = false;
        }
        drop(state);
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn threads_wait_for_room() {
        let room = Room::default();
        let first = room.hold(HELD_BYTES_MAX - 10);
        let second = room.hold(10);
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let room = &room;
            scope.spawn(move || {
                let held = room.hold(u64::MAX);
                let _ = sender.send(held.bytes);
            });
            assert!(receiver.try_recv().is_err());
            drop(first);
            assert!(receiver.try_recv().is_err());
            drop(second);
            assert_eq!(receiver.recv(), Ok(HELD_BYTES_MAX));
        });
        assert_eq!(room.held(), 0);
    }

    #[test]
    fn one_who_needs_more_never_waits_for_ever() {
        let room = Room::default();
        let parts = [HELD_BYTES_MAX / 2; 2];
        thread::scope(|scope| {
            let held = parts.map(|bytes| room.hold(bytes));
            // All is held, and both want more: one goes beyond, the other comes after it.
            for mut held in held {
                let room = &room;
                scope.spawn(move || {
                    held.adjust(held.bytes + 100);
                    assert!(room.held() <= HELD_BYTES_MAX + 100);
                });
            }
        });
        assert_eq!(room.held(), 0);
        assert!(!room.lock().is_overdrawn);
        let mut less = room.hold(100);
        less.adjust(40);
        assert_eq!(room.held(), 40);
        less.adjust(70);
        assert_eq!(room.held(), 70);
    }
}
