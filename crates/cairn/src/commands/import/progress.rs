//! How far the import is, for a person who watches.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::print;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the bar is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// A bar over the bytes of the input; nothing where no terminal shows it.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    records: AtomicU64,
    begun: Instant,
}

impl Progress {
    /// For an input of so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
            let template = "{bar:30} {bytes}/{total_bytes}  {msg}  {eta} left";
            bar.set_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(TICK);
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { bar, records: AtomicU64::new(0), begun: Instant::now() }
    }

    /// So many more bytes of the input are read.
    pub(super) fn add_bytes(&self, count: u64) {
        self.bar.inc(count);
    }

    /// So many more records are durable.
    pub(super) fn add_records(&self, count: u64) {
        let records = self.records.fetch_add(count, Ordering::Relaxed) + count;
        if !self.bar.is_hidden() {
            let rate = records as f64 / self.begun.elapsed().as_secs_f64();
            self.bar.set_message(format!("{records} records, {rate:.0}/s"));
        }
    }

    /// Tells the user a line on standard error, above the bar.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| print::complain(&print::plain(text)));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
