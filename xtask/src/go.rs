//! Go programs of other projects, for comparison in tests and benchmarks.

use std::path::Path;
use std::process::Command;

use crate::process::{self, root};

/// A `go` command in one of the modules under `tests/interop`, with the same flags for every build, so that each finds in
/// Go's cache the packages that the others compiled.
pub fn go(subcommand: &str, module: &str) -> Command {
    let mut go = process::command("go");
    go.current_dir(root().join("tests/interop").join(module))
        .env("GOFLAGS", "-mod=readonly")
        .args([subcommand, "-trimpath", "-buildvcs=false"]);
    go
}

/// Installs packages of a module into a folder.
pub fn install(module: &str, packages: &[&str], bin: &Path) -> Command {
    let mut install = go("install", module);
    install.env("GOBIN", bin).args(packages);
    install
}
