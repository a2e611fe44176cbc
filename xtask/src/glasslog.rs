//! The `glasslog` binary, built for the demo and the tests.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, target};

/// Builds the binary, with the portal inside if the portal was built.
pub fn build(portal: bool) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.args(["build", "--locked", "--package", "glasslog-cli"]);
    if portal {
        build.arg(PORTAL);
    }
    process::run(&mut build)?;
    Ok(path())
}

/// The feature that puts the portal into the binary.
const PORTAL: &str = "--features=glasslog-cli/portal";

/// Builds the binary, the example that writes false logs, and their dependencies as `cargo test` needs them.
///
/// Cargo compiles a dependency once for each set of features, and the features depend on the packages built together, so
/// this names the whole workspace and one test.
pub fn build_for_tests(portal: bool) -> Result<()> {
    let mut build = process::cargo();
    build.args(["build", "--locked"]).args(TESTED).args([
        "--bin",
        "glasslog",
        "--example",
        "malicious",
        "--test",
        "it",
    ]);
    if portal {
        build.arg(PORTAL);
    }
    process::run(&mut build)
}

/// The packages tested together. The others build the bindings of the wasm package, are already compiled when this
/// runs, and share no feature with these.
pub const TESTED: [&str; 5] = [
    "--workspace",
    "--exclude",
    "xtask",
    "--exclude",
    "glasslog-bench",
];

/// Builds the release binary, for measurements.
pub fn build_release() -> Result<PathBuf> {
    process::run(process::cargo().args([
        "build",
        "--locked",
        "--package",
        "glasslog-cli",
        "--release",
    ]))?;
    Ok(target()
        .join("release")
        .join(format!("glasslog{}", std::env::consts::EXE_SUFFIX)))
}

/// Path of the binary that [`build`] builds.
pub fn path() -> PathBuf {
    target()
        .join("debug")
        .join(format!("glasslog{}", std::env::consts::EXE_SUFFIX))
}
