//! Changes that wait for the disk together.
//!
//! A commit waits for the disk, and only one transaction can be open. So a change that comes while
//! others wait for their turn leaves its commit to them: each runs in a savepoint of one
//! transaction, the last one commits for all, and nobody is answered before that.
//!
//! 1. A change that refuses undoes itself alone. It may have seen what others of its group did, so
//!    it too is answered after the commit, and with the failure of the commit if that fails.
//! 2. When the commit fails, or `SQLite` gives the whole transaction up, all of the group fail; the
//!    change over which it was given up with its own error.
//! 3. A change that panics takes its group with it: nothing of it is changed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ffi};

use super::DatabaseError;

/// The most changes of a group.
const CHANGES_MAX: usize = 64;

/// A connection that writes, for many at once.
#[derive(Debug)]
pub(super) struct Writer {
    state: Mutex<State>,
    /// How many have come and not had their turn.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct State {
    connection: Connection,
    /// The group of the transaction that is open.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    group: Arc<Group>,
    changes: usize,
}

/// What has become of a group; those who wait for it hold it.
#[derive(Debug, Default)]
struct Group {
    outcome: Mutex<Option<Result<(), Failure>>>,
    ended: Condvar,
}

/// A failure that can be told to several.
#[derive(Clone, Debug)]
struct Failure {
    kind: FailureKind,
    code: ffi::Error,
    text: String,
}

#[derive(Clone, Copy, Debug)]
enum FailureKind {
    Full,
    Corrupt,
    Refused,
    Unknown,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        let state = State { connection, open: None };
        Self { state: Mutex::new(state), waiting: AtomicUsize::new(0) }
    }

    /// Makes a change, durably, with others that come at the same time.
    pub(super) fn write<T, E: From<DatabaseError>>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let group = state.join()?;
        let mut turn = Turn { state, is_over: false, is_cause: false };
        let answer = turn.run(change);
        turn.is_over = true;
        let state = &mut turn.state;
        // Whoever is counted will have a turn, and see this group.
        let goes_on = self.waiting.load(Ordering::SeqCst) > 0;
        if !goes_on || state.is_full() {
            state.commit();
        }
        let is_cause = turn.is_cause;
        drop(turn);
        let outcome = group.wait();
        if answer.is_err() && is_cause {
            return answer;
        }
        outcome.map_err(Failure::into_error)?;
        answer
    }
}

impl State {
    /// The group of the open transaction; opens one if there is none.
    fn join(&mut self) -> Result<Arc<Group>, DatabaseError> {
        if self.open.is_none() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        let open = self.open.get_or_insert_with(|| Open { group: Arc::default(), changes: 0 });
        open.changes += 1;
        Ok(Arc::clone(&open.group))
    }

    fn is_full(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.changes >= CHANGES_MAX)
    }

    /// Commits what is open, and tells the group.
    fn commit(&mut self) {
        let Some(open) = self.open.take() else { return };
        let committed = self.connection.execute_batch("COMMIT").map_err(|error| {
            let failure = Failure::of(error);
            match failure.kind {
                FailureKind::Refused => Failure { kind: FailureKind::Unknown, ..failure },
                _ => failure,
            }
        });
        if committed.is_err() {
            self.undo();
        }
        open.group.end(committed);
    }

    /// Gives up what is open: nothing of the group is changed.
    fn give_up(&mut self, failure: Failure) {
        self.undo();
        if let Some(open) = self.open.take() {
            open.group.end(Err(failure));
        }
    }

    fn undo(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(error = &error as &dyn std::error::Error, "a rollback failed");
        }
    }
}

/// A turn at the connection. Left in the middle, which is a panic, it gives the transaction up.
struct Turn<'w> {
    state: MutexGuard<'w, State>,
    is_over: bool,
    /// Its change is why the transaction was given up.
    is_cause: bool,
}

impl Turn<'_> {
    /// Runs a change in a savepoint, which is undone if it refuses.
    fn run<T, E: From<DatabaseError>>(
        &mut self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let state = &mut *self.state;
        let begun = state.connection.execute_batch("SAVEPOINT change");
        begun.map_err(DatabaseError::from)?;
        let answer = change(&state.connection);
        if state.connection.is_autocommit() {
            // SQLite has given the whole transaction up, as it does when the device is full.
            let text = "the transaction was given up".to_owned();
            let code = ffi::Error::new(ffi::SQLITE_ABORT);
            state.give_up(Failure { kind: FailureKind::Refused, code, text });
            self.is_cause = true;
            return answer;
        }
        let end = match &answer {
            Ok(_) => "RELEASE change",
            Err(_) => "ROLLBACK TO change; RELEASE change",
        };
        if let Err(error) = state.connection.execute_batch(end) {
            state.give_up(Failure::of(error));
        }
        answer
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let (kind, code) = (FailureKind::Refused, ffi::Error::new(ffi::SQLITE_ABORT));
            self.state.give_up(Failure { kind, code, text: "a change broke off".to_owned() });
        }
    }
}

impl Group {
    fn end(&self, outcome: Result<(), Failure>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.ended.notify_all();
    }

