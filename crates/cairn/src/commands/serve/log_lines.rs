//! The log for programs: one JSON object a line.
//!
//! It has the form that `tracing_subscriber` gives it, and beside an error what caused it
//! (`error.sources`), which that leaves out: "history could not be written" helps nobody who does not
//! read that the disk is full.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events as JSON.
#[derive(Debug)]
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Line::default();
        line.add("timestamp", time);
        line.add("level", event.metadata().level().as_str());
        event.record(&mut line);
        line.add("target", event.metadata().target());
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// The members of a line, in order.
#[derive(Default)]
struct Line(Vec<(Cow<'static, str>, Value)>);

impl Line {
    fn add(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field.name(), value.to_string());
        let causes = std::iter::successors(value.source(), |&cause| cause.source());
        let causes: Vec<Value> = causes.map(|cause| cause.to_string().into()).collect();
        if !causes.is_empty() {
            self.add(format!("{}.sources", field.name()), causes);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::{self, Read as _, Seek as _};
    use std::sync::Arc;

    use serde_json::json;

    use super::JsonLines;

    #[derive(Debug, thiserror::Error)]
    #[error("history could not be written")]
    struct Unwritten(#[source] io::Error);

    #[test]
    fn a_line_is_one_object_with_the_causes_of_an_error() {
        let log = Arc::new(tempfile::tempfile().unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(Arc::clone(&log));
        let error = Unwritten(io::Error::from(io::ErrorKind::StorageFull));
        tracing::subscriber::with_default(subscriber.event_format(JsonLines).finish(), || {
            let error = &error as &dyn Error;
            tracing::warn!(error, count = 3, is_due = true, path = ?"a\"b", "step\nfailed");
        });
        let (mut log, mut text) = (log.as_ref(), String::new());
        log.rewind().unwrap();
        log.read_to_string(&mut text).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.starts_with(r#"{"timestamp":"2"#), "{text}");
        let mut line: serde_json::Value = serde_json::from_str(&text).unwrap();
        line.as_object_mut().unwrap().remove("timestamp");
        assert_eq!(
            line,
            json!({
                "level": "WARN",
                "message": "step\nfailed",
                "error": "history could not be written",
                "error.sources": ["no storage space"],
                "count": 3,
                "is_due": true,
                "path": "\"a\\\"b\"",
                "target": "cairn::commands::serve::log_lines::tests",
            })
        );
    }
}
