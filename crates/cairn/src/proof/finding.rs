//! What is said of an object. The words are those of `aws cloudtrail validate-logs` where it sees the
//! same thing.

use cairn_event::Timestamp;
use cairn_event::digest::{LinkFault, StructureFault};
use cairn_event::key::{DigestKey, LogKey};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use super::inflate::InflateError;
use super::key_ring::SignatureError;

/// What kind of object something is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A digest.
    Digest,
    /// A digest for files that came late.
    BackfillDigest,
    /// A log file that a digest names.
    Log,
    /// What lies where digests or log files are, and no digest names it.
    Other,
    /// A record of the event log, held against the bucket.
    Record,
}

impl Kind {
    /// As a line begins.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Digest => "Digest file",
            Self::BackfillDigest => "(backfill) Digest file",
            Self::Log => "Log file",
            Self::Other => "Other file",
            Self::Record => "Record",
        }
    }
}

/// Something that is said of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) verdict: Verdict,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is wrong.
    Valid,
    /// Something is.
    Invalid(Flaw),
    /// A log file that no digest covers yet.
    Pending,
    /// A digest that nothing says anything against, but whose signature is not here.
    Unanchored,
    /// It could not be looked at.
    Unchecked(String),
    /// A log file where a trail, by its ARN, delivers without digests.
    Undigested(String),
}

/// What is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    // As the AWS CLI says it.
    #[error("not found")]
    NotFound,
    #[error("invalid format")]
    Format,
    #[error("has been moved from its original location")]
    Moved,
    #[error("hash value doesn't match")]
    Hash,
    #[error(transparent)]
    Inflate(#[from] InflateError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    // What it does not see.
    #[error("not found: a digest should end at {0}")]
    Expected(Timestamp),
    #[error("not found: {0} was remembered as the newest digest")]
    Remembered(Timestamp),
    #[error("it is not the digest that was remembered")]
    NotRemembered,
    #[error("not found: the server delivered a newer digest at {0}")]
    Delivered(Timestamp),
    #[error("not found: there are digests of other regions, and none of the home region")]
    Homeless,
    #[error("not found: a digest should end at {end}: in {region} events were logged then")]
    Elsewhere { end: Timestamp, region: String },
    #[error("not found: the chain that ends at {0} has no final digest")]
    Unclosed(Timestamp),
    #[error("{0}")]
    Structure(StructureFault),
    #[error("{0}")]
    Link(LinkFault),
    #[error("its metadata says that its signature is {0:?}")]
    Algorithm(String),
    #[error("the digest after it names another one before itself")]
    Skipped,
    #[error("another digest names it too")]
    NamedTwice,
    #[error("record {number} {why}")]
    Stray { number: u64, why: String },
    #[error("it is longer than any object of a trail")]
    TooLarge,
    #[error("no digest vouches for it")]
    Unvouched,
    #[error("no digest vouches for it: it is a copy of a file that one vouches for")]
    Copied,
    #[error("no digest vouches for it: {0}")]
    Implausible(&'static str),
    #[error("it is in a trail's folder, but has no name that a trail gives")]
    Planted,
    // The event log and the bucket.
    #[error("event {event_id} is in it again; it was in {first}")]
    Repeated { event_id: String, first: String },
    #[error("event {0} is in no valid file: the one that should hold it was altered or is missing")]
    Undelivered(String),
    #[error("event {0} is in no file that a digest vouches for")]
    Unproven(String),
    #[error("events that are not in the event log: {0}")]
    Unrecorded(u64),
}

impl Verdict {
    /// The one word for machines.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid(_) => "INVALID",
            Self::Pending => "pending",
            Self::Unanchored => "unanchored",
            Self::Unchecked(_) => "unchecked",
            Self::Undigested(_) => "unvouched",
        }
    }

    /// What is to be added to it.
    pub(crate) fn why(&self) -> Option<String> {
        match self {
            Self::Valid => None,
            Self::Invalid(flaw) => Some(flaw.to_string()),
            Self::Pending => Some("no digest covers it yet".to_owned()),
            Self::Unanchored => Some("no signature here proves it".to_owned()),
            Self::Unchecked(why) => Some(why.clone()),
            Self::Undigested(trail) => {
                Some(format!("trail {trail} delivers here without log file validation"))
            }
        }
    }
}

impl Finding {
    /// The place, as people write it.
    pub(crate) fn address(&self) -> String {
        if self.key.is_empty() {
            self.bucket.clone()
        } else {
            format!("s3://{}/{}", self.bucket, self.key)
        }
    }

    /// The line for people.
    pub(crate) fn line(&self) -> String {
        let (heading, address, word) = (self.kind.heading(), self.address(), self.verdict.word());
        match self.verdict.why() {
            Some(why) => format!("{heading}\t{address}\t{word}: {why}"),
            None => format!("{heading}\t{address}\t{word}"),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Finding", 7)?;
        line.serialize_field("kind", &self.kind)?;
        line.serialize_field("bucket", &self.bucket)?;
        line.serialize_field("key", &self.key)?;
        line.serialize_field("outcome", self.verdict.word())?;
        line.serialize_field("why", &self.verdict.why())?;
        let digest = DigestKey::parse(&self.key);
        let region = digest.as_ref().map(|key| key.region.to_string());
        let region = region.or_else(|| Some(LogKey::parse(&self.key)?.region.as_str().to_owned()));
        // Only the keys of digests have the name of a trail.
        line.serialize_field("trail", &digest.map(|key| key.trail))?;
        line.serialize_field("region", &region)?;
        line.end()
    }
}
