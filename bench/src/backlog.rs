//! How fast a backlog is delivered to one trail, with a log, small state and buckets on this disk,
//! beside the bare speed of libdeflater on the same bytes.
//!
//! A file holds a record a line, gzipped or plain, as `bench/events.py` makes them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::{anyhow, ensure};
use bytes::Bytes;
use cairn_bucket::state::{self, BucketState};
use cairn_bucket::{Buckets, EmbeddedBuckets};
use cairn_consumers::delivery::{self, DeliveryOptions, DeliveryWorker, LEVEL, LEVEL_BEHIND};
use cairn_consumers::{Progress, Worker};
use cairn_event::selector::{AdvancedEventSelector, FieldSelector, Selectors};
use cairn_event::trail::{Trail, TrailName, place};
use cairn_event::{RecordHead, Timestamp};
use cairn_store::{
    Clock, EventLog, Key, Kms, LocalObjects, LogOptions, MasterKey, MetaStore, SegmentLog,
    SqliteMeta,
};
use flate2::read::MultiGzDecoder;
use libdeflater::{CompressionLvl, Compressor};

const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "trail-bucket";
/// How many records are appended together.
const APPEND_RECORDS: usize = 1_000;
/// How much libdeflater gets at a time, and in all.
const PIECE_BYTES: usize = 16_000_000;
const BARE_BYTES: usize = 96_000_000;
const INTERVAL_MS: i64 = 60_000;

/// What to deliver.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// So many trails, of which all but one take nothing.
    #[arg(long, default_value_t = 1)]
    trails: usize,
    /// Files of records.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Everything that delivery works with, in a directory.
struct Rig {
    log: Arc<dyn EventLog>,
    meta: Arc<dyn MetaStore>,
    buckets: Arc<dyn Buckets>,
    clock: Clock,
    now: Arc<AtomicI64>,
}

impl Rig {
    fn open(directory: &Path) -> anyhow::Result<Self> {
        let now = Arc::new(AtomicI64::new(1_795_626_000_000));
        let reads = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_ms(reads.load(Ordering::Relaxed)));
        let options = LogOptions::new(Arc::clone(&clock));
        let log = Arc::new(SegmentLog::open(&directory.join("log"), &options)?);
        let meta: Arc<dyn MetaStore> = Arc::new(SqliteMeta::open(&directory.join("meta.sqlite"))?);
        let objects = LocalObjects::open(&directory.join("objects"), Arc::clone(&clock))?;
        let entropy: cairn_store::Entropy = Arc::new(|bytes| bytes.fill(7));
        let master = MasterKey::new([7; 32]);
        let kms = Arc::new(Kms::new(Arc::clone(&meta), master, Arc::clone(&clock), entropy));
        let buckets = EmbeddedBuckets::new(
            Arc::clone(&meta),
            Arc::new(objects),
            kms,
            Arc::clone(&clock),
            Arc::default(),
        );
        Ok(Self { log, meta, buckets: Arc::new(buckets), clock, now })
    }

    async fn put(&self, key: &str, value: Vec<u8>) -> anyhow::Result<()> {
        self.meta.swap(&Key::parse(key)?, None, value.into()).await?;
        Ok(())
    }

    async fn make_bucket(&self) -> anyhow::Result<()> {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
            "Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"s3:PutObject",
            "Resource":"arn:aws:s3:::{BUCKET}/*"}}]}}"#
        );
        let made = BucketState::new(ACCOUNT.parse()?, "us-east-1".to_owned(), (self.clock)());
        let bucket = BucketState { policy: Some(policy), ..made };
        self.put(state::key(BUCKET)?.as_str(), bucket.to_bytes()?.to_vec()).await
    }

    async fn start(&self, trail: Trail) -> anyhow::Result<()> {
        let key = place::trail(&trail.account, &trail.home_region, &trail.name);
        self.put(&key, serde_json::to_vec(&trail)?).await
    }

    fn worker(&self) -> DeliveryWorker {
        let (log, meta) = (Arc::clone(&self.log), Arc::clone(&self.meta));
        let (buckets, clock) = (Arc::clone(&self.buckets), Arc::clone(&self.clock));
        let clocks = (Arc::clone(&clock), clock);
        delivery::worker(DeliveryOptions::default(), log, meta, buckets, clocks).0
    }

    /// Steps until there is nothing more to do.
    async fn work(&self, worker: &mut DeliveryWorker) -> anyhow::Result<()> {
        while worker.step((self.clock)()).await? == Progress::More {}
        Ok(())
    }

    async fn append(&self, files: &[PathBuf]) -> anyhow::Result<(u64, Vec<u8>)> {
        let (mut batch, mut sample, mut bytes) = (Vec::new(), Vec::new(), 0);
        for file in files {
            let is_gzip = file.extension().is_some_and(|extension| extension == "gz");
            let plain = File::open(file)?;
            let reader: Box<dyn Read> =
                if is_gzip { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
            for line in BufReader::new(reader).lines() {
                let record = of_one_account(line?);
                bytes += record.len() as u64;
                if sample.len() < BARE_BYTES {
                    sample.extend_from_slice(&record);
                    sample.push(b',');
                }
                batch.push(record);
                if batch.len() == APPEND_RECORDS {
                    self.log.append(std::mem::take(&mut batch)).await?;
                }
            }
        }
        self.log.append(batch).await?;
        Ok((bytes, sample))
    }
}

