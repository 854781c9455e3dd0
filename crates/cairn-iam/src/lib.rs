//! Who calls: principals, their keys, and how a record names them.
//!
//! Pure: entropy and time come in as arguments. The gateway finds a [`Credential`] for the access
//! key of a signature in the [`Keyring`]; the recorder writes its [`Principal`] as the
//! `userIdentity` of a record.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod credential;
mod credentials_file;
mod error;
mod identity;
mod key;
mod keyring;
pub mod policy;
mod principal;

pub use credential::{Credential, Session};
pub use credentials_file::{
    ProfileKeys, ProfileText, parse_credentials, read_profile, render_credentials,
};
pub use error::IamError;
pub use identity::{Caller, SessionFacts};
pub use key::{AccessKeyId, IdKind, KeyKind, SecretKey, mint_unique_id};
pub use keyring::{Found, Keyring};
pub use principal::{Issuer, Principal, Role, User};
