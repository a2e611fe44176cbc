//! The `glasslog` binary, built for the demo and the tests.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, target};

/// Builds the binary, with the portal inside where that was built.
pub(crate) fn build(portal: bool) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.args(["build", "--locked", "--package", "glasslog-cli"]);
    if portal {
        build.arg("--features=portal");
    }
    process::run(&mut build)?;
    Ok(path())
}

/// Where it is.
pub(crate) fn path() -> PathBuf {
    target()
        .join("debug")
        .join(format!("glasslog{}", std::env::consts::EXE_SUFFIX))
}
