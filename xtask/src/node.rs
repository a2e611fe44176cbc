//! Runs Node and npm for the portal and for the tests of the npm package.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::process::{self, root};

/// Remedy if Node is missing.
pub const HINT: &str = "Node 20 or newer is not installed";

/// Looks for Node and npm.
pub fn is_there() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| process::answers("node") && process::answers("npm"))
}

/// Fails with a remedy if Node is missing.
pub fn expect() -> Result<()> {
    if !is_there() {
        bail!(
            "{HINT}\nhint: the portal is built with Node; a plain `cargo build` does not need it"
        );
    }
    Ok(())
}

/// Prepares an npm command in the portal's folder.
pub fn npm() -> Command {
    let mut npm = process::command("npm");
    npm.current_dir(root().join("site"));
    npm
}

/// Prepares Node's own test runner for the tests of a folder, with the same output on a terminal and in CI.
pub fn test(folder: &Path) -> Result<Command> {
    let mut node = process::command("node");
    node.args(["--test", "--test-reporter=spec"]);
    // Files are named one by one: versions of Node differ in the meaning of a folder or a pattern.
    for file in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = file?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            node.arg(path);
        }
    }
    Ok(node)
}
