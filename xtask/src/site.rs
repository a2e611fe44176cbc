//! `cargo xtask site`: builds the audit portal into `site/dist`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{self, root};
use crate::{node, wasm};

/// Builds the wasm package, then the portal.
pub fn run() -> Result<()> {
    node::expect()?;
    wasm::run()?;
    build()
}

/// Builds the portal from a built package.
pub fn build() -> Result<()> {
    install()?;
    process::run(node::npm().args(["run", "--silent", "build"]))
}

/// Installs the packages that `package-lock.json` pins, unless they are installed.
fn install() -> Result<()> {
    let site = root().join("site");
    let stamp = site.join("node_modules/.glasslog-lock");
    let lock = read(&site.join("package-lock.json"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    process::run(node::npm().args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
