//! What a digest can contradict on its own, before anything else is fetched.

use std::collections::HashSet;

use super::{Digest, DigestedFile, HASH_ALGORITHM, SIGNATURE_ALGORITHM};
use crate::key::{DigestKey, LogKey};
use crate::{AccountId, Region, Timestamp};

/// Hex digits of an MD5.
const FINGERPRINT_DIGITS: usize = 32;
/// Hex digits of a SHA-256.
const HASH_DIGITS: usize = 64;
/// Hex digits of a signature by RSA-2048, the shortest that is taken.
const SIGNATURE_DIGITS_MIN: usize = 512;
/// Hex digits of a signature by RSA-4096, the longest that is taken.
const SIGNATURE_DIGITS_MAX: usize = 1_024;

/// Where a digest was found, and which chain it is looked at for.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The bucket that it was fetched from.
    pub bucket: &'a str,
    /// The key that it was fetched under.
    pub key: &'a str,
    /// The account of the chain.
    pub account: &'a AccountId,
    /// The region of the chain.
    pub region: &'a Region,
    /// The trail.
    pub trail: &'a str,
    /// The home region of the trail.
    pub home_region: &'a Region,
}

/// A field, by its name in the document.
pub type Field = &'static str;

/// What is wrong with a digest as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructureFault {
    /// It says that it belongs elsewhere.
    #[error("it belongs at s3://{bucket}/{key}")]
    Moved {
        /// The bucket that it names.
        bucket: String,
        /// The key that it names.
        key: String,
    },
    /// Its key is not the one that its account, region, trail and end have.
    #[error("its key is not the key of what it says it is")]
    Key,
    /// It is of another account than its chain.
    #[error("it is of account {account}")]
    Account {
        /// The account that it names.
        account: String,
    },
    /// A time is not whole seconds in UTC, as AWS writes it.
    #[error("{field} is no time")]
    Time {
        /// Which.
        field: Field,
    },
    /// It ends before it begins, or when it begins.
    #[error("its window does not end after it begins")]
    Window,
    /// Another algorithm than the one there is.
    #[error("{field} is {text:?}")]
    Algorithm {
        /// Which.
        field: Field,
        /// What it says.
        text: String,
    },
    /// A value is not lower-case hex of its length.
    #[error("{field} is not the hex that it should be")]
    Hex {
        /// Which.
        field: Field,
    },
    /// Some of the fields of the digest before it are null, some are not.
    #[error("it names the digest before it in part")]
    PreviousInPart,
    /// It follows itself, a later one, or one of another chain.
    #[error("it follows a digest that is not before it")]
    PreviousNotBefore,
    /// It names a file twice.
    #[error("it names s3://{bucket}/{key} twice")]
    FileTwice {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// It names something that is no log file of its account and region.
    #[error("s3://{bucket}/{key} is no log file of its account and region")]
    FileForeign {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The times of its newest and oldest events are not those of its files.
    #[error("its newest and oldest event are not those of its files")]
    EventTimes,
}

impl Digest {
    /// Everything that is wrong with it as it stands, in the order in which fields are; empty if
    /// nothing is.
    pub fn faults(&self, found: &Found<'_>) -> Vec<StructureFault> {
        let mut faults = Vec::new();
        self.check_place(found, &mut faults);
        self.check_window(&mut faults);
        self.check_signing(&mut faults);
        self.check_previous(found, &mut faults);
        self.check_files(found, &mut faults);
        faults
    }

    fn check_place(&self, found: &Found<'_>, faults: &mut Vec<StructureFault>) {
        if self.aws_account_id != found.account.as_str() {
            faults.push(StructureFault::Account { account: self.aws_account_id.clone() });
        }
        if self.digest_s3_bucket != found.bucket || self.digest_s3_object != found.key {
            faults.push(StructureFault::Moved {
                bucket: self.digest_s3_bucket.clone(),
                key: self.digest_s3_object.clone(),
            });
        }
        let key = DigestKey::parse(found.key).filter(|key| {
            key.account == *found.account
                && key.region == *found.region
                && key.trail == found.trail
                && key.home_region == *found.home_region
                && key.end.iso_seconds() == self.digest_end_time
        });
        if key.is_none() {
            faults.push(StructureFault::Key);
        }
    }

    fn check_window(&self, faults: &mut Vec<StructureFault>) {
        let start = time("digestStartTime", &self.digest_start_time, faults);
        let end = time("digestEndTime", &self.digest_end_time, faults);
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            faults.push(StructureFault::Window);
        }
    }

    fn check_signing(&self, faults: &mut Vec<StructureFault>) {
        let print = &self.digest_public_key_fingerprint;
        hex("digestPublicKeyFingerprint", is_hex(print, FINGERPRINT_DIGITS), faults);
        let text = &self.digest_signature_algorithm;
        algorithm("digestSignatureAlgorithm", text, SIGNATURE_ALGORITHM, faults);
    }

    fn check_previous(&self, found: &Found<'_>, faults: &mut Vec<StructureFault>) {
        let [Some(bucket), Some(key), Some(hash), Some(name), Some(signature)] = self.previous()
        else {
            if !self.is_starting() {
                faults.push(StructureFault::PreviousInPart);
            }
            return;
        };
        hex("previousDigestHashValue", is_hex(hash, HASH_DIGITS), faults);
        algorithm("previousDigestHashAlgorithm", name, HASH_ALGORITHM, faults);
        let digits = signature.len();
        let fits = (SIGNATURE_DIGITS_MIN..=SIGNATURE_DIGITS_MAX).contains(&digits);
        let fits = fits && digits % 2 == 0 && is_hex(signature, digits);
        hex("previousDigestSignature", fits, faults);
        let before = DigestKey::parse(key).filter(|before| {
            before.account == *found.account
                && before.region == *found.region
                && before.trail == found.trail
                && before.home_region == *found.home_region
                && before.backfill == found.key.ends_with("_backfill.json.gz")
                && before.end.iso_seconds() < self.digest_end_time
        });
        if before.is_none() || (bucket == found.bucket && key == found.key) {
            faults.push(StructureFault::PreviousNotBefore);
        }
    }

    fn check_files(&self, found: &Found<'_>, faults: &mut Vec<StructureFault>) {
        let mut seen = HashSet::new();
        for file in &self.log_files {
            let DigestedFile { s3_bucket, s3_object, .. } = file;
            let (bucket, key) = (s3_bucket.clone(), s3_object.clone());
            if !seen.insert((s3_bucket, s3_object)) {
                faults.push(StructureFault::FileTwice { bucket, key });
                continue;
            }
            let own = LogKey::parse(s3_object)
                .is_some_and(|log| log.account == *found.account && log.region == *found.region);
            if !own {
                faults.push(StructureFault::FileForeign { bucket, key });
            }
            hex("hashValue", is_hex(&file.hash_value, HASH_DIGITS), faults);
            algorithm("hashAlgorithm", &file.hash_algorithm, HASH_ALGORITHM, faults);
            time("newestEventTime", &file.newest_event_time, faults);
            time("oldestEventTime", &file.oldest_event_time, faults);
        }
        let newest = self.log_files.iter().map(|file| file.newest_event_time.as_str()).max();
        let oldest = self.log_files.iter().map(|file| file.oldest_event_time.as_str()).min();
        let said = (self.newest_event_time.as_deref(), self.oldest_event_time.as_deref());
        if said != (newest, oldest) {
            faults.push(StructureFault::EventTimes);
        }
    }
}

/// A time in the one form that AWS writes, in which texts sort as times do.
fn time(field: Field, text: &str, faults: &mut Vec<StructureFault>) -> Option<Timestamp> {
    let time = Timestamp::parse_iso(text).filter(|time| time.iso_seconds() == text);
    if time.is_none() {
        faults.push(StructureFault::Time { field });
    }
    time
}

fn algorithm(field: Field, text: &str, wanted: &str, faults: &mut Vec<StructureFault>) {
    if text != wanted {
        faults.push(StructureFault::Algorithm { field, text: text.to_owned() });
    }
}

fn hex(field: Field, fits: bool, faults: &mut Vec<StructureFault>) {
    if !fits {
        faults.push(StructureFault::Hex { field });
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
