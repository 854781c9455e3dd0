//! AWS JSON 1.0 and 1.1, and the JSON bodies of rest-json: no generic tree between the bytes and
//! the model's shape, no number through a double.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::{error_fields, read, structure};
pub(super) use write::{encode, error, value_text};
