//! What is wrong with how the program was called: exit code 2, whichever part finds it out.
//!
//! Nothing is written before it is found out.

use std::process::ExitCode;

/// The exit code of a wrong command line, which is clap's, too.
pub(crate) const EXIT_USAGE: u8 = 2;

/// The command line, a variable of the environment or a file that either names is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

/// What failed because of how the program was called.
pub(crate) trait OrUsage<T> {
    /// Marks a failure as one of the command line.
    fn or_usage(self) -> anyhow::Result<T>;

    /// The same, and says which flag has the value.
    fn of_flag(self, flag: &str) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrUsage<T> for Result<T, E> {
    fn or_usage(self) -> anyhow::Result<T> {
        self.map_err(|error| Usage(format!("{:#}", error.into())).into())
    }

    fn of_flag(self, flag: &str) -> anyhow::Result<T> {
        self.map_err(|error| Usage(format!("{flag}: {:#}", error.into())).into())
    }
}

/// The exit code of a failed command.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Usage>() { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use anyhow::Context as _;

    use super::{OrUsage as _, exit_code};

    #[test]
    fn the_mark_is_seen_through_what_is_said_around_it() {
        let failed = || Err::<(), _>(anyhow::anyhow!("no").context("why"));
        let told = failed().of_flag("--since").context("around").unwrap_err();
        assert_eq!(format!("{told:#}"), "around: --since: why: no");
        assert_eq!(exit_code(&told), ExitCode::from(2));
        assert_eq!(exit_code(&failed().unwrap_err()), ExitCode::FAILURE);
    }
}
