//! How many files and connections this process may have open, and what becomes of them.

use cairn_gateway::limits::CONNECTIONS_MAX;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Fewer places than this are worth a line in the log.
const CONNECTIONS_FEW: usize = 2048;

/// Raises the soft limit of descriptors to the hard one; how many connections may come in.
///
/// Systems start programs with a soft limit of 1,024 for the sake of those that use `select`, which
/// this one does not.
pub(super) fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(error = %error, "the limit of open files could not be raised");
            limit.current
        }
    };
    let connections = connections_of(current);
    if connections < CONNECTIONS_FEW {
        tracing::warn!(connections, "the limit of open files leaves room for few connections");
    }
    connections
}

/// One descriptor in four is kept for files and for connections to upstreams; `None` is no limit.
fn connections_of(descriptors: Option<u64>) -> usize {
    let room = descriptors.map_or(u64::MAX, |descriptors| descriptors / 4 * 3);
    usize::try_from(room).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_kept() {
        assert_eq!(connections_of(Some(1024)), 768);
        assert_eq!(connections_of(Some(1 << 20)), CONNECTIONS_MAX);
        assert_eq!(connections_of(None), CONNECTIONS_MAX);
    }
}
