//! How fast the log is on this machine: `cargo run -p cairn-store --release --example log_rate`.
//!
//! Takes the directory to write in as its argument; otherwise a temporary one.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_store::{EventLog, LogOptions, Offset, ReadLimit, SegmentLog, fsck};

const BATCHES: usize = 600;
const BATCH_RECORDS: usize = 1_000;

fn main() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = std::env::args().nth(1).map_or(temporary.path().to_owned(), PathBuf::from);
    let records: Vec<Bytes> = (0..BATCH_RECORDS * 20).map(record).collect();
    let bytes: usize = records.iter().map(Bytes::len).sum();
    println!("{} records of {} bytes", records.len(), bytes / records.len());

    let sync = sync_time(&directory);
    println!("write of 4 KiB and fdatasync: p50 {sync:?}");
    for threads in [1, 2] {
        import(&directory.join(format!("import-{threads}")), &records, threads);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("a runtime");
    for (writers, batch) in [(1, 1), (8, 1), (64, 1), (64, 10), (256, 1)] {
        let directory = directory.join(format!("writers-{writers}-{batch}"));
        runtime.block_on(write(&directory, &records, writers, batch));
    }
    read(&directory.join("import-1"));
}

/// A record as CloudTrail writes it, of 1.5 KB, with the usual share of what is new in it.
fn record(number: usize) -> Bytes {
    let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (id, other) = (mixed ^ (mixed >> 29), mixed.rotate_left(17));
    let services = ["s3", "ec2", "sts", "iam", "kms", "dynamodb", "lambda", "logs"];
    let service = services[number % services.len()];
    let user = id % 400;
    Bytes::from(format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"type\":\"AssumedRole\",\"principalId\":\
         \"AROAEXAMPLE{user:08X}:session-{user}\",\"arn\":\"arn:aws:sts::{account:012}:assumed-role/\
         Role{role}/session-{user}\",\"accountId\":\"{account:012}\",\"accessKeyId\":\
         \"ASIA{key:016X}\",\"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\
         \"AROAEXAMPLE{user:08X}\",\"arn\":\"arn:aws:iam::{account:012}:role/Role{role}\",\"accountId\":\
         \"{account:012}\",\"userName\":\"Role{role}\"}},\"attributes\":{{\"creationDate\":\
         \"2026-11-25T{hour:02}:00:00Z\",\"mfaAuthenticated\":\"false\"}}}}}},\"eventTime\":\
         \"2026-11-25T{hour:02}:{minute:02}:{second:02}Z\",\"eventSource\":\"{service}.amazonaws.com\",\
         \"eventName\":\"Describe{service}Things{op}\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\
         \"10.{a}.{b}.{c}\",\"userAgent\":\"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux \
         md/GOARCH#amd64 api/{service}#1.58.2\",\"requestParameters\":{{\"bucketName\":\"bucket-{bucket}\",\
         \"Host\":\"bucket-{bucket}.s3.us-east-1.amazonaws.com\",\"key\":\"data/{id:016x}/part-{number:08}\
         .parquet\",\"x-id\":\"GetObject\"}},\"responseElements\":null,\"additionalEventData\":{{\
         \"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":\
         0,\"bytesTransferredOut\":{other_small},\"x-amz-id-2\":\"{id:016x}{other:016x}=\"}},\"requestID\":\
         \"{other:016X}\",\"eventID\":\"{id:08x}-{other:016x}\",\"readOnly\":true,\"resources\":[{{\"type\":\
         \"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::bucket-{bucket}/data/{id:016x}/part-{number:08}\
         .parquet\"}}],\
         \"eventType\":\"AwsApiCall\",\"managementEvent\":false,\"recipientAccountId\":\"{account:012}\",\
         \"eventCategory\":\"Data\",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\
         \"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\
         \"bucket-{bucket}.s3.us-east-1.amazonaws.com\"}}}}",
        account = 100_000_000_000 + user % 7,
        role = user % 40,
        key = user.wrapping_mul(0x1234_5678_9ABC),
        hour = number / 3_600_000 % 24,
        minute = number / 60_000 % 60,
        second = number / 1_000 % 60,
        op = number % 37,
        a = id % 4,
        b = id % 200,
        c = id % 250,
        bucket = id % 60,
        other_small = other % 1_000_000,
    ))
}

fn options() -> LogOptions {
    let started = Instant::now();
    LogOptions::new(Arc::new(move || Timestamp::from_ms(started.elapsed().as_millis() as i64)))
}

/// What the device alone takes to make a small write durable, into space that was set aside.
fn sync_time(directory: &Path) -> Duration {
    let path = directory.join("sync");
    let mut file = File::create(&path).expect("a file");
    file.write_all(&vec![0; 8 << 20]).expect("space");
    file.sync_all().expect("a sync");
    let mut times = Vec::new();
    for number in 0..300 {
        let started = Instant::now();
        std::os::unix::fs::FileExt::write_all_at(&file, &[1; 4_096], number * 4_096)
            .expect("a write");
        file.sync_data().expect("a sync");
        times.push(started.elapsed());
    }
    percentile(&mut times, 50)
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn import(directory: &Path, records: &[Bytes], threads: usize) {
    let log = SegmentLog::open(directory, &options()).expect("a log");
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let log = &log;
            scope.spawn(move || {
                let batches = records.chunks(BATCH_RECORDS).cycle().skip(thread);
                let mut under_way = None;
                for batch in batches.take(BATCHES / threads) {
                    let ticket = log.submit_blocking(batch).expect("an append");
                    if let Some(before) = under_way.replace(ticket) {
                        cairn_store::log::Ticket::wait(before).expect("an append");
                    }
                }
                under_way.map(cairn_store::log::Ticket::wait);
            });
        }
    });
    let rate = (BATCHES * BATCH_RECORDS) as f64 / started.elapsed().as_secs_f64();
    println!("import, {threads} threads, {BATCH_RECORDS} a batch: {rate:.0} records/s");
}

async fn write(directory: &Path, records: &[Bytes], writers: usize, batch: usize) {
    let log = Arc::new(SegmentLog::open(directory, &options()).expect("a log"));
    let appends = (200_000 / writers / batch).min(3_000 * 64 / writers).max(300);
    let started = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (log, records) = (Arc::clone(&log), records.to_vec());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(appends);
            for batch in records.chunks(batch).cycle().skip(writer * 31).take(appends) {
                let started = Instant::now();
                log.append(batch.to_vec()).await.expect("an append");
                times.push(started.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a writer"));
    }
    let rate = (times.len() * batch) as f64 / started.elapsed().as_secs_f64();
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("{writers} writers, {batch} a batch: {rate:.0} records/s, p50 {p50:?}, p99 {p99:?}");
}

fn read(directory: &Path) {
    let started = Instant::now();
    let log = SegmentLog::open(directory, &options()).expect("a log");
    println!("open: {:?}", started.elapsed());
    let limit = ReadLimit { records_max: 10_000, bytes_max: 8 << 20 };
    let started = Instant::now();
    let mut next = Offset::ZERO;
    while next < log.committed() {
        next = log.read_blocking(next, limit).expect("a read").next;
    }
    let rate = next.as_u64() as f64 / started.elapsed().as_secs_f64();
    println!("read: {rate:.0} records/s");
    drop(log);
    let started = Instant::now();
    let report = fsck(directory).expect("a check");
    let mb = report.record_bytes as f64 / 1e6 / started.elapsed().as_secs_f64();
    println!("fsck: {mb:.0} MB/s of records, {} stored bytes", report.stored_bytes);
}
