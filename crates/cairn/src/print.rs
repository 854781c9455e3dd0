//! Output for people: colour only where a terminal shows it, and nothing of a record's that would
//! move the cursor.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

/// Whether standard output is a terminal that wants colour.
pub(crate) fn is_coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// How many columns standard output has; `None` if it is no terminal.
pub(crate) fn columns() -> Option<usize> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }
    #[cfg(not(unix))]
    None
}

/// A text of a record's, for a terminal: characters that steer it, or that nobody sees, are shown as
/// `?`, since a caller chose them and the terminal would obey.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    plain_but(text, &[])
}

/// The same for a text that was laid out with some of these characters.
pub(crate) fn plain_but<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let is_hidden = |one: char| is_unseen(one) && !kept.contains(&one);
    if text.contains(is_hidden) {
        Cow::Owned(text.replace(is_hidden, "?"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Control characters, and those that turn the direction of a line, break it or have no width
/// (Unicode's category Cf, and its separators of lines and paragraphs).
fn is_unseen(one: char) -> bool {
    one.is_control()
        || matches!(
            one,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Bytes in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A line on standard error, or several. If nobody reads it, the exit code still tells.
pub(crate) fn complain(line: &str) {
    let _ = write_complaint(io::stderr(), line);
}

/// Complaints name files, objects and what servers say.
fn write_complaint(mut out: impl io::Write, line: &str) -> io::Result<()> {
    writeln!(out, "cairn: {}", plain_but(line, &['\n', '\t']))
}

/// So many things, in the right number.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A number of bytes as people say it.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Whoever reads our output may have seen enough (`| head`): that is no error, and ends the work.
/// `true` means go on.
pub(crate) fn is_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, plain_but, write_complaint};

    #[test]
    fn what_steers_a_terminal_or_is_not_seen_is_shown() {
        for hostile in ["\u{1b}[31m", "x\u{202e}gnp.exe", "a\u{200b}b", "a\u{2028}b", "a\u{e0041}b"]
        {
            assert_eq!(plain(hostile).matches('?').count(), 1, "{hostile:?}");
        }
        assert_eq!(plain("名 é \u{1f600}"), "名 é \u{1f600}");
    }

    #[test]
    fn a_layout_stays_and_a_complaint_steers_nothing() {
        assert_eq!(plain_but("a\tb\n\u{202e}", &['\t']), "a\tb??");
        let mut out = Vec::new();
        write_complaint(&mut out, "\u{1b}]0;x\u{7}\u{202e}.json:\n\tno file").unwrap();
        assert_eq!(out, b"cairn: ?]0;x??.json:\n\tno file\n");
    }
}
