//! The real process, killed at random moments under load, over and over on one directory: what it
//! acknowledged is there, once, and nothing is there in part.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use cairn_store::testkit::ticking_clock;
use cairn_store::{EventLog, LogOptions, Offset, ReadLimit, SegmentLog, fsck};

const ROUNDS: u64 = 20;
const WRITERS: u64 = 6;
const RECORDS_MAX: u64 = 5;
const DIRECTORY: &str = "CAIRN_TEST_KILL_DIRECTORY";
const ROUND: &str = "CAIRN_TEST_KILL_ROUND";

fn options() -> LogOptions {
    LogOptions { segment_bytes_max: 200_000, ..LogOptions::new(ticking_clock(1)) }
}

/// Batches are of different lengths, and each record names its batch.
fn batch(round: u64, writer: u64, number: u64) -> Vec<Bytes> {
    let records = 1 + (number + writer) % RECORDS_MAX;
    let record = |part| {
        let mut text = format!("{round}/{writer}/{number}/{part}/{records}").into_bytes();
        text.resize(200 + (number as usize * 37) % 900, b'.');
        Bytes::from(text)
    };
    (0..records).map(record).collect()
}

/// What the killed process does: it appends for ever and says what was acknowledged.
fn append_for_ever(directory: &str, round: &str) {
    let round: u64 = round.parse().unwrap();
    let log = Arc::new(SegmentLog::open(Path::new(&directory), &options()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let log = Arc::clone(&log);
            writers.push(tokio::spawn(async move {
                for number in 0.. {
                    let offset = log.append(batch(round, writer, number)).await.unwrap();
                    let line = format!("ack {writer} {number} {offset}\n");
                    if std::io::stdout().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Runs the child until it has acknowledged so many appends, kills it, and returns all that it
/// said.
fn run_and_kill(directory: &Path, round: u64, acknowledged: usize) -> Vec<(u64, u64, Offset)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill::what_was_acknowledged_survives_every_kill", "--exact", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut killed = false;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // The last line may be cut; then nobody was told.
        if let Some(line) = line.strip_suffix('\n')
            && let Some(numbers) = line.strip_prefix("ack ")
        {
            let numbers: Vec<u64> = numbers.split(' ').map(|text| text.parse().unwrap()).collect();
            lines.push((numbers[0], numbers[1], Offset::new(numbers[2])));
        }
        if lines.len() >= acknowledged && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "it ended by itself after {} appends", lines.len());
    child.wait().unwrap();
    lines
}

fn read_all(log: &SegmentLog) -> Vec<Bytes> {
    let limit = ReadLimit { records_max: 10_000, bytes_max: 8 << 20 };
    let (mut records, mut next) = (Vec::new(), Offset::ZERO);
    while next < log.committed() {
        let slice = log.read_blocking(next, limit).unwrap();
        records.extend(slice.records);
        next = slice.next;
    }
    records
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    if let (Ok(directory), Ok(round)) = (std::env::var(DIRECTORY), std::env::var(ROUND)) {
        return append_for_ever(&directory, &round);
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<(u64, u64, u64), Offset> = HashMap::new();
    for round in 0..ROUNDS {
        // Different moments in the life of a segment, of a commit, and of the process.
        let appends = 1 + (round * round * 7) % 400;
        for (writer, number, offset) in run_and_kill(directory.path(), round, appends as usize) {
            acknowledged.insert((round, writer, number), offset);
        }
        let report = fsck(directory.path()).unwrap();
        assert!(report.is_sound(), "round {round}: {:?}", report.findings);
        let log = SegmentLog::open(directory.path(), &options()).unwrap();
        let records = read_all(&log);
        let mut seen: HashMap<(u64, u64, u64), Offset> = HashMap::new();
        let mut at = 0;
        while at < records.len() {
            let text = std::str::from_utf8(&records[at]).unwrap();
            let numbers: Vec<u64> =
                text.split(['/', '.']).take(3).map(|part| part.parse().unwrap()).collect();
            let key = (numbers[0], numbers[1], numbers[2]);
            let whole = batch(key.0, key.1, key.2);
            assert_eq!(records[at..at + whole.len()], whole, "round {round}: whole, as it was");
            let twice = seen.insert(key, Offset::new(at as u64));
            assert_eq!(twice, None, "round {round}: {key:?} is there twice");
            at += whole.len();
        }
        for (key, offset) in &acknowledged {
            assert_eq!(seen.get(key), Some(offset), "round {round}: {key:?} was acknowledged");
        }
        // What was not acknowledged can be at most what was under way.
        assert!(seen.len() <= acknowledged.len() + (WRITERS * (round + 1)) as usize);
    }
    assert!(acknowledged.len() as u64 > ROUNDS);
}
