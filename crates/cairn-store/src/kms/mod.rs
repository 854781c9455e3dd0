//! The keys of callers: a small key service.
//!
//! # What is stored
//!
//! | key in small state | value |
//! | --- | --- |
//! | `kms/key/ACCOUNT/REGION/UUID` | [`KmsKey`], its material sealed by the master key |
//! | `kms/alias/ACCOUNT/REGION/NAME` | [`KmsAlias`] |
//!
//! The material is sealed for the key of its entry, so that a copy under another name does not
//! open. All keys are symmetric, 256 bits.
//!
//! # What holds
//!
//!  1. A ciphertext names its key and is bound to its encryption context: opening it needs the
//!     same pairs, in any order.
//!  2. A disabled key neither encrypts nor decrypts. One that waits for its deletion likewise; when
//!     its time is over it is gone with its material and its aliases, by the clock, whether
//!     anybody looks or not ([`Kms::destroy_due`] sees to keys that nobody uses).
//!  3. Changes are made by compare-and-swap; two callers never undo each other's.
//!
//! Policies are kept here and judged elsewhere: this crate does not know who calls.

mod aliases;
mod blob;
mod context;
mod crypt;
mod error;
mod key;
mod keys;
mod reference;
#[cfg(test)]
mod tests;

pub use context::EncryptionContext;
pub use crypt::{DataKey, Decrypted, Encrypted, PLAIN_BYTES_MAX};
pub use error::KmsError;
pub use key::{KeyOwner, KeyState, KmsAlias, KmsKey, NewKey, Rotation};
pub use keys::default_policy;
pub use reference::{
    ALIAS_PREFIX, KeyReference, RESERVED_ALIAS_PREFIX, Target, alias_arn, is_alias, key_arn,
};

use std::fmt;
use std::sync::Arc;

use cairn_event::Timestamp;

use crate::meta::MetaStore;
use crate::seal::MasterKey;
use crate::{Clock, Entropy};

/// The keys of all accounts and regions. Clones share them.
#[derive(Clone)]
pub struct Kms {
    meta: Arc<dyn MetaStore>,
    master: MasterKey,
    clock: Clock,
    /// By which keys become old enough to be destroyed.
    age_clock: Clock,
    entropy: Entropy,
}

impl Kms {
    /// The keys in a store, their material sealed by the master key.
    pub fn new(
        meta: Arc<dyn MetaStore>,
        master: MasterKey,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        Self { meta, master, age_clock: Arc::clone(&clock), clock, entropy }
    }

    /// The same, which destroys keys by another clock than that which it writes down: what is
    /// destroyed is lost, so a jump of the wall clock should not reach it (`held_clock`).
    #[must_use]
    pub fn destroying_by(self, age_clock: Clock) -> Self {
        Self { age_clock, ..self }
    }

    /// Random bytes, as `GenerateRandom` gives them.
    pub fn random(&self, bytes: usize) -> crate::secret::Secret {
        let mut random = vec![0; bytes];
        (self.entropy)(&mut random);
        crate::secret::Secret::new(random)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether a key has waited long enough for its deletion.
    fn is_over(&self, key: &KmsKey) -> bool {
        key.is_over((self.age_clock)())
    }
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kms").finish_non_exhaustive()
    }
}
