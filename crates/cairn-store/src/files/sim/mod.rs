//! A disk in memory that fails when told to, and from which the power can be taken.
//!
//! It keeps two states of everything: what programs see, and what would be there after a loss of
//! power. A sync moves the one into the other. Operations that change something are numbered; a
//! plan says which of them fail, and how. After `cut_power`, what had not been synced is there in
//! part: each write whole, torn, or not at all, in no order; names in the order in which they were
//! changed, up to some point.

mod broken;
mod disk;
mod random;

pub(crate) use broken::BrokenFiles;
pub(crate) use disk::SimDisk;
pub(crate) use random::Random;

use std::io;

/// How an operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens, and an error is reported.
    Fails,
    /// It happens, and an error is reported.
    FailsButPersists,
    /// A write stops after so many bytes. Anything else fails.
    Tears(usize),
    /// There is no room for this or anything after it, until `make_room`.
    Full,
    /// The power goes before it happens; nothing works from here on.
    PowerLoss,
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Full => io::ErrorKind::StorageFull.into(),
            _ => io::Error::other("a fault of the simulated disk"),
        }
    }
}

/// The kinds of operation that a plan can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateDirectory,
    Create,
    Write,
    Sync,
    SetLen,
    Allocate,
    Rename,
    Remove,
    SyncDirectory,
}
