//! What keys are for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::blob::Head;
use super::keys::{MATERIAL_BYTES, seal_context};
use super::{EncryptionContext, Kms, KmsError, KmsKey};
use crate::seal::SealError;
use crate::secret::Secret;

/// The most bytes that are encrypted at once (documented).
pub const PLAIN_BYTES_MAX: usize = 4_096;

/// What came of an encryption.
#[derive(Clone, Debug)]
pub struct Encrypted {
    /// The ciphertext.
    pub blob: Vec<u8>,
    /// The material that made it.
    pub material_id: String,
}

/// What came of a decryption.
#[derive(Clone, Debug)]
pub struct Decrypted {
    /// The plaintext.
    pub plain: Secret,
    /// The material that opened it.
    pub material_id: String,
}

/// A key for data, in plain and encrypted under a key of the service. There are no clones: who
/// encrypts with it takes it, so that no two objects share one.
#[derive(Debug)]
pub struct DataKey {
    /// The key in plain.
    pub plain: Secret,
    /// The same, encrypted.
    pub blob: Vec<u8>,
    /// What the encryption is bound to.
    pub context: EncryptionContext,
    /// The ARN of the key that it is encrypted under.
    pub key_arn: String,
    /// The material that encrypted it.
    pub material_id: String,
}

impl Kms {
    /// Encrypts under the newest material of a key that serves.
    pub async fn encrypt(
        &self,
        key: &KmsKey,
        plain: &[u8],
        context: &EncryptionContext,
    ) -> Result<Encrypted, KmsError> {
        key.serves()?;
        let key = self.turned(key).await?;
        let number = key.materials.len().saturating_sub(1);
        let head = Head {
            account: key.account.clone(),
            region: key.region.clone(),
            id: key.id.clone(),
            material: u16::try_from(number).map_err(|_| KmsError::Refused)?,
        };
        let blob = head.seal(&self.material(&key, number)?, plain, context)?;
        Ok(Encrypted { blob, material_id: key.material_id().to_owned() })
    }

    /// The key that a ciphertext names, whatever its state.
    pub async fn key_of(&self, blob: &[u8]) -> Result<KmsKey, KmsError> {
        let (head, _) = Head::read(blob)?;
        Ok(self.load(&head.account, &head.region, &head.id).await?.0)
    }

    /// Opens a ciphertext of a key that serves.
    pub fn decrypt(
        &self,
        key: &KmsKey,
        blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<Decrypted, KmsError> {
        key.serves()?;
        let (head, _) = Head::read(blob)?;
        if (&head.account, &head.region, &head.id) != (&key.account, &key.region, &key.id) {
            return Err(KmsError::KeyIncorrect);
        }
        let number = usize::from(head.material);
        let material = key.materials.get(number).ok_or(KmsError::CiphertextInvalid)?;
        let plain = Head::open(&self.material(key, number)?, blob, context)?;
        Ok(Decrypted { plain, material_id: material.id.clone() })
    }

    /// Makes a key for data.
    pub async fn generate_data_key(
        &self,
        key: &KmsKey,
        bytes: usize,
        context: EncryptionContext,
    ) -> Result<DataKey, KmsError> {
        let plain = self.random(bytes);
        let Encrypted { blob, material_id } = self.encrypt(key, plain.as_bytes(), &context).await?;
        Ok(DataKey { plain, blob, context, key_arn: key.arn(), material_id })
    }

    fn material(&self, key: &KmsKey, number: usize) -> Result<Secret, KmsError> {
        let damaged = |source| KmsError::damaged(key.arn(), source);
        let sealed = key.materials.get(number).map_or("", |material| &material.sealed);
        let sealed = STANDARD.decode(sealed).map_err(|_| damaged(SealError::Closed))?;
        let plain = self.master.open(&seal_context(key, number), &sealed).map_err(damaged)?;
        let secret = Secret::new(plain);
        if secret.as_bytes().len() != MATERIAL_BYTES {
            return Err(damaged(SealError::Closed));
        }
        Ok(secret)
    }
}
