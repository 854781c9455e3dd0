//! What is said of an object that a trail writes: the same wherever it goes (observed).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::Writer;

/// Its type.
pub(crate) const CONTENT_TYPE: &str = "application/json";
/// Its encoding.
pub(crate) const CONTENT_ENCODING: &str = "gzip";
/// The ACL that it is written with (documented).
pub(crate) const ACL: &str = "bucket-owner-full-control";

/// The value of `x-amz-checksum-crc64nvme`.
pub(crate) fn crc64nvme(body: &[u8]) -> String {
    STANDARD.encode(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, body).to_be_bytes())
}

/// The MD5 of a body.
pub(crate) fn md5(body: &[u8]) -> [u8; 16] {
    Md5::digest(body).into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What a trail binds the key of an object to; S3 adds the object's own ARN (documented).
pub(crate) fn encryption_context(writer: &Writer) -> Value {
    json!({ "aws:cloudtrail:arn": writer.trail_arn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_s3() {
        // The check value of the algorithm's definition.
        let sum = crc_fast::checksum(CrcAlgorithm::Crc64Nvme, b"123456789");
        assert_eq!(sum, 0xae8b_1486_0a79_9888);
        assert_eq!(crc64nvme(b"123456789"), "rosUhgp5mIg=");
        assert_eq!(crc64nvme(b""), "AAAAAAAAAAA=");
        assert_eq!(md5(b"")[..4], [0xd4, 0x1d, 0x8c, 0xd9]);
    }
}
