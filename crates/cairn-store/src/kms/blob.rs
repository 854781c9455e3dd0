//! Ciphertexts, as callers keep them.
//!
//! ```text
//! blob = 01 · n (1 byte) · region (n bytes) · account (12 digits) · key (16 bytes)
//!           · material (2 bytes) · nonce (12 bytes)
//!           · AES-256-GCM(material, nonce, plain, "cairn/kms/1" · 00 · head · context)
//! ```
//!
//! *head* is everything before the nonce: which key and which of its materials. *context* is the
//! canonical text of the encryption context. The tag of 16 bytes is at the end.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use cairn_event::{AccountId, Region};
use uuid::Uuid;

use super::{EncryptionContext, KmsError};
use crate::secret::Secret;

const VERSION: u8 = 1;
const PURPOSE: &[u8] = b"cairn/kms/1\0";
const ACCOUNT_BYTES: usize = 12;
const ID_BYTES: usize = 16;

/// Which key, and which of its materials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) id: String,
    pub(super) material: u16,
}

impl Head {
    /// Reads the head of a ciphertext; the rest follows it.
    pub(super) fn read(blob: &[u8]) -> Result<(Self, &[u8]), KmsError> {
        Self::split(blob).ok_or(KmsError::CiphertextInvalid)
    }

    fn split(blob: &[u8]) -> Option<(Self, &[u8])> {
        let (version, rest) = blob.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (region, rest) = rest.split_at_checked(usize::from(*length))?;
        let (account, rest) = rest.split_first_chunk::<ACCOUNT_BYTES>()?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (material, rest) = rest.split_first_chunk::<2>()?;
        let head = Self {
            account: AccountId::parse(std::str::from_utf8(account).ok()?).ok()?,
            region: Region::parse(std::str::from_utf8(region).ok()?).ok()?,
            id: Uuid::from_bytes(*id).hyphenated().to_string(),
            material: u16::from_be_bytes(*material),
        };
        (*version == VERSION).then_some((head, rest))
    }

    fn write(&self) -> Result<Vec<u8>, KmsError> {
        let region = self.region.as_str().as_bytes();
        let length = u8::try_from(region.len()).map_err(|_| KmsError::Refused)?;
        let id = Uuid::try_parse(&self.id).map_err(|_| KmsError::Refused)?;
        let mut head = vec![VERSION, length];
        head.extend_from_slice(region);
        head.extend_from_slice(self.account.as_str().as_bytes());
        head.extend_from_slice(id.as_bytes());
        head.extend_from_slice(&self.material.to_be_bytes());
        Ok(head)
    }

    fn aad(head: &[u8], context: &EncryptionContext) -> Vec<u8> {
        [PURPOSE, head, &context.canonical()].concat()
    }

    /// A ciphertext with this head.
    pub(super) fn seal(
        &self,
        material: &Secret,
        plain: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, KmsError> {
        let mut blob = self.write()?;
        let mut closed = plain.to_vec();
        let nonce = key_of(material)?
            .seal_in_place_append_tag(Aad::from(Self::aad(&blob, context)), &mut closed)
            .map_err(|_| KmsError::Refused)?;
        blob.extend_from_slice(nonce.as_ref());
        blob.extend_from_slice(&closed);
        Ok(blob)
    }

    /// Opens a ciphertext.
    pub(super) fn open(
        material: &Secret,
        blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<Secret, KmsError> {
        let (_, rest) = Self::read(blob)?;
        let head = blob.get(..blob.len() - rest.len()).unwrap_or_default();
        let split = rest.split_first_chunk::<NONCE_LEN>();
        let (nonce, closed) = split.ok_or(KmsError::CiphertextInvalid)?;
        let mut plain = closed.to_vec();
        let opened = key_of(material)?
            .open_in_place(Nonce::from(nonce), Aad::from(Self::aad(head, context)), &mut plain)
            .map_err(|_| KmsError::CiphertextInvalid)?
            .len();
        plain.truncate(opened);
        Ok(Secret::new(plain))
    }
}

fn key_of(material: &Secret) -> Result<RandomizedNonceKey, KmsError> {
    RandomizedNonceKey::new(&AES_256_GCM, material.as_bytes()).map_err(|_| KmsError::Refused)
}
