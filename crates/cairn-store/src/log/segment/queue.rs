//! What waits for the committing thread.
//!
//! The thread sleeps until there is as much as it asks for, and not until the next arrival: while it
//! gathers, each wake would cost the callers a change of threads, and find nothing to do yet.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::committer::Command;

/// Commands in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told when there is what the taker waits for.
    enough: Condvar,
}

#[derive(Debug, Default)]
struct State {
    commands: VecDeque<Command>,
    /// How many commands the taker waits for; 0 while it does not wait.
    wanted: usize,
    /// Nobody takes anything any more.
    is_closed: bool,
}

impl State {
    fn has_enough(&self, wanted: usize) -> bool {
        // What is no append is not made to wait for others.
        let is_other = |command: &Command| !matches!(command, Command::Append(_));
        self.commands.len() >= wanted || self.commands.back().is_some_and(is_other)
    }
}

impl Queue {
    /// Adds a command; gives it back if nobody will take it.
    pub(crate) fn push(&self, command: Command) -> Result<(), Command> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(command);
        }
        state.commands.push_back(command);
        let is_awaited = state.wanted > 0 && state.has_enough(state.wanted);
        if is_awaited {
            state.wanted = 0;
        }
        drop(state);
        if is_awaited {
            self.enough.notify_one();
        }
        Ok(())
    }

    /// The first command. Waits for one.
    pub(crate) fn take_first(&self) -> Command {
        let mut state = self.lock();
        loop {
            if let Some(command) = state.commands.pop_front() {
                return command;
            }
            state.wanted = 1;
            state = self.enough.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next command, if there is one.
    pub(crate) fn take_next(&self) -> Option<Command> {
        self.lock().commands.pop_front()
    }

    /// Waits until there are so many commands, or one that is no append, but not longer than until
    /// `end`.
    pub(crate) fn wait_for(&self, commands: usize, end: Instant) {
        let mut state = self.lock();
        while !state.has_enough(commands) {
            let left = end.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            state.wanted = commands;
            let waited = self.enough.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.wanted = 0;
    }

    /// Takes nothing more, and gives out what is left.
    pub(crate) fn close(&self) -> VecDeque<Command> {
        let mut state = self.lock();
        state.is_closed = true;
        std::mem::take(&mut state.commands)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::log::Offset;

    /// A command that says which one it is.
    fn expire(before: u64) -> Command {
        Command::Expire { before, answer: tokio::sync::oneshot::channel().0 }
    }

    async fn append() -> Command {
        let room = Arc::new(tokio::sync::Semaphore::new(1));
        let room = room.acquire_owned().await.unwrap();
        let answer = tokio::sync::oneshot::channel::<Result<Offset, _>>().0;
        let body = super::super::committer::Body::Records(Vec::new());
        Command::Append(super::super::committer::Request { body, bytes: 0, room, answer })
    }

    fn number(command: &Command) -> u64 {
        match command {
            Command::Expire { before, .. } => *before,
            Command::Append(_) | Command::Close => 0,
        }
    }

    #[test]
    fn commands_come_out_as_they_went_in_on_another_thread() {
        let queue = Arc::new(Queue::default());
        let taker = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || (0..100).map(|_| number(&queue.take_first())).collect::<Vec<_>>()
        });
        for before in 1..=100 {
            queue.push(expire(before)).unwrap();
        }
        assert_eq!(taker.join().unwrap(), (1..=100).collect::<Vec<_>>());
        assert!(queue.take_next().is_none());
    }

    #[tokio::test]
    async fn a_taker_is_told_when_there_is_as_much_as_it_waits_for() {
        let queue = Queue::default();
        queue.lock().wanted = 3;
        queue.push(append().await).unwrap();
        queue.push(append().await).unwrap();
        assert_eq!(queue.lock().wanted, 3, "too early");
        queue.push(append().await).unwrap();
        assert_eq!(queue.lock().wanted, 0, "told, once");
        // What is no append is taken at once.
        queue.lock().wanted = 9;
        queue.push(Command::Close).unwrap();
        assert_eq!(queue.lock().wanted, 0);
    }

    #[tokio::test]
    async fn waiting_ends_with_enough_or_in_time() {
        let queue = Queue::default();
        queue.push(append().await).unwrap();
        let now = Instant::now();
        queue.wait_for(2, now);
        assert_eq!(queue.lock().wanted, 0, "nobody waits any more");
        // So far away that the test would hang.
        queue.wait_for(1, now + Duration::from_hours(1));
        let other = std::thread::spawn({
            let (queue, append) = (Arc::new(queue), append().await);
            move || {
                std::thread::scope(|scope| {
                    scope.spawn(|| queue.wait_for(2, now + Duration::from_hours(1)));
                    queue.push(append).unwrap();
                });
                queue.close().len()
            }
        });
        assert_eq!(other.join().unwrap(), 2);
    }

    #[test]
    fn a_closed_queue_gives_back_what_it_has_and_gets() {
        let queue = Queue::default();
        queue.push(expire(1)).unwrap();
        assert_eq!(queue.close().iter().map(number).collect::<Vec<_>>(), [1]);
        assert_eq!(queue.push(expire(2)).map_err(|command| number(&command)), Err(2));
        assert!(queue.close().is_empty());
    }
}
