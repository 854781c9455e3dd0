//! The REST protocols: parameters in the path, the query string, headers and the body, by the
//! traits of the model. rest-json and rest-xml differ in the body alone.

mod header;
mod path;
mod query;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::{request as read_request, response as read_response};
pub(super) use write::{error_headers, request as write_request, response as write_response};
