//! The trust policy beside a log directory.

use std::path::{Path, PathBuf};

use glasslog_client::source::is_address;

/// Returns the trust policy that `glasslog init` wrote beside a log directory, to be named in a hint.
pub(crate) fn policy_beside(log: &str) -> Option<PathBuf> {
    let path = Path::new(log).join("trust.policy");
    (is_address(log) == Ok(false) && path.is_file()).then_some(path)
}
