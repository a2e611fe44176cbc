//! The limit on open files of this process: connections must never take those that the log needs.

use crate::limits::FILES_FOR_THE_LOG;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit towards the need of this many connections, and returns how many it allows.
pub(crate) fn connections(wanted: usize) -> usize {
    let needed = u64::try_from(wanted)
        .unwrap_or(u64::MAX)
        .saturating_add(FILES_FOR_THE_LOG);
    let limit = getrlimit(Resource::Nofile);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    if allowed < needed {
        let raised = needed.min(limit.maximum.unwrap_or(u64::MAX));
        let limit = Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            allowed = raised;
        }
    }
    // Connections get half of a limit that is too low for both.
    let left = allowed.saturating_sub(FILES_FOR_THE_LOG).max(allowed / 2);
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_the_log() {
        assert_eq!(connections(10), 10);
        let most = connections(usize::MAX);
        let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!((most as u64) < allowed, "{most} of {allowed}");
    }
}
