//! A bucket as trails leave it, made and signed here, so that it can be spoiled in any way.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use cairn_event::digest::{Digest, DigestedFile, HASH_ALGORITHM, SIGNATURE_ALGORITHM, fingerprint};
use cairn_event::key::DigestKey;
use cairn_event::{AccountId, Region, Timestamp};

use crate::print::hex;
use crate::proof::bucket::memory::{Kept, MemoryBucket};
use crate::proof::bucket::{Bucket, Metadata};
use crate::proof::chain_name::{ChainName, Selection};
use crate::proof::engine::{Proof, Watcher, inventory};
use crate::proof::finding::{Finding, Verdict};
use crate::proof::ground::{Bystander, Surroundings};
use crate::proof::heads::Heads;
use crate::proof::inventory::Source;
use crate::proof::key_ring::KeyRing;
use crate::proof::summary::Summary;

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const HOME: &str = "us-east-1";
pub(super) const AWAY: &str = "eu-west-1";
pub(super) const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// When logging starts.
pub(super) const STARTED: &str = "2026-01-10T00:17:28Z";

/// Key pairs for digests. Nobody but these tests has seen them.
pub(super) static SIGNERS: LazyLock<[Signer; 2]> = LazyLock::new(|| [Signer::new(), Signer::new()]);

pub(super) struct Signer {
    pair: KeyPair,
    pub(super) der: Vec<u8>,
    pub(super) fingerprint: String,
}

impl Signer {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = pair.public_key().as_ref().to_vec();
        assert!(pair.public_key().as_der().is_ok());
        Self { fingerprint: fingerprint(&der), pair, der }
    }

    pub(super) fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
        hex(&signature)
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    hex(digest(&SHA256, content).as_ref())
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn gunzip(file: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut content).unwrap();
    content
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

/// So many milliseconds after logging started.
pub(super) fn after(ms: i64) -> Timestamp {
    Timestamp::from_ms(at(STARTED).as_ms() + ms)
}

/// A chain of digests in the making, or made.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) name: ChainName,
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    /// Keys, oldest first.
    pub(super) digests: Vec<String>,
    /// Log files by digest.
    pub(super) logs: Vec<Vec<String>>,
    last: Option<(Digest, String, String)>,
}

/// Buckets, and what is known outside of them.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) buckets: BTreeMap<String, MemoryBucket>,
    pub(super) chains: Vec<Chain>,
    pub(super) heads: Heads,
    pub(super) selection: Selection,
    pub(super) now: Timestamp,
    pub(super) is_live: bool,
    pub(super) statuses: Vec<(ChainName, Timestamp)>,
    pub(super) bystanders: Vec<Bystander>,
    pub(super) has_key: bool,
    pub(super) signer: usize,
    events: u64,
}

impl World {
    /// A trail of two regions: a starting digest and six more, in the fourth hour nothing.
    pub(super) fn new() -> Self {
        let mut world = Self::empty();
        for region in [HOME, AWAY] {
            let chain = world.begin("audit", region, None);
            world.digest(chain, after(-HOUR_MS), after(0), 0);
            for hour in 1..=6 {
                let logs = if hour == 4 { 0 } else { 2 + usize::from(hour % 2 == 1) };
                world.digest(chain, after((hour - 1) * HOUR_MS), after(hour * HOUR_MS), logs);
            }
        }
        world.now = after(6 * HOUR_MS + 20 * MINUTE_MS);
        world
    }

    pub(super) fn empty() -> Self {
        Self {
            buckets: BTreeMap::from([("logs".to_owned(), bucket("logs"))]),
            chains: Vec::new(),
            heads: Heads::default(),
            selection: Selection::default(),
            now: after(0),
            is_live: true,
            statuses: Vec::new(),
            bystanders: Vec::new(),
            has_key: true,
            signer: 0,
            events: 0,
        }
    }

    pub(super) fn begin(&mut self, trail: &str, region: &str, prefix: Option<&str>) -> usize {
        let name = ChainName {
            organization: None,
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            trail: trail.to_owned(),
            home_region: HOME.to_owned(),
            backfill: false,
        };
        let prefix = prefix.map(str::to_owned);
        self.chains.push(Chain {
            name,
            bucket: "logs".to_owned(),
            prefix,
            digests: Vec::new(),
            logs: Vec::new(),
            last: None,
        });
        self.chains.len() - 1
    }

    /// Forgets what was before: the next digest begins a run.
    pub(super) fn restart(&mut self, chain: usize) {
        self.chains[chain].last = None;
    }

