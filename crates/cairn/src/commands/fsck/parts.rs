//! The parts of a data directory, one check each.

use anyhow::Context as _;
use cairn_history::History;
use cairn_store::{FsckReport, LocalObjects, Offset, SqliteMeta};

use crate::anchor::{Anchor, Extent};
use crate::directory::Directory;

/// What does not hold.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Each is damage.
    pub(super) problems: Vec<String>,
    /// What a crash leaves and the next start mends.
    pub(super) notes: Vec<String>,
}

/// What `cairn_store::fsck` found.
pub(super) fn log(log: &FsckReport) -> Found {
    let mut found = Found::default();
    for finding in &log.findings {
        let text = format!("log/{} at byte {}: {}", finding.segment, finding.at_byte, finding.why);
        let list = if finding.why.is_harmless() { &mut found.notes } else { &mut found.problems };
        list.push(text);
    }
    let more = log.findings_count - log.findings.len() as u64;
    if more > 0 {
        found.problems.push(format!("log: and {more} more"));
    }
    found
}

/// Every file of history, and that it and the log leave no gap. Returns how many slices there are.
pub(super) fn history(
    directory: &Directory,
    log: &FsckReport,
    found: &mut Found,
) -> anyhow::Result<u64> {
    let path = directory.history();
    let (first, end) = match (log.segments.first(), log.segments.last()) {
        (Some(first), Some(last)) => (first.first, last.next),
        _ => (Offset::ZERO, Offset::ZERO),
    };
    if !path.is_dir() {
        let text = "history: there is none; the next start makes it from the log";
        let list = if first == Offset::ZERO { &mut found.notes } else { &mut found.problems };
        list.push(text.to_owned());
        return Ok(0);
    }
    let problems = History::verify(&path).context("cannot read history")?;
    let named =
        problems.iter().map(|problem| format!("history/{}: {}", problem.slice, problem.what));
    found.problems.extend(named);
    let leftovers = History::leftovers(&path).context("cannot read history")?;
    let named = leftovers.iter().filter_map(|path| path.file_name());
    found.notes.extend(named.map(|name| {
        format!("history/{}: a crash left it; the next start removes it", name.to_string_lossy())
    }));
    let slices = History::survey(&path).context("cannot read history")?;
    let covered = slices.last().map_or(Offset::ZERO, |last| last.to);
    if covered > end {
        let text = format!("history: it goes up to record {covered}, but the log ends at {end}");
        found.problems.push(text);
    }
    if covered < first {
        found.problems.push(format!(
            "history: it ends at record {covered}, but the log begins at {first}: what is between \
             them is missing"
        ));
    }
    Ok(slices.len() as u64)
}

/// Small state, and what it remembers of the log.
pub(super) fn state(
    directory: &Directory,
    log: &FsckReport,
    found: &mut Found,
) -> anyhow::Result<()> {
    let path = directory.meta();
    let unread = "cannot read meta.sqlite";
    if !path.is_file() {
        found.problems.push("meta.sqlite: it is missing".to_owned());
        return Ok(());
    }
    let problems = SqliteMeta::verify(&path).context(unread)?;
    if !problems.is_empty() {
        found.problems.extend(problems.iter().map(|problem| format!("meta.sqlite: {problem}")));
        return Ok(());
    }
    let anchor = SqliteMeta::peek(&path, &Anchor::key()?).context(unread)?;
    match anchor.map(|value| Anchor::parse(&value)) {
        Some(Ok(anchor)) => {
            found.problems.extend(anchor.problems(Extent::of_segments(&log.segments)));
        }
        Some(Err(error)) => found.problems.push(format!("meta.sqlite: {error:#}")),
        None => {}
    }
    Ok(())
}

/// The content of buckets.
pub(super) fn objects(directory: &Directory, found: &mut Found) -> anyhow::Result<()> {
    if !directory.objects().is_dir() {
        found.problems.push("objects: the directory is missing".to_owned());
        return Ok(());
    }
    let problems = LocalObjects::verify(&directory.objects()).context("cannot read objects")?;
    found.problems.extend(problems.iter().map(|problem| format!("objects/{problem}")));
    Ok(())
}
