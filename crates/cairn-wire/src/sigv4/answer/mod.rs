//! What AWS answers to a signature it refuses: code, status and text, by family of protocols.
//!
//! AWS has two bodies of wording: S3's own, and the one that all other services share, whose codes
//! are spelled with or without `Exception`. Where no AWS text is known for a case, ours follows the
//! nearest one (assumed).

mod s3;
mod shared;

use super::SignatureError;

/// Groups of services that word these errors alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `Action=…` forms: STS, IAM, SQS, SNS, …
    Query,
    /// EC2.
    Ec2,
    /// `X-Amz-Target`, and Smithy's CBOR: `CloudTrail`, `DynamoDB`, KMS, …
    Json,
    /// REST with JSON: Lambda, API Gateway, …
    RestJson,
    /// REST with XML that is not S3: `CloudFront`, Route 53.
    RestXml,
    /// S3 and its relatives.
    S3,
}

/// An error as AWS would answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The error code.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The text for people.
    pub message: String,
    /// Further elements that S3 puts beside the code, in order.
    pub fields: Vec<(&'static str, String)>,
}

impl Answer {
    fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), fields: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

impl SignatureError {
    /// What AWS answers to this error in a family of protocols.
    pub fn answer(&self, family: Family) -> Answer {
        match family {
            Family::S3 => s3::answer(self),
            _ => shared::answer(self, family),
        }
    }
}
