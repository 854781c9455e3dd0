//! Key pairs for digests: their document, their fingerprint, and when one takes over from another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How long before the first window that it signs a new key is valid, so that chains whose windows
/// end a little earlier share it.
pub const VALIDITY_ALLOWANCE_MS: i64 = 3_600_000;

/// A key pair for the digests of a region, under `digest/key/REGION/FINGERPRINT` in small state. The
/// public part is listed for ever; the private part goes when the key ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// [`fingerprint`] of the public part.
    pub fingerprint: String,
    /// The public part: PKCS#1 DER in base64, as `ListPublicKeys` gives it.
    pub public: String,
    /// From when on it is valid.
    pub starts: Timestamp,
    /// From when on it is not.
    pub ends: Timestamp,
    /// The private part: PKCS#8 DER, sealed by the master key, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("fingerprint", &self.fingerprint)
            .field("starts", &self.starts)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

/// How long keys are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long one is valid.
    pub validity_ms: i64,
    /// How long after its start another one takes over.
    pub successor_ms: i64,
}

/// The key to sign a window with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'k> {
    /// One that there is.
    Take(&'k SigningKey),
    /// A new one, valid from then on.
    Make {
        /// When its validity starts.
        starts: Timestamp,
        /// When it ends.
        ends: Timestamp,
    },
}

impl SigningKey {
    /// A new key.
    pub fn new(public_der: &[u8], (starts, ends): (Timestamp, Timestamp), sealed: &[u8]) -> Self {
        Self {
            fingerprint: fingerprint(public_der),
            public: STANDARD.encode(public_der),
            starts,
            ends,
            sealed: Some(STANDARD.encode(sealed)),
        }
    }

    /// The public part: PKCS#1 DER.
    pub fn public_der(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.public).ok()
    }

    /// The private part as it was sealed; none once the key has ended.
    pub fn sealed_private(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.sealed.as_deref()?).ok()
    }

    /// Whether any instant of a range, both ends included, is in its validity.
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.starts <= to && from < self.ends
    }

    /// Whether an instant is in its validity.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.overlaps(at, at)
    }
}

/// The name of a public key: the MD5 of its DER in lower-case hex (observed).
pub fn fingerprint(public_der: &[u8]) -> String {
    use std::fmt::Write as _;
    Md5::digest(public_der).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The key that signs a window which ends at `end`, when that is done at `now`.
///
/// It is the newest whose validity holds both instants. Those who check ask for the keys that were
/// valid while the window was, so a window that is signed late is signed by a key that was valid
/// then; if all those have ended, by a new one whose validity reaches back. Once the newest has
/// been valid for [`Rotation::successor_ms`], another takes over, and both are valid for a while.
pub fn choose(
    keys: &[SigningKey],
    end: Timestamp,
    now: Timestamp,
    rotation: Rotation,
) -> Choice<'_> {
    let usable = keys
        .iter()
        .filter(|key| key.sealed.is_some() && key.covers(end) && key.covers(now.max(end)));
    // The fingerprint decides between keys of one instant, so that the choice is always the same.
    let newest = usable.max_by_key(|key| (key.starts, &key.fingerprint));
    let due = |key: &&SigningKey| key.starts.as_ms().saturating_add(rotation.successor_ms);
    if let Some(key) = newest.filter(|key| end.as_ms() < due(key)) {
        return Choice::Take(key);
    }
    let allowance = VALIDITY_ALLOWANCE_MS.min(rotation.successor_ms / 2);
    let first = end.min(now).as_ms();
    let starts = first.saturating_sub(allowance);
    // A successor starts when its predecessor has had its time, not before.
    let starts = newest.as_ref().map_or(starts, |key| starts.max(due(key)).min(first));
    let ends = starts.saturating_add(rotation.validity_ms);
    // One that would have ended by now could sign nothing.
    let late = now.max(end).as_ms();
    let ends = if ends > late { ends } else { late.saturating_add(rotation.validity_ms) };
    Choice::Make { starts: Timestamp::from_ms(starts), ends: Timestamp::from_ms(ends) }
}
