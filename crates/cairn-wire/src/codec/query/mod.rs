//! The query protocol and its older sibling of EC2: parameters as a form, answers as XML.

mod keys;
pub(super) mod names;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::request as read_request;
pub(super) use write::request as write_request;
