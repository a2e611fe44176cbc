//! The `glasslog` binary, built for the demo and the tests.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, target};

/// Builds the binary, with the portal inside where that was built.
pub fn build(portal: bool) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.args(["build", "--locked", "--package", "glasslog-cli"]);
    if portal {
        build.arg("--features=portal");
    }
    process::run(&mut build)?;
    Ok(path())
}

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
