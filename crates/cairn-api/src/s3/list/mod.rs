//! Listings of a bucket's objects: one walk, three ways to ask for it.

pub(super) mod encode;
pub(super) mod v1;
pub(super) mod v2;
pub(super) mod versions;
pub(super) mod walk;
