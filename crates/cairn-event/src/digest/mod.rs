//! Digest documents: what vouches for log files, and how it is written, signed and read.

use serde::{Deserialize, Serialize};

/// The content of a digest file, in the order in which AWS writes it (observed).
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
    pub newest_event_time: Option<String>,
    /// The oldest event of all files.
    pub oldest_event_time: Option<String>,
    /// Where the digest before it is; the five fields are null in a starting digest.
    #[serde(rename = "previousDigestS3Bucket")]
    pub previous_digest_s3_bucket: Option<String>,
    /// Where the digest before it is.
    #[serde(rename = "previousDigestS3Object")]
    pub previous_digest_s3_object: Option<String>,
    /// The SHA-256 of the previous digest before compression.
    pub previous_digest_hash_value: Option<String>,
    /// `SHA-256`.
    pub previous_digest_hash_algorithm: Option<String>,
    /// The signature of the previous digest, in lower-case hex.
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
