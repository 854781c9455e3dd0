//! XML: bodies of rest-xml, answers of query and ec2.

mod read;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::{Root, error_fields, read};
pub(super) use write::{Document, error_ec2, error_query, error_s3};
