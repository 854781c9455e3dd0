//! The Key Management Service: symmetric keys, in the clear to nobody.
//!
//! - Keys are `SYMMETRIC_DEFAULT`, made here; others are `UnsupportedOperationException`.
//! - Who may do something to a key, its policy says, also to the root of its account: see
//!   [`access`].
//! - What a key's state allows is AWS's table of key states (documented).
//! - Grants do not exist; grant tokens are ignored.

pub(crate) mod access;
pub(crate) mod cancel_key_deletion;
pub(crate) mod create_alias;
pub(crate) mod create_key;
pub(crate) mod decrypt;
pub(crate) mod delete_alias;
pub(crate) mod describe_key;
pub(crate) mod disable_key;
pub(crate) mod disable_key_rotation;
pub(crate) mod enable_key;
pub(crate) mod enable_key_rotation;
pub(crate) mod encrypt;
mod error;
pub(crate) mod generate_data_key;
pub(crate) mod generate_data_key_without_plaintext;
pub(crate) mod generate_random;
pub(crate) mod get_key_policy;
pub(crate) mod get_key_rotation_status;
pub(crate) mod list_aliases;
pub(crate) mod list_key_policies;
pub(crate) mod list_keys;
pub(crate) mod list_resource_tags;
mod metadata;
mod page;
mod policy;
pub(crate) mod put_key_policy;
pub(crate) mod re_encrypt;
pub(crate) mod schedule_key_deletion;
pub(crate) mod tag_resource;
mod tags;
#[cfg(test)]
mod tests;
pub(crate) mod untag_resource;
pub(crate) mod update_alias;
pub(crate) mod update_key_description;

pub use error::KmsFault;

use serde::{Deserialize, Serialize};

/// The one algorithm of symmetric keys.
const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// Refuses the algorithms of other kinds of keys.
fn only_symmetric(algorithm: Option<&str>) -> Result<(), KmsFault> {
    match algorithm {
        None | Some(SYMMETRIC) => Ok(()),
        Some(other) => Err(KmsFault::KeyUsage { algorithm: other.to_owned() }),
    }
}

/// Which key, and no more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneKey {
    key_id: String,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Done {}
