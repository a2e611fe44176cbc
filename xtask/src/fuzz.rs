//! `cargo xtask fuzz`: libFuzzer over every public parser of the core, on the pinned stable toolchain.
//!
//! cargo-fuzz would need a nightly compiler for the address sanitizer, which finds little in a crate without `unsafe`.
//! The coverage instrumentation that libFuzzer itself needs is a stable compiler option.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::tally::Tally;
use xtask::process::{self, root, target};

/// The instrumentation that libFuzzer reads, as cargo-fuzz sets it.
const RUSTFLAGS: &str = "--cfg fuzzing \
     -Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares \
     -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

/// Remedy if the fuzzer cannot be built.
pub(crate) const HINT: &str =
    "libFuzzer is written in C++, and there is no compiler for it: install g++ or clang";

/// Returns `true` if the fuzzer can be built.
pub(crate) fn can_build() -> bool {
    std::env::var_os("CXX").is_some() || process::answers("c++")
}

/// Builds all targets together and runs the named ones (all if none is named) for a time each, one on each core.
pub(crate) fn run(names: &[String], time: Duration, tally: &mut Tally) -> Result<()> {
    let host = host()?;
    let mut build = process::cargo();
    // With a target triple, build scripts and procedural macros are not instrumented.
    build.args([
        "build",
        "--locked",
        "--release",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        &host,
    ]);
    build
        .arg("--target-dir")
        .arg(target())
        .env("RUSTFLAGS", RUSTFLAGS);
    process::run(&mut build)?;
    let programs = target().join(host).join("release");
    let targets = if names.is_empty() {
        targets()?
    } else {
        names.to_vec()
    };
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(name) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match fuzz(&programs, name, time) {
                        Ok(said) => println!("fuzz {name}: {said}"),
                        Err(error) => {
                            println!("fuzz {name}: FAILED");
                            eprintln!("{error:#}");
                            if let Ok(mut failures) = failures.lock() {
                                failures.push(name.clone());
                            }
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_default();
    tally.passed += (targets.len() - failures.len()) as u64;
    tally.failed += failures.len() as u64;
    if !failures.is_empty() {
        bail!("fuzz targets failed: {}", failures.join(", "));
    }
    Ok(())
}

/// Runs one target over its seeds; its findings are kept in the target directory.
fn fuzz(programs: &Path, name: &str, time: Duration) -> Result<String> {
    let work = target().join("fuzz").join(name);
    let (corpus, findings) = (work.join("corpus"), work.join("findings"));
    for directory in [&corpus, &findings] {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let output = process::command(programs.join(name))
        .arg(&corpus)
        .arg(root().join("fuzz/seeds").join(name))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg(format!("-max_total_time={}", time.as_secs()))
        // Five seconds for one input of at most 64 KiB is a hang; half a gigabyte means a missing bound.
        .args([
            "-timeout=5",
            "-rss_limit_mb=512",
            "-max_len=65536",
            "-print_final_stats=1",
        ])
        .output()
        .with_context(|| format!("cannot start fuzz target `{name}`"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last: Vec<&str> = said.lines().rev().take(30).collect();
        bail!("{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let units = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(format!(
        "{} inputs, no finding",
        units.unwrap_or("?").trim()
    ))
}

/// The targets: one file each.
fn targets() -> Result<Vec<String>> {
    let directory = root().join("fuzz/src/bin");
    let files =
        fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut names = Vec::new();
    for file in files {
        let path: PathBuf = file?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .current_dir(root())
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc prints no host triple")?.to_string())
}
