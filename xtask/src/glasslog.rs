//! The `glasslog` binary, built for the demo and the tests.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, target};

/// Builds the binary, with the portal inside where that was built.
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

/// Builds the binary, the example that writes false logs, and with them their dependencies as `cargo test` needs them.
///
/// Cargo compiles a dependency once for each set of features, and the features depend on what is built together. So this
/// names the whole workspace and one test.
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

/// The packages that are tested together. The rest builds the bindings of the wasm package, is compiled when this runs, and
/// shares no feature with them.
pub const TESTED: [&str; 5] = [
    "--workspace",
    "--exclude",
    "xtask",
    "--exclude",
    "glasslog-bench",
];

/// Builds the binary as it is released, to be measured.
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

/// Where it is.
pub fn path() -> PathBuf {
    target()
        .join("debug")
        .join(format!("glasslog{}", std::env::consts::EXE_SUFFIX))
}
