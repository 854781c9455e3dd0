//! AWS Signature Version 4, both ways: read and verify what a caller signed, and sign what we send.
//!
//! Nothing here does I/O, reads a clock or looks up a key. The gateway reads the claim a request
//! makes ([`read`]), finds the secret of the access key it names, derives the signing key
//! ([`SigningKey::derive`], which it may cache: a key is good for one day, region and service) and
//! has the claim checked ([`verify`]). A body is checked as it streams, by [`BodyHash`] or
//! [`ChunkedDecoder`]; what these hand out is proven only once their `finish` has said so, so
//! nobody may commit it earlier.
//!
//! Each way to fail is a variant of [`SignatureError`]; [`SignatureError::answer`] says what AWS
//! answers to it in the caller's family of protocols.

mod answer;
mod body;
mod canonical;
mod chunked;
mod claim;
pub(crate) mod encode;
mod error;
pub(crate) mod instant;
mod key;
mod presigned;
mod sign;
mod verify;

pub use answer::{Answer, Family};
pub use body::{BodyHash, sha256};
pub use chunked::{ChunkPlan, ChunkedDecoder, Trailer};
pub(crate) use claim::read_token;
pub use claim::{Claim, PayloadClaim, Scope, read};
pub use error::{Mismatch, SignatureError};
pub use key::SigningKey;
pub use sign::{Signer, SigningCredential, ToSign};
pub use verify::{Expectation, Verified, check_token, verify};

/// The only algorithm that we speak.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The last element of every credential scope.
pub const TERMINATOR: &str = "aws4_request";

/// How far the time of a signature may be from ours, either way. Documented for S3; the other
/// services name the same 15 minutes in their error texts (observed).
pub const SKEW_MS: i64 = 15 * 60 * 1000;

/// The longest that a presigned URL may live: seven days (documented).
pub const EXPIRES_SECONDS_MAX: i64 = 7 * 24 * 60 * 60;

/// SHA-256 of no bytes.
pub const EMPTY_SHA256: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// True for the signing names whose paths are signed as sent, encoded once, never normalised, and
/// whose bodies must say their hash: S3 and its relatives (modelled: `disableDoubleEncoding` in the
/// endpoint rules).
pub fn is_s3(signing_name: &str) -> bool {
    matches!(signing_name, "s3" | "s3express" | "s3-object-lambda" | "s3-outposts")
}