    /// Writes the next digest of a chain and its log files.
    pub(super) fn digest(&mut self, chain: usize, start: Timestamp, end: Timestamp, logs: usize) {
        let mut files = Vec::new();
        for number in 0..logs {
            let delivered = start.as_ms() + (i64::try_from(number).unwrap() + 1) * 7 * MINUTE_MS;
            files.push(self.log(chain, Timestamp::from_ms(delivered)));
        }
        self.digest_of(chain, start, end, files);
    }

    /// Writes a log file that was delivered then.
    pub(super) fn log(&mut self, chain: usize, delivered: Timestamp) -> DigestedFile {
        let Chain { name, bucket, prefix, .. } = self.chains[chain].clone();
        let newest = Timestamp::from_ms(delivered.as_ms() - MINUTE_MS);
        let records: Vec<String> = (0..3)
            .map(|_| {
                self.events += 1;
                record(self.events, newest, &name.account, &name.region, "PutObject")
            })
            .collect();
        let content = format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes();
        let slot = Timestamp::from_ms((newest.as_ms() / 300_000 + 1) * 300_000);
        let stamp: String = slot.iso_seconds().replace(['-', ':'], "");
        let (date, stamp) = (&slot.iso_seconds()[..10].replace('-', "/"), &stamp[..13]);
        let start = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let ChainName { account, region, .. } = &name;
        let unique = format!("{:016}", self.events);
        let key = format!(
            "{start}AWSLogs/{account}/CloudTrail/{region}/{date}/\
             {account}_CloudTrail_{region}_{stamp}Z_{unique}.json.gz"
        );
        self.put(&bucket, &key, gzip(&content), Metadata::default(), delivered);
        DigestedFile {
            s3_bucket: bucket,
            s3_object: key,
            hash_value: sha256(&content),
            hash_algorithm: HASH_ALGORITHM.to_owned(),
            newest_event_time: newest.iso_seconds(),
            oldest_event_time: newest.iso_seconds(),
        }
    }

    pub(super) fn digest_of(
        &mut self,
        chain: usize,
        start: Timestamp,
        end: Timestamp,
        files: Vec<DigestedFile>,
    ) {
        let Chain { name, bucket, prefix, last, .. } = self.chains[chain].clone();
        let key = DigestKey {
            prefix,
            organization: None,
            account: AccountId::parse(&name.account).unwrap(),
            region: Region::parse(&name.region).unwrap(),
            trail: name.trail.clone(),
            home_region: Region::parse(&name.home_region).unwrap(),
            end,
            backfill: name.backfill,
        }
        .to_string();
        let previous = last.as_ref();
        let digest = Digest {
            aws_account_id: name.account,
            digest_start_time: start.iso_seconds(),
            digest_end_time: end.iso_seconds(),
            digest_s3_bucket: bucket,
            digest_s3_object: key.clone(),
            digest_public_key_fingerprint: SIGNERS[self.signer].fingerprint.clone(),
            digest_signature_algorithm: SIGNATURE_ALGORITHM.to_owned(),
            newest_event_time: files.iter().map(|file| file.newest_event_time.clone()).max(),
            oldest_event_time: files.iter().map(|file| file.oldest_event_time.clone()).min(),
            previous_digest_s3_bucket: previous.map(|(digest, ..)| digest.digest_s3_bucket.clone()),
            previous_digest_s3_object: previous.map(|(digest, ..)| digest.digest_s3_object.clone()),
            previous_digest_hash_value: previous.map(|(_, hash, _)| hash.clone()),
            previous_digest_hash_algorithm: previous.map(|_| HASH_ALGORITHM.to_owned()),
            previous_digest_signature: previous.map(|(.., signature)| signature.clone()),
            log_files: files,
        };
        let logs = digest.log_files.iter().map(|file| file.s3_object.clone()).collect();
        let (hash, signature) = self.write(&digest);
        let chain = &mut self.chains[chain];
        chain.digests.push(key);
        chain.logs.push(logs);
        chain.last = Some((digest, hash, signature));
    }

