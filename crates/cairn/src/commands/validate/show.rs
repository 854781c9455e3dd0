//! What the command prints: the lines of `aws cloudtrail validate-logs`, or JSON.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::print;
use crate::proof::{Finding, Selection, Summary, Tally, Verdict, Watcher};

/// How often the bar is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// Prints findings as they come.
pub(super) struct Show {
    is_json: bool,
    is_verbose: bool,
    bar: ProgressBar,
    bytes: u64,
}

#[derive(Serialize)]
struct JsonSummary<'a> {
    outcome: &'static str,
    #[serde(flatten)]
    summary: &'a Summary,
    seconds: f64,
}

impl Show {
    pub(super) fn new(is_json: bool, is_verbose: bool) -> Self {
        let bar = if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let template = "{bar:30} {pos}/{len} objects  {msg}  {eta} left";
            let style = ProgressStyle::with_template(template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(TICK);
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { is_json, is_verbose, bar, bytes: 0 }
    }

    pub(super) fn heading(&self, selection: &Selection) {
        if !self.is_json {
            let trail = selection.trail.as_ref().map(|trail| format!(" for trail {trail}"));
            let text =
                format!("Validating log files{} {}\n", trail.unwrap_or_default(), span(selection));
            self.out(&text);
        }
    }

    /// The last word.
    pub(super) fn summary(
        &self,
        selection: &Selection,
        summary: &Summary,
        took: Duration,
    ) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        if self.is_json {
            let outcome = if summary.has_invalid() {
                "INVALID"
            } else if summary.has_unchecked() || summary.is_empty() {
                "unchecked"
            } else if summary.has_unanchored() {
                "unanchored"
            } else {
                "valid"
            };
            let line = JsonSummary { outcome, summary, seconds: took.as_secs_f64() };
            self.out(&serde_json::to_string(&line)?);
        } else {
            self.out(&text(selection, summary, took));
        }
        Ok(())
    }

    /// A line on standard output. If nobody reads it, the exit code still tells.
    fn out(&self, text: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stdout().lock(), "{text}");
        });
    }
}

impl Watcher for Show {
    fn found(&mut self, finding: &Finding) {
        if finding.verdict == Verdict::Valid && !self.is_verbose {
            return;
        }
        if self.is_json {
            if let Ok(line) = serde_json::to_string(finding) {
                self.out(&line);
            }
            return;
        }
        let line = line_of(finding);
        match finding.verdict {
            Verdict::Invalid(_) | Verdict::Unchecked(_) => {
                self.bar.suspend(|| {
                    let _ = writeln!(io::stderr().lock(), "{line}");
                });
            }
            _ => self.out(&line),
        }
    }

    fn expect(&mut self, objects: u64) {
        self.bar.inc_length(objects);
    }

    fn done(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.bar.inc(1);
        if !self.bar.is_hidden() {
            self.bar.set_message(print::bytes(self.bytes));
        }
    }
}

/// The line for people. Its columns are apart by tabs, as the AWS CLI writes them.
fn line_of(finding: &Finding) -> String {
    print::plain_but(&finding.line(), &['\t']).into_owned()
}

fn span(selection: &Selection) -> String {
    match (selection.start, selection.end) {
        (Some(start), Some(end)) => format!("between {start} and {end}"),
        (Some(start), None) => format!("since {start}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "of all times".to_owned(),
    }
}

fn text(selection: &Selection, summary: &Summary, took: Duration) -> String {
    let mut text = String::new();
    for note in &summary.notes {
        let _ = writeln!(text, "{}", print::plain(note));
    }
    // The heading ends with an empty line already.
    if !summary.is_empty() || !summary.notes.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "Results requested {}", span(selection));
    let _ = match (summary.found_from, summary.found_to) {
        (Some(from), Some(to)) => {
            let from = selection.start.map_or(from, |start| start.max(from));
            let to = selection.end.map_or(to, |end| end.min(to));
            writeln!(text, "Results found for {from} to {to}:\n")
        }
        _ if summary.digests.total() == 0 => writeln!(text, "No digests found\n"),
        _ => writeln!(text, "No valid digests found in range\n"),
    };
    for (tally, what) in [
        (&summary.digests, "digest files"),
        (&summary.backfill_digests, "backfill digest files"),
        (&summary.logs, "log files"),
    ] {
        ratios(&mut text, tally, what);
    }
    let others = &summary.others;
    let planted = others.invalid - others.unvouched;
    for (count, one, what) in [
        (others.unvouched, "file", "that no digest vouches for"),
        (others.undigested, "file", "of trails without log file validation"),
        (planted, "file", "not as a trail writes them"),
        (others.pending, "file", "that no digest covers yet"),
        (others.unchecked, "other file", "not checked"),
        (summary.records.invalid, "difference", "between the event log and the bucket"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{} {what}", print::count(count, one));
        }
    }
    if summary.is_empty() {
        text.truncate(text.trim_end().len());
        return text;
    }
    let seconds = took.as_secs_f64();
    let rate = u128::from(summary.bytes) * 1_000 / took.as_millis().max(1);
    let _ = write!(
        text,
        "\n{} in {}, {} in {seconds:.1} s ({}/s)",
        print::count(summary.digests.total() + summary.backfill_digests.total(), "digest"),
        print::count(summary.chains, "chain"),
        print::bytes(summary.bytes),
        print::bytes(rate as u64),
    );
    text
}

/// The line of the AWS CLI, with what it does not count after it.
fn ratios(text: &mut String, tally: &Tally, what: &str) {
    let total = tally.total();
    if total == 0 {
        return;
    }
    let _ = write!(text, "{}/{total} {what} valid", tally.valid);
    for (count, word) in [
        (tally.invalid, "INVALID"),
        (tally.unanchored, "unanchored"),
        (tally.unchecked, "not checked"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count}/{total} {what} {word}");
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use crate::proof::{Finding, Kind, Verdict};

    use super::line_of;

    #[test]
    fn a_key_steers_no_terminal() {
        let finding = Finding {
            kind: Kind::Other,
            bucket: "logs".to_owned(),
            key: "a\u{1b}[2J\n\u{202e}\u{200b}".to_owned(),
            verdict: Verdict::Valid,
        };
        assert_eq!(line_of(&finding), "Other file\ts3://logs/a?[2J???\tvalid");
    }
}