    fn wait(&self) -> Result<(), Failure> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone();
            }
            outcome = self.ended.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Failure {
    fn of(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().copied();
        let code = code.unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_ERROR));
        let text = error.to_string();
        let kind = match DatabaseError::from(error) {
            DatabaseError::Full => FailureKind::Full,
            DatabaseError::Corrupt(_) => FailureKind::Corrupt,
            DatabaseError::Refused(_) => FailureKind::Refused,
            DatabaseError::Unknown(_) => FailureKind::Unknown,
        };
        Self { kind, code, text }
    }

    fn into_error(self) -> DatabaseError {
        let error = rusqlite::Error::SqliteFailure(self.code, Some(self.text));
        match self.kind {
            FailureKind::Full => DatabaseError::Full,
            FailureKind::Corrupt => DatabaseError::Corrupt(error),
            FailureKind::Refused => DatabaseError::Refused(error),
            FailureKind::Unknown => DatabaseError::Unknown(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;
    use std::sync::atomic::Ordering;

    use rusqlite::Connection;

    use super::Writer;
    use crate::sqlite::DatabaseError;

    type Answer = Result<(), DatabaseError>;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "PRAGMA foreign_keys = ON; CREATE TABLE one (id INTEGER PRIMARY KEY); \
            CREATE TABLE two (id INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED)";
        connection.execute_batch(tables).unwrap();
        Writer::new(connection)
    }

    fn change(sql: &'static str) -> impl Fn(&Connection) -> Answer {
        move |connection| Ok(connection.execute_batch(sql)?)
    }

    fn count(writer: &Writer, table: &str) -> i64 {
        let state = writer.state.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(state.open.is_none(), "somebody waits for nobody");
        let sql = format!("SELECT count(*) FROM {table}");
        state.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// Runs both in one group: the first does not end before the second waits.
    fn together(
        writer: &Writer,
        first: impl Fn(&Connection) -> Answer + Send,
        second: impl Fn(&Connection) -> Answer + Send,
    ) -> (std::thread::Result<Answer>, Answer) {
        std::thread::scope(|threads| {
            let (began, begun) = std::sync::mpsc::channel();
            let first = threads.spawn(move || {
                writer.write(|connection| {
                    began.send(()).unwrap();
                    while writer.waiting.load(Ordering::SeqCst) == 0 {
                        std::thread::yield_now();
                    }
                    first(connection)
                })
            });
            begun.recv().unwrap();
            let second = writer.write(second);
            (first.join(), second)
        })
    }

    #[test]
    fn changes_at_the_same_time_are_committed_together() {
        let writer = writer();
        // Alone, the first could not be committed: its row points nowhere.
        let (first, second) = together(
            &writer,
            change("INSERT INTO two VALUES (1)"),
            change("INSERT INTO one VALUES (1)"),
        );
        assert!(first.unwrap().is_ok() && second.is_ok());
        assert_eq!((count(&writer, "one"), count(&writer, "two")), (1, 1));
    }

    #[test]
    fn a_change_that_refuses_undoes_itself_alone() {
        for refuses_first in [true, false] {
            let writer = writer();
            let refused = |connection: &Connection| -> Answer {
                connection.execute_batch("INSERT INTO one VALUES (7)")?;
                Err(DatabaseError::Full)
            };
            let made = change("INSERT INTO one VALUES (1)");
            let (first, second) = if refuses_first {
                together(&writer, refused, made)
            } else {
                together(&writer, made, refused)
            };
            let refused = if refuses_first { first.unwrap() } else { second };
            assert!(matches!(refused, Err(DatabaseError::Full)), "{refused:?}");
            assert_eq!(count(&writer, "one"), 1);
        }
    }

    #[test]
    fn a_commit_that_fails_fails_for_all() {
        let writer = writer();
        let (first, second) = together(
            &writer,
            change("INSERT INTO one VALUES (1)"),
            change("INSERT INTO two VALUES (9)"),
        );
        let first = first.unwrap();
        assert!(matches!(first, Err(DatabaseError::Unknown(_))), "{first:?}");
        assert!(matches!(second, Err(DatabaseError::Unknown(_))), "{second:?}");
        assert_eq!((count(&writer, "one"), count(&writer, "two")), (0, 0));
        writer.write(change("INSERT INTO one VALUES (2)")).unwrap();
        assert_eq!(count(&writer, "one"), 1);
    }

    #[test]
    fn a_transaction_that_is_given_up_fails_for_all() {
        let writer = writer();
        let (first, second) =
            together(&writer, change("INSERT INTO one VALUES (1)"), |connection| {
                connection.execute_batch("ROLLBACK")?;
                Err(DatabaseError::Full)
            });
        assert!(matches!(first.unwrap(), Err(DatabaseError::Refused(_))));
        assert!(matches!(second, Err(DatabaseError::Full)));
        assert_eq!(count(&writer, "one"), 0);
        let (first, second) =
            together(&writer, change("INSERT INTO one VALUES (1)"), change("ROLLBACK"));
        assert!(matches!(first.unwrap(), Err(DatabaseError::Refused(_))));
        assert!(matches!(second, Err(DatabaseError::Refused(_))));
    }

    #[test]
    fn a_change_that_panics_leaves_the_next_one_alone() {
        let writer = writer();
        let panics = |connection: &Connection| -> Answer {
            connection.execute_batch("INSERT INTO one VALUES (1)")?;
            panic!("in the middle");
        };
        let (first, second) = together(&writer, panics, change("INSERT INTO one VALUES (2)"));
        assert!(first.is_err() && second.is_ok(), "{second:?}");
        assert_eq!(count(&writer, "one"), 1);
    }
}
