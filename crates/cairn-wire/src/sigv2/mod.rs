//! AWS Signature Version 2 of S3: read and verified, never made.
//!
//! S3 takes it in us-east-1 and in the other regions that were opened before 2014, and boto3 and the
//! AWS CLI still presign with it unless told otherwise. It comes in a header (`Authorization: AWS
//! KEY:SIGNATURE`) or in the query (`AWSAccessKeyId`, `Expires`, `Signature`), has no scope, and
//! covers no body: HMAC-SHA1 over the method, three headers, all that starts with `x-amz-`, and the
//! resource.
//!
//! evidence: documented ("Signing and authenticating REST requests" in the user guide of S3),
//! observed where a line says so (measurements of S3 in public repositories).
//!
//! It fails in the ways of [`SignatureError`], so that a caller is told of both versions alike.

mod canonical;
mod claim;
mod verify;

pub use canonical::moved_headers;
pub use claim::{Claim, Stamp, read};
pub use verify::{Expectation, verify};

use crate::sigv4::SignatureError;
