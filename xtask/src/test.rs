//! `cargo xtask test`: everything that must hold before a change lands, in stages, each timed and each named if it fails.
//!
//! A stage that fails does not stop the others. What was not tested, for want of Node, a browser, Go or vectors, stands
//! in the last lines: silence would look like success.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tally::Tally;
use crate::{demo, deny, fuzz};
use xtask::process::{self, root};
use xtask::wasm::{self, WASM_PACKAGES};
use xtask::{chromium, glasslog, node, site, toolchain};

/// How long each fuzz target runs.
const FUZZ_TIME: Duration = Duration::from_secs(10);

/// Runs every stage, or those named.
pub(crate) fn run(only: Vec<String>) -> Result<()> {
    let mut suite = Suite {
        only,
        ..Suite::default()
    };
    suite.stage("format", |_| {
        process::run(process::cargo().args(["fmt", "--all", "--check"]))?;
        let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
        process::run(process::cargo().args(fuzz))
    });
    suite.stage("clippy", |_| clippy());
    suite.stage("docs", |_| {
        let mut doc = process::cargo();
        doc.args(["doc", "--locked", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings");
        process::run(&mut doc)
    });
    let package = suite.stage("wasm", |_| wasm::run());
    let portal = suite.needs(package, node::is_there, node::HINT, "portal", |_| {
        site::build()
    });
    let binary = suite.stage("binary", |_| glasslog::build(portal).map(drop));
    suite.stage("cargo-test", |tally| {
        tally.run(
            process::cargo()
                .args([
                    "test",
                    "--locked",
                    "--workspace",
                    "--no-fail-fast",
                    "--",
                    "--show-output",
                ])
                .env("GLASSLOG_BIN", glasslog::path()),
        )
    });
    let browser = chromium::find_or_install();
    if browser.is_none() {
        suite
            .tally
            .skip(format!("tests in the browser: {}", chromium::HINT));
    }
    let browser = |command: &mut std::process::Command| {
        command.env("GLASSLOG_BIN", glasslog::path());
        if let Some(path) = &browser {
            command.env("CHROMIUM", path);
        }
    };
    suite.needs(
        package,
        node::is_there,
        node::HINT,
        "npm-package",
        |tally| {
            let vectors = wasm::build_with_vectors()?;
            let mut test = node::test(&root().join("wasm/test"))?;
            test.env("GLASSLOG_VECTORS_PACKAGE", vectors);
            browser(&mut test);
            tally.run(&mut test)
        },
    );
    suite.needs(
        portal && binary,
        node::is_there,
        node::HINT,
        "portal-tests",
        |tally| {
            for script in ["check", "format:check"] {
                process::run(node::npm().args(["run", "--silent", script]))?;
            }
            let mut test = node::npm();
            test.args(["run", "--silent", "test"]);
            test.env("NODE_OPTIONS", "--test-reporter=spec");
            test.env("GLASSLOG_OPERATORS", lying_operators()?);
            browser(&mut test);
            tally.run(&mut test)
        },
    );
    suite.stage("demo", |_| demo::run(&[], false));
    suite.stage("deny", deny::run);
    suite.needs(true, fuzz::can_build, fuzz::HINT, "fuzz", |tally| {
        fuzz::run(&[], FUZZ_TIME, tally)
    });
    suite.close()
}

/// Writes the logs of operators who lie about their index, for tests in the browser.
fn lying_operators() -> Result<PathBuf> {
    let folder = process::target().join("operators");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    process::run(
        process::cargo()
            .args(["run", "--locked", "--quiet", "--package", "glasslog-tests"])
            .args(["--example", "malicious", "--"])
            .arg(&folder),
    )?;
    Ok(folder)
}

/// Lints natively, and again for the browser, where other code is compiled.
fn clippy() -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    let mut native = process::cargo();
    process::run(
        native
            .args(["clippy", "--locked", "--workspace", "--all-targets"])
            .args(deny),
    )?;
    toolchain::ensure_wasm_target()?;
    let mut browser = wasm::cargo("clippy");
    process::run(
        browser
            .args(WASM_PACKAGES)
            .arg("--features=glasslog-wasm/vectors")
            .args(deny),
    )
}

/// Stages so far, and what their tests came to.
#[derive(Default)]
struct Suite {
    /// The stages to run; all where none is named.
    only: Vec<String>,
    tally: Tally,
    stages: Vec<(&'static str, Duration, &'static str)>,
    failures: Vec<String>,
}

impl Suite {
    /// Runs a stage, and says whether it succeeded.
    fn stage(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result<()>) -> bool {
        if self.leaves_out(name) {
            return true;
        }
        eprintln!("\n── {name}");
        let began = Instant::now();
        let done = work(&mut self.tally);
        self.stages.push((
            name,
            began.elapsed(),
            if done.is_ok() { "ok" } else { "FAILED" },
        ));
        if let Err(error) = &done {
            eprintln!("error: {error:#}");
            self.failures.push(format!("{name}: {error:#}"));
        }
        done.is_ok()
    }

    /// Runs a stage that rests on an earlier one and on a program that may be absent.
    fn needs(
        &mut self,
        earlier: bool,
        is_there: impl FnOnce() -> bool,
        hint: &str,
        name: &'static str,
        work: impl FnOnce(&mut Tally) -> Result<()>,
    ) -> bool {
        if self.leaves_out(name) {
            return true;
        }
        if !is_there() {
            self.stages.push((name, Duration::ZERO, "skipped"));
            self.tally.skip(format!("{name}: {hint}"));
            return false;
        }
        if !earlier {
            self.stages.push((name, Duration::ZERO, "not run"));
            return false;
        }
        self.stage(name, work)
    }

    /// What a stage rests on is taken to be there where only that stage is asked for.
    fn leaves_out(&self, name: &str) -> bool {
        !self.only.is_empty() && !self.only.iter().any(|only| only == name)
    }

    /// Says what everything came to: times, failures, what was skipped, counts.
    fn close(self) -> Result<()> {
        let ran = |only: &&String| self.stages.iter().any(|(name, ..)| name == only);
        if let Some(unknown) = self.only.iter().find(|only| !ran(only)) {
            bail!("no stage is called `{unknown}`");
        }
        println!();
        for (name, took, outcome) in &self.stages {
            println!("{outcome:>8} {:>7.1} s  {name}", took.as_secs_f64());
        }
        let all: Duration = self.stages.iter().map(|(_, took, _)| took).sum();
        println!("{:>8} {:>7.1} s  together", "", all.as_secs_f64());
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        for what in &self.tally.skipped {
            println!("skipped: {what}");
        }
        let Tally {
            passed,
            failed,
            skipped,
        } = &self.tally;
        println!(
            "{passed} passed, {failed} failed, {} skipped",
            skipped.len()
        );
        match self.failures.len() {
            0 if *passed == 0 && self.only.is_empty() => bail!("no test ran"),
            0 => Ok(()),
            count => bail!("{count} of {} stages failed", self.stages.len()),
        }
    }
}
