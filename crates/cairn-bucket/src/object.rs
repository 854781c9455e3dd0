//! What trails write, and for whom.

use bytes::Bytes;
use cairn_event::AccountId;

/// The trail on whose behalf something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its ARN.
    pub trail_arn: String,
    /// Its owner.
    pub account: AccountId,
}

/// An object of a trail: a log file or a digest, compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailObject {
    /// The trail.
    pub writer: Writer,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// One gzip member.
    pub body: Bytes,
    /// User metadata; names in lower case, without `x-amz-meta-`.
    pub metadata: Vec<(String, String)>,
    /// The key that encrypts it; none for the bucket's own.
    pub kms_key_arn: Option<String>,
}

impl TrailObject {
    /// The object without content that shows that a trail may write below a folder. Its headers
    /// are those of a log file (observed).
    pub(crate) fn marker(
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Self {
        Self {
            writer: writer.clone(),
            bucket: bucket.to_owned(),
            key: folder.to_owned(),
            body: Bytes::new(),
            metadata: Vec::new(),
            kms_key_arn: kms_key_arn.map(str::to_owned),
        }
    }
}
