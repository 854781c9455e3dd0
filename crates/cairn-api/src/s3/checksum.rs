//! The checksums that S3 knows, over whatever passes through.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::{self, ChecksumType};

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] =
        [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The header that carries the value.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The name in headers and XML, such as `CRC64NVME`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The length of a value.
    const fn bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn of_header(header: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(header))
    }

    /// Whether this is how a value of the algorithm is written.
    pub(crate) fn is_value(self, text: &str) -> bool {
        STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == self.bytes())
    }

    /// What a multipart upload makes of its parts' values if the caller says nothing (documented).
    pub(crate) const fn default_type(self) -> &'static str {
        match self {
            Self::Crc64Nvme => ChecksumType::FULL_OBJECT,
            _ => ChecksumType::COMPOSITE,
        }
    }

    /// Whether values over a whole object can be had from an upload in parts (documented).
    pub(crate) const fn can_be_full_object(self) -> bool {
        matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A running checksum.
pub(crate) struct Running {
    algorithm: Algorithm,
    hasher: ChecksumHasher,
}

impl Running {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let mut hasher = ChecksumHasher::default();
        match algorithm {
            Algorithm::Crc32 => hasher.crc32 = Some(Crc32::new()),
            Algorithm::Crc32c => hasher.crc32c = Some(Crc32c::new()),
            Algorithm::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::new()),
            Algorithm::Sha1 => hasher.sha1 = Some(Sha1::new()),
            Algorithm::Sha256 => hasher.sha256 = Some(Sha256::new()),
        }
        Self { algorithm, hasher }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    pub(crate) fn finish(self) -> Sum {
        let all = self.hasher.finalize();
        let value = match self.algorithm {
            Algorithm::Crc32 => all.checksum_crc32,
            Algorithm::Crc32c => all.checksum_crc32c,
            Algorithm::Crc64Nvme => all.checksum_crc64nvme,
            Algorithm::Sha1 => all.checksum_sha1,
            Algorithm::Sha256 => all.checksum_sha256,
        };
        Sum { algorithm: self.algorithm, value: value.unwrap_or_default() }
    }
}

/// A checksum: base64, and for an object in parts with `-N` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) algorithm: Algorithm,
    pub(crate) value: String,
}

impl Sum {
    /// The checksum over the checksums of parts, as a composite one is made (documented).
    pub(crate) fn composite(algorithm: Algorithm, parts: &[Sum]) -> Self {
        let mut running = Running::new(algorithm);
        for part in parts {
            running.update(&STANDARD.decode(&part.value).unwrap_or_default());
        }
        let mut sum = running.finish();
        sum.value = format!("{}-{}", sum.value, parts.len());
        sum
    }

    /// The sum as a structure of S3's model, whose members other structures share.
    pub(crate) fn to_dto(&self) -> dto::Checksum {
        let mut all = dto::Checksum::default();
        let value = Some(self.value.clone());
        match self.algorithm {
            Algorithm::Crc32 => all.checksum_crc32 = value,
            Algorithm::Crc32c => all.checksum_crc32c = value,
            Algorithm::Crc64Nvme => all.checksum_crc64nvme = value,
            Algorithm::Sha1 => all.checksum_sha1 = value,
            Algorithm::Sha256 => all.checksum_sha256 = value,
        }
        all
    }
}
