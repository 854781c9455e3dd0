//! Digest documents: what vouches for log files, and how it is written, signed, read and checked.
//!
//! - [`Digest`] is the content of a digest file; [`Digest::render`] and [`Digest::parse`] are its
//!   bytes, [`signed_text`] is what its signature covers.
//! - [`Digest::faults`] is everything that a digest can contradict on its own,
//!   [`Digest::breaks`] everything in which it can fail to follow the digest before it.
//! - [`SigningKey`] is a key pair and the time for which it is valid, [`choose`] the rule by which one
//!   is taken.
//! - [`Chain`] is where a chain stands, as its worker keeps it.
//!
//! Signatures themselves are for whoever has a library for them.

mod chain;
mod check;
mod link;
mod parse;
mod signing_key;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Covered, Plan, PlanKind};
pub use check::{Field, Found, StructureFault};
pub use link::{Link, LinkFault};
pub use parse::{CONTENT_BYTES_MAX, DigestError, FILES_MAX};
pub use signing_key::{Choice, Rotation, SigningKey, VALIDITY_ALLOWANCE_MS, choose, fingerprint};

use serde::{Deserialize, Deserializer, Serialize};

/// The one algorithm of signatures: RSASSA-PKCS1-v1_5 over SHA-256.
pub const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The one algorithm of hashes.
pub const HASH_ALGORITHM: &str = "SHA-256";
/// The user metadata that holds the signature, in lower-case hex.
pub const SIGNATURE_METADATA: &str = "signature";
/// The user metadata that holds [`SIGNATURE_ALGORITHM`].
pub const ALGORITHM_METADATA: &str = "signature-algorithm";
/// The user metadata that holds when a backfill digest was made.
pub const BACKFILL_METADATA: &str = "backfill-generation-timestamp";

/// The content of a digest file, in the order in which AWS writes it (observed).
///
/// Read from bytes, every field must be there, though six may be null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The account whose log files it covers.
    pub aws_account_id: String,
    /// The first second of its window, by time of delivery.
    pub digest_start_time: String,
    /// The second after the last one.
    pub digest_end_time: String,
    /// Where it is itself.
    #[serde(rename = "digestS3Bucket")]
    pub digest_s3_bucket: String,
    /// Where it is itself.
    #[serde(rename = "digestS3Object")]
    pub digest_s3_object: String,
    /// The MD5 of the public key's DER, in lower-case hex.
    pub digest_public_key_fingerprint: String,
    /// `SHA256withRSA`.
    pub digest_signature_algorithm: String,
    /// The newest event of all files; null if there are none.
    #[serde(deserialize_with = "present")]
    pub newest_event_time: Option<String>,
    /// The oldest event of all files.
    #[serde(deserialize_with = "present")]
    pub oldest_event_time: Option<String>,
    /// Where the digest before it is; the five fields are null in a starting digest.
    #[serde(rename = "previousDigestS3Bucket", deserialize_with = "present")]
    pub previous_digest_s3_bucket: Option<String>,
    /// Where the digest before it is.
    #[serde(rename = "previousDigestS3Object", deserialize_with = "present")]
    pub previous_digest_s3_object: Option<String>,
    /// The SHA-256 of the previous digest before compression.
    #[serde(deserialize_with = "present")]
    pub previous_digest_hash_value: Option<String>,
    /// `SHA-256`.
    #[serde(deserialize_with = "present")]
    pub previous_digest_hash_algorithm: Option<String>,
    /// The signature of the previous digest, in lower-case hex.
    #[serde(deserialize_with = "present")]
    pub previous_digest_signature: Option<String>,
    /// The log files that were delivered in the window.
    pub log_files: Vec<DigestedFile>,
}

/// A log file that a digest vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestedFile {
    /// Its bucket.
    #[serde(rename = "s3Bucket")]
    pub s3_bucket: String,
    /// Its key.
    #[serde(rename = "s3Object")]
    pub s3_object: String,
    /// The SHA-256 of its content before compression, in lower-case hex.
    pub hash_value: String,
    /// `SHA-256`.
    pub hash_algorithm: String,
    /// The newest event inside.
    pub newest_event_time: String,
    /// The oldest event inside.
    pub oldest_event_time: String,
}

/// A field that may be null but not missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

impl Digest {
    /// The bytes of a digest file before compression: compact JSON, in AWS's order.
    pub fn render(&self) -> Vec<u8> {
        // Texts under fixed names: there is nothing that the writer could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What its signature covers, given the SHA-256 of its bytes in lower-case hex.
    pub fn signed_text(&self, content_sha256_hex: &str) -> String {
        signed_text(
            &self.digest_end_time,
            &self.digest_s3_bucket,
            &self.digest_s3_object,
            content_sha256_hex,
            self.previous_digest_signature.as_deref(),
        )
    }

    /// Whether it begins a chain: nothing is before it.
    pub fn is_starting(&self) -> bool {
        self.previous().iter().all(Option::is_none)
    }

    /// The five fields that name what is before it.
    fn previous(&self) -> [Option<&str>; 5] {
        [
            self.previous_digest_s3_bucket.as_deref(),
            self.previous_digest_s3_object.as_deref(),
            self.previous_digest_hash_value.as_deref(),
            self.previous_digest_hash_algorithm.as_deref(),
            self.previous_digest_signature.as_deref(),
        ]
    }
}

/// The text that a signature covers (documented): the end of the window, where the digest is, the
/// hash of its content before compression, and the signature of the digest before it or `null`.
pub fn signed_text(
    end_time: &str,
    bucket: &str,
    key: &str,
    content_sha256_hex: &str,
    previous_signature: Option<&str>,
) -> String {
    let previous = previous_signature.unwrap_or("null");
    format!("{end_time}\n{bucket}/{key}\n{content_sha256_hex}\n{previous}")
}
