//! An RSA key pair that signs digests.

use std::fmt;
use std::fmt::Write as _;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

/// The length of a modulus that AWS's own validator and ours expect.
const MODULUS_BYTES: usize = 256;

/// A key pair of RSA-2048.
pub struct RsaPair {
    pair: RsaKeyPair,
    pkcs8: Vec<u8>,
}

/// Why there is no key pair or no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The bytes are no PKCS#8 of an RSA key.
    #[error("the key is no RSA key in PKCS#8")]
    Rejected(#[source] KeyRejected),
    /// It has another size.
    #[error("the modulus of the key has {bytes} bytes, not {MODULUS_BYTES}")]
    Size {
        /// The length of its modulus.
        bytes: usize,
    },
    /// The library refused.
    #[error("the cryptographic library refused")]
    Refused(#[from] Unspecified),
}

impl RsaPair {
    /// Takes the DER of a private key in PKCS#8.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SignerError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(SignerError::Rejected)?;
        match pair.public_modulus_len() {
            MODULUS_BYTES => Ok(Self { pair, pkcs8: der.to_vec() }),
            bytes => Err(SignerError::Size { bytes }),
        }
    }

    /// Takes a key pair as the library makes it.
    pub fn from_pair(pair: &RsaKeyPair) -> Result<Self, SignerError> {
        let der: Pkcs8V1Der<'static> = pair.as_der()?;
        Self::from_pkcs8(der.as_ref())
    }

    /// The private key: the DER of PKCS#8.
    pub(super) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key: the DER of PKCS#1, as `ListPublicKeys` gives it.
    pub fn public_der(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The signature of a text in lower-case hex: RSASSA-PKCS1-v1_5 over SHA-256, so always the
    /// same one.
    pub fn sign(&self, text: &str) -> Result<String, SignerError> {
        let mut signature = vec![0; MODULUS_BYTES];
        // The library asks for randomness; this scheme has no use for it.
        let random = SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)?;
        Ok(hex(&signature))
    }
}

impl fmt::Debug for RsaPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPair(..)")
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