    /// Signs a digest and writes it to where it says that it is.
    pub(super) fn write(&mut self, digest: &Digest) -> (String, String) {
        let content = digest.render();
        let hash = sha256(&content);
        let signature = SIGNERS[self.signer].sign(&digest.signed_text(&hash));
        let end = at(&digest.digest_end_time);
        let is_backfill = digest.digest_s3_object.ends_with("_backfill.json.gz");
        let metadata = Metadata {
            signature: Some(signature.clone()),
            algorithm: Some(SIGNATURE_ALGORITHM.to_owned()),
            backfill: is_backfill.then(|| end.iso_seconds()),
        };
        let (bucket, key) = (&digest.digest_s3_bucket, &digest.digest_s3_object);
        self.put(bucket, key, gzip(&content), metadata, Timestamp::from_ms(end.as_ms() + 5_000));
        (hash, signature)
    }

    pub(super) fn put(
        &mut self,
        bucket: &str,
        key: &str,
        content: Vec<u8>,
        metadata: Metadata,
        modified: Timestamp,
    ) {
        let bucket = self.buckets.get_mut(bucket).unwrap();
        bucket.objects.insert(key.to_owned(), Kept { content, metadata, modified });
    }

    /// The objects of the first bucket.
    pub(super) fn objects(&mut self) -> &mut BTreeMap<String, Kept> {
        &mut self.buckets.get_mut("logs").unwrap().objects
    }

    pub(super) fn object(&mut self, key: &str) -> &mut Kept {
        self.objects().get_mut(key).unwrap()
    }

    pub(super) fn read(&mut self, key: &str) -> Digest {
        Digest::parse(&gunzip(&self.object(key).content)).unwrap()
    }

    /// Makes plain copies of the buckets, without metadata.
    pub(super) fn copy(&mut self) {
        self.buckets.values_mut().for_each(|bucket| bucket.is_copy = true);
        self.is_live = false;
    }

    pub(super) fn check(&self) -> Checked {
        let all: Vec<Arc<MemoryBucket>> = self.buckets.values().cloned().map(Arc::new).collect();
        let mut first = self.buckets["logs"].clone();
        first.siblings = all;
        let sources =
            [Source { bucket: Arc::new(first) as Arc<dyn Bucket>, prefix: String::new() }];
        let mut ring = KeyRing::new(&[]).unwrap();
        if self.has_key {
            let valid = (after(-24 * HOUR_MS), after(29 * 24 * HOUR_MS));
            ring.add(&SIGNERS[0].fingerprint, &SIGNERS[0].der, Some(valid), None);
        }
        self.check_with(&sources, &ring)
    }

    pub(super) fn check_with(&self, sources: &[Source], ring: &KeyRing) -> Checked {
        let found = inventory(sources, &self.selection).unwrap();
        let proof = Proof {
            sources,
            selection: &self.selection,
            ring,
            heads: &self.heads,
            now: self.now,
            is_live: self.is_live,
            statuses: &self.statuses,
            events: None,
            delivered: None,
            around: &Surroundings {
                bystanders: self.bystanders.clone(),
                ..Surroundings::default()
            },
            vouchers: None,
        };
        let mut findings = Findings(Vec::new());
        let summary = proof.run(found, &mut findings).unwrap();
        Checked { findings: findings.0, summary }
    }
}

fn bucket(name: &str) -> MemoryBucket {
    MemoryBucket {
        name: name.to_owned(),
        objects: BTreeMap::new(),
        siblings: Vec::new(),
        is_copy: false,
    }
}

pub(super) fn add_bucket(world: &mut World, name: &str) {
    world.buckets.insert(name.to_owned(), bucket(name));
}

pub(super) fn record(
    number: u64,
    at: Timestamp,
    account: &str,
    region: &str,
    name: &str,
) -> String {
    format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"accountId\":\"{account}\"}},\
         \"eventTime\":\"{}\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"{name}\",\
         \"awsRegion\":\"{region}\",\"eventID\":\"e-{number}\",\
         \"recipientAccountId\":\"{account}\"}}",
        at.iso_seconds()
    )
}

struct Findings(Vec<Finding>);

impl Watcher for Findings {
    fn found(&mut self, finding: &Finding) {
        self.0.push(finding.clone());
    }

    fn expect(&mut self, _: u64) {}

    fn done(&mut self, _: u64) {}
}

/// What came of a check.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) summary: Summary,
}

impl Checked {
    /// The lines of everything that is not valid.
    pub(super) fn lines(&self) -> Vec<String> {
        let bad = self.findings.iter().filter(|finding| finding.verdict != Verdict::Valid);
        bad.map(Finding::line).collect()
    }

    /// The lines of everything that is wrong.
    pub(super) fn invalid(&self) -> Vec<String> {
        let bad =
            self.findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Invalid(_)));
        bad.map(Finding::line).collect()
    }
}
