//! Signing keys: a secret bound to one day, region and service.

use std::fmt;

use aws_lc_rs::hmac;

use super::claim::Scope;
use super::{TERMINATOR, encode};

/// The key that signs for one scope. Deriving it costs four HMACs; it may be kept for as long as
/// the secret is valid.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key of `secret` for `scope`.
    pub fn derive(secret: &str, scope: &Scope) -> Self {
        let mut seed = Vec::with_capacity(4 + secret.len());
        seed.extend_from_slice(b"AWS4");
        seed.extend_from_slice(secret.as_bytes());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, &seed);
        for part in [scope.date.as_str(), &scope.region, &scope.service, TERMINATOR] {
            let tag = hmac::sign(&key, part.as_bytes());
            key = hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref());
        }
        Self(key)
    }

    /// The signature of a text, as bytes.
    pub(super) fn sign(&self, text: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, text);
        let mut bytes = [0_u8; 32];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        bytes
    }

    /// The signature of a text, in hexadecimal.
    pub(super) fn sign_hex(&self, text: &[u8]) -> String {
        encode::hex_string(&self.sign(text))
    }

    /// True when `signature` is that of `text`; takes the same time whatever differs.
    pub(super) fn matches(&self, text: &[u8], signature: &[u8; 32]) -> bool {
        hmac::verify(&self.0, text, signature).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
