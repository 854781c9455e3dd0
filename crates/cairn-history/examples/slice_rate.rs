//! Measures what history costs:
//! `cargo run -p cairn-history --release --example slice_rate -- FILE.jsonl [TIMES [DIRECTORY]]`.
//!
//! Builds slices of 200,000 records out of a file of records, on one thread, and prints time per
//! record, size, and what lookups take, before and after merging. With TIMES, the records come that
//! often, each time a week later and with event ids of their own. A DIRECTORY is kept.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_event::{AccountId, RecordHead, Region, Timestamp};
use cairn_history::{
    AttributeKey, Field, Filter, History, HistoryOptions, Hit, LookupCategory, LookupQuery,
    SearchBudget, SearchQuery,
};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SLICE_RECORDS: u64 = 200_000;
const LOOKUPS: usize = 200;
/// How much later the same records come again.
const SPAN_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which file?")?;
    let times: i64 = args.next().map_or(Ok(1), |times| times.parse())?;
    let text = Bytes::from(std::fs::read(file)?);
    let records: Vec<Bytes> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| text.slice_ref(line))
        .collect();
    if let Some(directory) = args.next() {
        return measure(directory.as_ref(), &records, times);
    }
    let directory = std::env::temp_dir().join(format!("cairn-slice-rate-{}", std::process::id()));
    let outcome = measure(&directory, &records, times);
    std::fs::remove_dir_all(&directory)?;
    outcome
}

