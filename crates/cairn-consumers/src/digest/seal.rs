//! From a decision to the object that goes to the bucket.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use cairn_bucket::TrailObject;
use cairn_event::digest::{
    ALGORITHM_METADATA, BACKFILL_METADATA, Chain, Digest, DigestedFile, HASH_ALGORITHM, Link, Plan,
    PlanKind, SIGNATURE_ALGORITHM, SIGNATURE_METADATA,
};
use cairn_event::key::DigestKey;
use cairn_event::trail::LogFile;
use cairn_event::{Region, Timestamp};
use libdeflater::{CompressionLvl, Compressor};

use super::entries::Entries;
use super::known::Known;
use super::ring::other;
use super::signer::{RsaPair, hex};
use crate::worker::StepError;

/// How hard digests are compressed.
const LEVEL: i32 = 6;

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub kind: PlanKind,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// The key of a digest of a trail.
pub(super) fn key(known: &Known, region: &Region, kind: PlanKind, end: Timestamp) -> String {
    let key = DigestKey {
        prefix: known.prefix.clone(),
        organization: None,
        account: known.account.clone(),
        region: region.clone(),
        trail: known.name.as_str().to_owned(),
        home_region: known.home_region.clone(),
        end,
        backfill: kind == PlanKind::Backfill,
    };
    key.to_string()
}

/// The bytes of a planned digest before compression. What is not in the plan is in the chain.
pub(super) fn content(known: &Known, chain: &Chain, plan: &Plan, entries: &Entries) -> Vec<u8> {
    let previous = match plan.kind {
        PlanKind::Starting => None,
        PlanKind::Regular | PlanKind::Final => chain.last.as_ref(),
        PlanKind::Backfill => chain.backfill.as_ref(),
    };
    let files: Vec<&LogFile> = entries.open.iter().flat_map(|entry| &entry.files).collect();
    let of = |part: fn(&Link) -> &String| previous.map(|link| part(link).clone());
    let document = Digest {
        aws_account_id: known.account.as_str().to_owned(),
        digest_start_time: plan.start.iso_seconds(),
        digest_end_time: plan.end.iso_seconds(),
        digest_s3_bucket: plan.bucket.clone(),
        digest_s3_object: plan.key.clone(),
        digest_public_key_fingerprint: plan.fingerprint.clone(),
        digest_signature_algorithm: SIGNATURE_ALGORITHM.to_owned(),
        newest_event_time: files.iter().map(|file| file.newest).max().map(Timestamp::iso_seconds),
        oldest_event_time: files.iter().map(|file| file.oldest).min().map(Timestamp::iso_seconds),
        previous_digest_s3_bucket: of(|link| &link.bucket),
        previous_digest_s3_object: of(|link| &link.key),
        previous_digest_hash_value: of(|link| &link.sha256),
        previous_digest_hash_algorithm: previous.map(|_| HASH_ALGORITHM.to_owned()),
        previous_digest_signature: of(|link| &link.signature),
        log_files: files.into_iter().map(digested).collect(),
    };
    document.render()
}

fn digested(file: &LogFile) -> DigestedFile {
    DigestedFile {
        s3_bucket: file.bucket.clone(),
        s3_object: file.key.clone(),
        hash_value: file.sha256.clone(),
        hash_algorithm: HASH_ALGORITHM.to_owned(),
        newest_event_time: file.newest.iso_seconds(),
        oldest_event_time: file.oldest.iso_seconds(),
    }
}

/// The SHA-256 of a digest's bytes, in lower-case hex.
pub(super) fn sha256(content: &[u8]) -> String {
    hex(digest(&SHA256, content).as_ref())
}

/// Signs a plan: fills in its hash and its signature, and returns its bytes.
pub(super) async fn sign(
    (known, chain, entries): (&Known, &Chain, &Entries),
    plan: &mut Plan,
    pair: Arc<RsaPair>,
) -> Result<Vec<u8>, StepError> {
    let content = content(known, chain, plan, entries);
    let previous = match plan.kind {
        PlanKind::Starting => None,
        PlanKind::Regular | PlanKind::Final => chain.last.as_ref(),
        PlanKind::Backfill => chain.backfill.as_ref(),
    };
    plan.sha256 = sha256(&content);
    let signed = cairn_event::digest::signed_text(
        &plan.end.iso_seconds(),
        &plan.bucket,
        &plan.key,
        &plan.sha256,
        previous.map(|link| &*link.signature),
    );
    let signing = tokio::task::spawn_blocking(move || pair.sign(&signed));
    plan.signature =
        signing.await.map_err(StepError::Lost)?.map_err(|error| other("sign a digest", error))?;
    Ok(content)
}

/// The object of a plan.
pub(super) async fn object(
    known: &Known,
    plan: &Plan,
    content: Vec<u8>,
) -> Result<TrailObject, StepError> {
    let body = tokio::task::spawn_blocking(move || gzip(&content)).await;
    let body = body.map_err(StepError::Lost)?.map_err(|error| other("compress a digest", error))?;
    let mut metadata = vec![
        (SIGNATURE_METADATA.to_owned(), plan.signature.clone()),
        (ALGORITHM_METADATA.to_owned(), SIGNATURE_ALGORITHM.to_owned()),
    ];
    if plan.kind == PlanKind::Backfill {
        metadata.push((BACKFILL_METADATA.to_owned(), iso_milliseconds(plan.made)));
    }
    Ok(TrailObject {
        writer: known.writer(),
        bucket: plan.bucket.clone(),
        key: plan.key.clone(),
        body,
        metadata,
        kms_key_arn: known.kms_key_arn.clone(),
    })
}

/// One gzip member without a name or a time, so always the same bytes.
fn gzip(content: &[u8]) -> Result<Bytes, libdeflater::CompressionError> {
    let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
    let mut body = vec![0; compressor.gzip_compress_bound(content.len())];
    let bytes = compressor.gzip_compress(content, &mut body)?;
    body.truncate(bytes);
    Ok(body.into())
}

/// `2025-05-20T00:00:00.000Z`.
fn iso_milliseconds(at: Timestamp) -> String {
    let seconds = at.iso_seconds();
    let ms = at.civil().millisecond;
    format!("{}.{ms:03}Z", seconds.trim_end_matches('Z'))
}

/// What the next digest says of a written one.
pub(super) fn link(plan: &Plan) -> Link {
    Link {
        bucket: plan.bucket.clone(),
        key: plan.key.clone(),
        sha256: plan.sha256.clone(),
        signature: plan.signature.clone(),
        end: plan.end,
    }
}
