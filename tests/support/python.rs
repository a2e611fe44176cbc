//! The independent verifier in Python, `tests/interop/py`.
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, Finished};
use crate::glasslog;
use crate::skip::skipped;

/// Returns the path of a script.
fn script(name: &str) -> PathBuf {
    glasslog::package().join("interop/py").join(name)
}

/// Runs a script, or says that `test` is skipped because there is no Python here.
pub fn python<S: AsRef<OsStr>>(
    test: &str,
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Option<Finished> {
    if !has_python() {
        skipped(&format!("{test}: Python 3.9 or newer is not installed"));
        return None;
    }
    // Without `-B` the scripts' folder would fill with compiled copies.
    Some(command::finish(
        Command::new("python3")
            .arg("-B")
            .arg(script(name))
            .args(arguments),
    ))
}

fn has_python() -> bool {
    let check = "import sys; sys.exit(sys.version_info < (3, 9))";
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| Path::new(&folder).join("python3").exists());
    found && command::run(Path::new("python3"), ["-c", check]).code == 0
}