/// The record, as one of the account of the trail.
fn of_one_account(line: String) -> Bytes {
    let own = RecordHead::parse(line.as_bytes())
        .ok()
        .and_then(|head| head.account().map(|account| line.replace(account, ACCOUNT)));
    own.unwrap_or(line).into()
}

/// A trail that takes one category of records, or none.
fn trail(name: &str, categories: &[&str]) -> anyhow::Result<Trail> {
    let condition = |field: &str, value: &str| FieldSelector {
        field: field.to_owned(),
        equals: Some(vec![value.to_owned()]),
        ..FieldSelector::default()
    };
    let mut selectors: Vec<AdvancedEventSelector> = Vec::new();
    for category in categories {
        let field_selectors = vec![condition("eventCategory", category)];
        selectors.push(AdvancedEventSelector { name: None, field_selectors });
    }
    if categories.is_empty() {
        let source = condition("eventSource", &format!("{name}.amazonaws.com"));
        let field_selectors = vec![condition("eventCategory", "Management"), source];
        selectors.push(AdvancedEventSelector { name: None, field_selectors });
    }
    let mut trail = Trail {
        id: format!("{name}-id"),
        name: TrailName::parse(name)?,
        account: ACCOUNT.parse()?,
        home_region: "us-east-1".parse()?,
        created: Timestamp::from_ms(0),
        bucket: BUCKET.to_owned(),
        prefix: None,
        sns_topic: None,
        includes_global_service_events: true,
        is_multi_region: true,
        validates_log_files: true,
        is_organization: false,
        recursive_logging: true,
        kms_key_arn: None,
        log_group_arn: None,
        log_role_arn: None,
        selectors: Selectors::Advanced(selectors),
        has_custom_selectors: true,
        aggregation_templates: Vec::new(),
        tags: Vec::new(),
        spans: Vec::new(),
        digests: None,
        digest_epochs: 0,
        changed: 0,
        selected_since: 0,
        deleted: None,
    };
    trail.start_logging(0, Timestamp::from_ms(0));
    Ok(trail)
}

/// Megabytes that libdeflater compresses in a second, on one core.
fn bare_speed(sample: &[u8], level: u8) -> anyhow::Result<f64> {
    let level = CompressionLvl::new(i32::from(level)).map_err(|_| anyhow!("no such level"))?;
    let mut compressor = Compressor::new(level);
    let mut space = vec![0; compressor.gzip_compress_bound(PIECE_BYTES)];
    let begun = Instant::now();
    for piece in sample.chunks(PIECE_BYTES) {
        compressor.gzip_compress(piece, &mut space).map_err(|error| anyhow!("{error:?}"))?;
    }
    Ok(sample.len() as f64 / 1e6 / begun.elapsed().as_secs_f64())
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let rig = Rig::open(directory.path())?;
    rig.make_bucket().await?;
    rig.start(trail("backlog", &["Management", "Data"])?).await?;
    for number in 1..arguments.trails {
        rig.start(trail(&format!("quiet-{number}"), &[])?).await?;
    }
    let mut worker = rig.worker();
    rig.work(&mut worker).await?;
    let (raw_bytes, sample) = rig.append(&arguments.files).await?;
    rig.now.fetch_add(INTERVAL_MS, Ordering::Relaxed);
    let begun = Instant::now();
    rig.work(&mut worker).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let status = worker.status();
    ensure!(
        status.waiting == 0 && status.failures == 0 && status.trails_behind == 0,
        "it was not delivered: {status:?}"
    );
    let rate = status.records as f64 / seconds;
    let (bare, bare_behind) = (bare_speed(&sample, LEVEL)?, bare_speed(&sample, LEVEL_BEHIND)?);
    let raw_rate = raw_bytes as f64 / 1e6 / seconds;
    let measured = serde_json::json!({
        "records": status.records, "seconds": seconds, "rate": rate, "files": status.files,
        "trails": arguments.trails, "raw_bytes": raw_bytes, "delivered_bytes": status.bytes,
        "raw_mb_per_second": raw_rate, "level": LEVEL, "level_behind": LEVEL_BEHIND,
        "libdeflater_mb_per_second": bare, "libdeflater_behind_mb_per_second": bare_behind,
    });
    println!("{measured}");
    Ok(())
}

/// Delivers, and prints what came of it as JSON.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(arguments))
}