fn measure(
    directory: &std::path::Path,
    records: &[Bytes],
    times: i64,
) -> Result<(), Box<dyn Error>> {
    let history = History::open(directory, HistoryOptions::default())?;
    let (mut spent, mut count, mut raw) = (Duration::ZERO, 0_u64, 0_u64);
    for time in 0..times {
        // Event ids have to differ from time to time; making them so is not measured.
        let own = |record: &Bytes| renamed(record, time);
        let batch: Vec<Bytes> =
            if time == 0 { records.to_vec() } else { records.iter().map(own).collect() };
        let begun = Instant::now();
        let mut builder = history.builder(history.tail_next());
        for record in &batch {
            builder.push(record.clone(), 1_000);
            (count, raw) = (count + 1, raw + record.len() as u64);
            if builder.records() == SLICE_RECORDS {
                finish(&history, &mut builder)?;
            }
        }
        finish(&history, &mut builder)?;
        spent += begun.elapsed();
    }
    let status = history.status();
    let parquet: u64 = history.slices().iter().map(|slice| slice.parquet_bytes).sum();
    println!("records {count}, raw {raw} bytes, mean {}", raw / count);
    println!("build {:.2} µs a record", spent.as_secs_f64() * 1e6 / count as f64);
    println!("parquet {:.2} % of raw", parquet as f64 * 100.0 / raw as f64);
    println!("index {:.2} % of raw", (status.disk_bytes - parquet) as f64 * 100.0 / raw as f64);
    questions("as built", directory, records)?;
    let begun = Instant::now();
    let mut merges = 0;
    while let Some(merged) = history.merge_step()? {
        merges += 1;
        println!("merged {} records", merged.to.since(merged.from));
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{merges} merges in {seconds:.2} s, {:.2} µs a record", seconds * 1e6 / count as f64);
    let bytes = history.status().disk_bytes;
    println!("after merging {:.2} % of raw", bytes as f64 * 100.0 / raw as f64);
    questions("merged", directory, records)
}

fn finish(
    history: &History,
    builder: &mut cairn_history::SliceBuilder,
) -> Result<(), Box<dyn Error>> {
    let next = history.tail_next().plus(builder.records());
    let full = std::mem::replace(builder, history.builder(next));
    if let Some(built) = full.finish()? {
        history.adopt(built)?;
    }
    Ok(())
}

/// The record with an event id of its own, some weeks later.
fn renamed(record: &Bytes, time: i64) -> Bytes {
    let Ok(head) = RecordHead::parse(record) else { return record.clone() };
    let mut own = record.to_vec();
    let mut put = |old: &str, new: &str| {
        if let Some(at) = memchr::memmem::find(&own, old.as_bytes()) {
            own[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    };
    if let Some(id) = head.event_id.as_deref().filter(|id| id.len() == 36) {
        put(id, &format!("{time:08x}"));
    }
    if let (Some(text), Some(at)) = (head.event_time_text.as_deref(), head.event_time) {
        let later = Timestamp::from_ms(at.as_ms() + time * SPAN_MS).iso_seconds();
        put(text, &later);
    }
    own.into()
}

fn questions(
    when: &str,
    directory: &std::path::Path,
    records: &[Bytes],
) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let history = History::open(directory, HistoryOptions::default())?;
    println!("-- {when}: {} slices, opened in {:?}", history.status().slices, begun.elapsed());
    let step = (records.len() / LOOKUPS).max(1);
    let heads = records.iter().step_by(step).filter_map(|record| RecordHead::parse(record).ok());
    let heads: Vec<_> =
        heads.filter(|head| matches!(head.category(), cairn_event::Category::Management)).collect();
    let begun = Instant::now();
    ask(&history, &heads[0], None)?;
    println!("first question {:?}", begun.elapsed());
    for key in AttributeKey::ALL.map(Some).into_iter().chain([None]) {
        let (mut times, mut hits) = (Vec::new(), 0);
        for head in &heads {
            let begun = Instant::now();
            let Some(found) = ask(&history, head, key)? else { continue };
            times.push(begun.elapsed());
            hits += found;
        }
        times.sort_unstable();
        if let (Some(median), Some(last)) = (times.get(times.len() / 2), times.last()) {
            let mean = hits / times.len();
            println!("{key:?}: median {median:?}, worst {last:?}, {mean} hits on average");
        }
    }
    searches(&history)
}

fn ask(
    history: &History,
    head: &RecordHead<'_>,
    key: Option<AttributeKey>,
) -> Result<Option<usize>, Box<dyn Error>> {
    let value = match key {
        Some(AttributeKey::EventId) => head.event_id.as_deref(),
        Some(AttributeKey::EventName) => head.event_name.as_deref(),
        Some(AttributeKey::EventSource) => head.event_source.as_deref(),
        Some(AttributeKey::AccessKeyId) => head.identity.access_key_id.as_deref(),
        Some(AttributeKey::ReadOnly) => Some("false"),
        Some(AttributeKey::ResourceType) => Some("AWS::IAM::Role"),
        Some(AttributeKey::ResourceName) => Some("no-such-resource"),
        Some(AttributeKey::Username) => Some("no-such-user"),
        None => None,
    };
    let attribute = key.zip(value).map(|(key, value)| (key, value.to_owned()));
    let (Some(account), Some(region)) = (head.account(), head.aws_region.as_deref()) else {
        return Ok(None);
    };
    if key.is_some() && attribute.is_none() {
        return Ok(None);
    }
    let query = LookupQuery {
        account: AccountId::parse(account)?,
        region: Region::parse(region)?,
        attribute,
        start: None,
        end: None,
        category: LookupCategory::Management,
    };
    Ok(Some(history.lookup(&query, None, 50, Hit::of)?.hits.len()))
}

fn searches(history: &History) -> Result<(), Box<dyn Error>> {
    let budget = SearchBudget::rows(u64::MAX);
    let denied = Filter::equals(Field::ErrorCode, "NoSuchErrorCode");
    let by_column = SearchQuery { filters: vec![denied], ..SearchQuery::default() };
    let by_text = SearchQuery { texts: vec!["no such text".into()], ..SearchQuery::default() };
    for (what, query) in [("by column", by_column), ("by text", by_text)] {
        let begun = Instant::now();
        let page = history.search(&query, None, 50, budget)?;
        println!("search {what}: {} rows in {:?}", page.rows_scanned, begun.elapsed());
    }
    Ok(())
}
