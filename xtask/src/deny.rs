//! `cargo deny`: licences, bans and sources of every dependency, and known vulnerabilities where their database can be had.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::tally::Tally;
use xtask::process::{self, target};

/// The version that is installed where there is none.
const VERSION: &str = "0.20.2";

/// Checks both workspaces by `deny.toml`.
pub(crate) fn run(tally: &mut Tally) -> Result<()> {
    let program = find_or_install()?;
    let deny = |manifest: &str| {
        let mut deny = process::command(&program);
        deny.args(["--manifest-path", manifest, "--locked", "--all-features"]);
        deny
    };
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        process::run(deny(manifest).args([
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ]))?;
    }
    // The database is a git repository, which not every machine may fetch.
    if process::run(deny("Cargo.toml").args(["fetch", "db"])).is_err() {
        tally.skip("advisories: their database cannot be fetched from here");
        return Ok(());
    }
    process::run(deny("Cargo.toml").args(["check", "--disable-fetch", "advisories"]))
}

fn find_or_install() -> Result<PathBuf> {
    if process::answers("cargo-deny") {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let tools = target().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() {
        let mut install: Command = process::cargo();
        install
            .args([
                "install",
                "cargo-deny",
                "--version",
                VERSION,
                "--locked",
                "--root",
            ])
            .arg(&tools);
        process::run(install.arg("--target-dir").arg(tools.join("build")))?;
    }
    Ok(program)
}
