//! Calls on one object, or on a list of them by name.

pub(super) mod attributes;
pub(super) mod conditions;
pub(super) mod copy;
pub(super) mod delete;
pub(super) mod description;
pub(super) mod get;
pub(super) mod parts;
pub(super) mod put;
pub(super) mod tagging;
pub(super) mod transfer;
