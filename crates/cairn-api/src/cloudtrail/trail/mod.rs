//! What operations on trails have in common: which trail is meant, how it is kept, what it may be.

pub(crate) mod bucket;
pub(crate) mod destination;
pub(crate) mod fault;
pub(crate) mod key;
pub(crate) mod log_group;
pub(crate) mod plan;
pub(crate) mod reference;
pub(crate) mod room;
pub(crate) mod shown;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod tags;
pub(crate) mod topic;
