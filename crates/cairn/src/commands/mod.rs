//! The commands, one file or folder each: its arguments, and `run`.

pub(crate) mod fsck;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod lookup;
pub(crate) mod serve;
pub(crate) mod tail;
pub(crate) mod validate;
