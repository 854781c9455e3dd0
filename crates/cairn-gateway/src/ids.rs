//! The ids that answers and records carry.

use cairn_wire::model::Service;
use uuid::Uuid;

use crate::gateway::Gateway;

/// Characters of S3's request ids (observed: 16 of them).
const S3_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const S3_ID_CHARS: usize = 16;

/// The ids of one call.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) request: String,
    /// `x-amz-id-2`; also what STS calls the extended request id.
    pub(crate) extended: String,
}

impl Gateway {
    /// A random UUID, version 4.
    pub(crate) fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        (self.entropy)(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Ids in the form of the service.
    pub(crate) fn ids(&self, service: Option<&Service>) -> Ids {
        let is_s3 = service.is_none_or(|service| service.id() == "s3");
        let request = if is_s3 {
            let mut bytes = [0; S3_ID_CHARS];
            (self.entropy)(&mut bytes);
            let letter = |byte: &u8| char::from(S3_ALPHABET[usize::from(byte & 31)]);
            bytes.iter().map(letter).collect()
        } else {
            self.uuid().hyphenated().to_string()
        };
        let extended = cairn_wire::codec::extended_request_id(&request);
        Ids { request, extended }
    }
}
