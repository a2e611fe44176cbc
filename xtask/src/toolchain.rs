//! Requirements on the pinned toolchain of `rust-toolchain.toml`.

use anyhow::{Context, Result};

use crate::process;

/// The compilation target for the browser.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Ensures that the wasm target is installed. rustup installs the targets that `rust-toolchain.toml` names, but not
/// into a toolchain that was already installed without them.
pub fn ensure_wasm_target() -> Result<()> {
    let output = process::command(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "target-libdir", "--target", WASM])
        .output()
        .context("cannot start rustc")?;
    let directory = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && std::path::Path::new(directory.trim()).is_dir() {
        return Ok(());
    }
    process::run(process::command("rustup").args(["target", "add", WASM]))
        .context("the target wasm32-unknown-unknown is missing, and rustup could not add it")
}
