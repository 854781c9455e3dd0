//! Whether a digest is good in itself: where it is, what it says and who signed it.

use cairn_event::Timestamp;
use cairn_event::digest::{Found, SIGNATURE_ALGORITHM, StructureFault};

use super::super::bucket::Metadata;
use super::super::finding::{Flaw, Verdict};
use super::super::inventory::Place;
use super::super::key_ring::{SignatureError, Signed};
use super::super::pool::ReadDigest;
use super::{Newer, Scene, Walk};

impl Walk {
    /// The signature of a digest: its own metadata, or what others have kept of it.
    pub(super) fn signature(
        &self,
        place: &Place,
        metadata: &Metadata,
        scene: &Scene<'_>,
    ) -> Option<String> {
        if metadata.signature.is_some() {
            return metadata.signature.clone();
        }
        if let (Some(true), Newer::Good(taken)) = (self.names(place, scene), &self.newer) {
            return taken.digest.previous_digest_signature.clone();
        }
        let bucket = scene.buckets.name(place.bucket);
        scene.heads.at(&self.name, bucket, &place.key).map(|link| link.signature.clone())
    }

    /// Whether a digest is good in itself.
    pub(super) fn judge(
        &self,
        place: &Place,
        read: &ReadDigest,
        scene: &Scene<'_>,
    ) -> Result<Verdict, Verdict> {
        let invalid = |flaw: Flaw| Err(Verdict::Invalid(flaw));
        let (digest, metadata) = (&read.digest, &read.metadata);
        let bucket = scene.buckets.name(place.bucket);
        let mut faults = digest.faults(&Found {
            bucket,
            key: &place.key,
            account: &self.account,
            region: &self.region,
            trail: &self.name.trail,
            home_region: &self.home_region,
        });
        if faults.iter().any(|fault| matches!(fault, StructureFault::Moved { .. })) {
            return invalid(Flaw::Moved);
        }
        let keeps_metadata =
            scene.buckets.bucket(place.bucket).is_some_and(|bucket| bucket.keeps_metadata());
        if keeps_metadata && (metadata.signature.is_none() || metadata.algorithm.is_none()) {
            return invalid(Flaw::Signature(SignatureError::Wrong));
        }
        if keeps_metadata && self.name.backfill && metadata.backfill.is_none() {
            return invalid(Flaw::Format);
        }
        let other = metadata.algorithm.as_ref().filter(|name| *name != SIGNATURE_ALGORITHM);
        if let Some(other) = other {
            return invalid(Flaw::Algorithm(other.clone()));
        }
        let Some(signature) = self.signature(place, metadata, scene) else {
            return match faults.pop() {
                Some(fault) => invalid(Flaw::Structure(fault)),
                None => Ok(Verdict::Unanchored),
            };
        };
        let made = metadata.backfill.as_deref().and_then(Timestamp::parse_iso);
        let start = Timestamp::parse_iso(&digest.digest_start_time).unwrap_or(place.end);
        let signed = Signed {
            region: self.region.as_str(),
            fingerprint: &digest.digest_public_key_fingerprint,
            text: &digest.signed_text(&read.sha256),
            signature: &signature,
            window: made.filter(|_| self.name.backfill).map_or((start, place.end), |at| (at, at)),
        };
        if let Err(error) = scene.ring.verify(&signed) {
            return invalid(error.into());
        }
        if let Some(fault) = faults.into_iter().next() {
            return invalid(Flaw::Structure(fault));
        }
        match scene.heads.at(&self.name, bucket, &place.key) {
            Some(link) if link.sha256 != read.sha256 || link.signature != signature => {
                invalid(Flaw::NotRemembered)
            }
            _ => Ok(Verdict::Valid),
        }
    }
}
