//! Finds the `glasslog` binary and runs it in a scrubbed environment.
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::command::{self, Finished};

/// The folder of this package.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    package()
        .parent()
        .expect("the package lies in the repository")
}

/// The folder that cargo builds into, from where the running test lies: `TARGET/debug/deps/test-…`.
pub fn profile_dir() -> PathBuf {
    let test = env::current_exe().expect("the test knows where it is");
    test.ancestors()
        .nth(2)
        .expect("a test lies in TARGET/PROFILE/deps")
        .to_owned()
}

/// The `glasslog` binary: `GLASSLOG_BIN` where the test runner has set it, else built beside the tests.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("GLASSLOG_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let profile = profile_dir();
    let target = profile
        .parent()
        .expect("a profile lies in the target directory");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(repository())
        .args([
            "build",
            "--quiet",
            "--package",
            "glasslog-cli",
            "--target-dir",
        ])
        .arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build.status().expect("cargo runs");
    assert!(status.success(), "the command line does not build");
    profile.join(format!("glasslog{}", env::consts::EXE_SUFFIX))
}

/// A `glasslog` command whose environment holds nothing that changes its answer.
pub fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if text.starts_with("GLASSLOG_")
            || text.ends_with("_PROXY")
            || text == "CI"
            || text == "RUST_BACKTRACE"
        {
            command.env_remove(&name);
        }
    }
    command
        .env("NO_COLOR", "1")
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// Runs `glasslog` with the given arguments.
pub fn glasslog<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Finished {
    command::finish(command().args(arguments))
}
