//! `cargo xtask wasm`: the npm package `@glasslog/verify` in `wasm/pkg`, from one `web` build.
//!
//! wasm-bindgen-cli-support makes the bindings, used as a library and pinned to the version of wasm-bindgen in
//! `Cargo.lock`, so that no tool has to be installed. `wasm/js` is written by hand and copied beside them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{self, root, target};
use crate::toolchain::{self, WASM};

/// Name of the generated files.
const STEM: &str = "glasslog_verify";

/// Builds the package and prints its size.
pub fn run() -> Result<()> {
    let package = package();
    build(&package, "")?;
    let size = Size::of(&package)?;
    println!("wasm/pkg/{STEM}_bg.wasm: {size}");
    Ok(())
}

/// The folder of the package.
pub fn package() -> PathBuf {
    root().join("wasm/pkg")
}

/// The same package with the test-only entry points for raw vectors.
pub fn build_with_vectors() -> Result<PathBuf> {
    let package = target().join("wasm-vectors");
    build(&package, "vectors")?;
    Ok(package)
}

/// Arguments that select the packages compiled for the browser.
pub const WASM_PACKAGES: [&str; 4] = ["--package", "glasslog-core", "--package", "glasslog-wasm"];

/// A cargo command for the browser. Build and clippy share its flags, so they compile the same code.
pub fn cargo(subcommand: &str) -> Command {
    let mut cargo = process::cargo();
    cargo
        .args([subcommand, "--locked", "--target", WASM])
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags());
    cargo
}

fn build(package: &Path, features: &str) -> Result<()> {
    toolchain::ensure_wasm_target()?;
    process::run(
        cargo("build")
            .args(["--package", "glasslog-wasm", "--lib", "--profile", "wasm"])
            .arg(format!("--features={features}")),
    )?;
    let module = target().join(WASM).join("wasm/glasslog_wasm.wasm");
    if package.exists() {
        fs::remove_dir_all(package)
            .with_context(|| format!("cannot clear {}", package.display()))?;
    }
    Bindgen::new()
        .input_path(&module)
        .out_name(STEM)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(package)
        .with_context(|| format!("cannot make bindings for {}", module.display()))?;
    for file in [
        "wasm/js/index.js",
        "wasm/js/index.d.ts",
        "wasm/js/report.d.ts",
        "wasm/js/package.json",
        "wasm/README.md",
    ] {
        copy_into(file, package)?;
    }
    for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy_into(file, package)?;
    }
    Ok(())
}

fn copy_into(file: &str, package: &Path) -> Result<()> {
    let from = root().join(file);
    let to = package.join(from.file_name().unwrap_or_default());
    fs::copy(&from, &to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Compiler flags of every wasm build.
fn rustflags() -> String {
    let mut flags = vec![
        // The 32-bit field arithmetic is the faster one in wasm, because a 64 × 64 → 128 bit product is a call there.
        "--cfg".to_string(),
        "curve25519_dalek_bits=\"32\"".to_string(),
    ];
    // Panic messages name source files. Without these flags, the bytes would depend on the machine and hold the home
    // directory of the builder.
    for (from, to) in [
        (cargo_home(), "cargo"),
        (Some(root().to_path_buf()), "glasslog"),
    ] {
        if let Some(from) = from {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        }
    }
    // Cargo's separator of encoded flags.
    flags.join("\u{1f}")
}

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
}

/// Bytes of the wasm file, as built and as downloaded.
pub struct Size {
    /// As built.
    pub raw: usize,
    /// After `gzip -9`, if the machine has it.
    pub gzip: Option<usize>,
    /// After brotli at its highest quality.
    pub brotli: usize,
}

impl Size {
    /// Measures a built package.
    pub fn of(package: &Path) -> Result<Self> {
        let path = package.join(format!("{STEM}_bg.wasm"));
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut brotli = Vec::new();
        // Quality 11 and a 22-bit window, the settings with which static hosts precompress.
        brotli::CompressorWriter::new(&mut brotli, 4096, 11, 22).write_all(&bytes)?;
        Ok(Self {
            raw: bytes.len(),
            gzip: gzip_length(&path),
            brotli: brotli.len(),
        })
    }
}

/// Length after `gzip -9`, if the machine has it.
fn gzip_length(path: &Path) -> Option<usize> {
    let output = Command::new("gzip")
        .args(["-9", "-c"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout.len())
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kilobytes = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1000.0);
        write!(f, "{} raw", kilobytes(self.raw))?;
        if let Some(gzip) = self.gzip {
            write!(f, ", {} gzip", kilobytes(gzip))?;
        }
        write!(f, ", {} brotli", kilobytes(self.brotli))
    }
}
