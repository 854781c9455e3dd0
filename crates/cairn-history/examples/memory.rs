//! Measures what history holds in memory, and what lookups take:
//! `cargo run -p cairn-history --release --example memory -- DIRECTORY VALUES ACCOUNT`.
//!
//! Opens the history of a directory, asks for each line of VALUES (region, attribute, value, apart
//! by tabs; all of one account) on a few threads, then merges as long as there is something to
//! merge, and prints the resident memory after each. Merging changes the directory, so it should be
//! a copy.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use cairn_event::{AccountId, Region};
use cairn_history::{AttributeKey, History, HistoryOptions, Hit, LookupCategory, LookupQuery};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 4;
const LOOKUPS: usize = 40_000;
const PAGE_RECORDS: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (directory, values) = (args.next().ok_or("where?")?, args.next().ok_or("what?")?);
    let account = AccountId::parse(&args.next().ok_or("whose?")?)?;
    let queries = std::fs::read_to_string(values)?;
    println!("before: {}", memory()?);
    let history = History::open(Path::new(&directory), HistoryOptions::default())?;
    println!("{} slices open: {}", history.status().slices, memory()?);
    let queries: Vec<_> = queries.lines().filter_map(|line| query(&account, line)).collect();
    look_up(&history, &queries)?;
    println!("after lookups: {}", memory()?);
    forget_peak()?;
    loop {
        let begun = Instant::now();
        // As the server does: each step on a thread that may be another one.
        let step = std::thread::scope(|scope| scope.spawn(|| history.merge_step()).join());
        let Some(merged) = step.map_err(|_| "merging panicked")?? else { break };
        println!("{} rows in {:?}: {}", merged.to.since(merged.from), begun.elapsed(), memory()?);
        forget_peak()?;
    }
    look_up(&history, &queries)?;
    println!("after lookups: {}", memory()?);
    drop(history);
    println!("closed: {}", memory()?);
    Ok(())
}

fn query(account: &AccountId, line: &str) -> Option<LookupQuery> {
    let mut parts = line.split('\t');
    let (region, key, value) = (parts.next()?, parts.next()?, parts.next()?);
    let key = AttributeKey::ALL.into_iter().find(|known| format!("{known:?}") == key)?;
    Some(LookupQuery {
        account: account.clone(),
        region: Region::parse(region).ok()?,
        attribute: Some((key, value.to_owned())),
        start: None,
        end: None,
        category: LookupCategory::Management,
    })
}

fn look_up(history: &History, queries: &[LookupQuery]) -> Result<(), Box<dyn Error>> {
    let part = |thread: usize| {
        let mut times = Vec::with_capacity(LOOKUPS / THREADS);
        let mut hits = 0;
        for query in queries.iter().cycle().skip(thread).step_by(THREADS).take(LOOKUPS / THREADS) {
            let begun = Instant::now();
            hits += history.lookup(query, None, PAGE_RECORDS, Hit::of)?.hits.len();
            times.push(begun.elapsed());
        }
        Ok::<_, cairn_history::HistoryError>((times, hits))
    };
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || part(thread))).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let (mut times, mut hits): (Vec<Duration>, usize) = (Vec::new(), 0);
    for part in parts {
        let part = part.map_err(|_| "a thread panicked")??;
        times.extend(part.0);
        hits += part.1;
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!("{} lookups, {hits} hits: median {:?}, p99 {:?}", times.len(), at(50), at(99));
    Ok(())
}

/// Resident memory, now and at its peak.
fn memory() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let megabytes = |name: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1_024)
    };
    let (now, peak) = (megabytes("RssAnon:").unwrap_or(0), megabytes("VmHWM:").unwrap_or(0));
    let resident = megabytes("VmRSS:").unwrap_or(0);
    Ok(format!("{resident} MiB resident ({now} of its own), peak {peak}"))
}

fn forget_peak() -> Result<(), Box<dyn Error>> {
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}
