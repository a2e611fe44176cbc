//! `cargo xtask test`: all checks that a change must pass before it lands, in stages, each timed and each named if it
//! fails.
//!
//! A failed stage does not stop the others. The last lines list the parts that were not tested because Node, a browser,
//! Go or vectors are missing: silence would look like success.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tally::Tally;
use crate::{demo, deny, fuzz};
use xtask::process::{self, root};
use xtask::wasm::{self, WASM_PACKAGES};
use xtask::{chromium, glasslog, go, node, site, toolchain};

/// Time of each fuzz target, and with [`EVERYTHING`].
const FUZZ_TIME: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// The name of all stages together, with the long forms of their tests.
const EVERYTHING: &str = "everything";

/// Runs every stage, or the named ones.
pub(crate) fn run(mut only: Vec<String>) -> Result<()> {
    let stages = only.len();
    only.retain(|stage| stage != EVERYTHING);
    let long = only.len() < stages;
    let mut suite = Suite {
        only,
        ..Suite::default()
    };
    let browser = suite.only.is_empty().then(|| thread::spawn(prepare));
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
    let binary = suite.stage("binary", |_| glasslog::build_for_tests(portal));
    let browser = match browser.map(thread::JoinHandle::join) {
        Some(Ok(browser)) => browser,
        _ => chromium::find_or_install(),
    };
    suite.stage("cargo-test", |tally| cargo_test(long, tally));
    if browser.is_none() {
        suite
            .tally
            .skip(format!("tests in the browser: {}", chromium::HINT));
    }
    let browser = |command: &mut Command| {
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
            test.env("GLASSLOG_OPERATORS", lying_operators(portal)?);
            browser(&mut test);
            tally.run(&mut test)
        },
    );
    let built = binary && suite.only.is_empty();
    suite.stage("demo", |_| match built {
        true => demo::show(&[], false, portal),
        false => demo::run(&[], false),
    });
    suite.stage("deny", deny::run);
    suite.needs(true, fuzz::can_build, fuzz::HINT, "fuzz", |tally| {
        fuzz::run(&[], FUZZ_TIME[usize::from(long)], tally)
    });
    suite.close()
}

/// Compiles the Go programs and finds the browser, mostly waiting for the network, while other stages compile.
///
/// The tests build these programs too and report a missing one, so failures here are ignored.
fn prepare() -> Option<PathBuf> {
    let bin = process::target().join("interop/bin");
    for (module, packages) in [
        ("go", &["./...", "tool"][..]),
        ("versitygw", &["tool"]),
        ("omniwitness", &["tool"]),
    ] {
        let mut install = go::install(module, packages, &bin);
        let installed = install.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !installed.is_ok_and(|status| status.success()) {
            break;
        }
    }
    chromium::find_or_install()
}

/// Runs the tests of all crates, those of this crate separately: see [`glasslog::TESTED`].
fn cargo_test(long: bool, tally: &mut Tally) -> Result<()> {
    let test = |packages: &[&str]| {
        let mut test = process::cargo();
        test.args(["test", "--locked", "--no-fail-fast"])
            .args(packages);
        if long {
            test.args(["--profile", "long"])
                .env("GLASSLOG_LONG_TESTS", "1");
        }
        test.args(["--", "--show-output"])
            .env("GLASSLOG_BIN", glasslog::path());
        test
    };
    let product = tally.run(&mut test(&glasslog::TESTED));
    let tools = ["--package", "xtask", "--package", "glasslog-bench"];
    tally.run(&mut test(&tools)).and(product)
}

/// Writes the logs of operators with a false index, for tests in the browser.
fn lying_operators(portal: bool) -> Result<PathBuf> {
    // Already built, unless this stage runs alone.
    glasslog::build_for_tests(portal)?;
    let folder = process::target().join("operators");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    let example = process::target().join("debug/examples/malicious");
    let example = example.with_extension(std::env::consts::EXE_EXTENSION);
    process::run(process::command(example).arg(&folder))?;
    Ok(folder)
}

/// Lints natively, and again for the browser, because other code is compiled there.
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

/// The stages run so far, and the results of their tests.
#[derive(Default)]
struct Suite {
    /// The stages to run; all if none is named.
    only: Vec<String>,
    tally: Tally,
    stages: Vec<(&'static str, Duration, &'static str)>,
    failures: Vec<String>,
}

impl Suite {
    /// Runs a stage and returns `true` if it succeeded.
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

    /// Runs a stage that depends on an earlier one and on a program that may be missing.
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

    /// Returns `true` if the stage is not among those asked for. A stage that depends on it then takes it as done.
    fn leaves_out(&self, name: &str) -> bool {
        !self.only.is_empty() && !self.only.iter().any(|only| only == name)
    }

    /// Prints the results: times, failures, skipped parts and counts.
    fn close(self) -> Result<()> {
        let ran = |only: &&String| self.stages.iter().any(|(name, ..)| name == only);
        if let Some(unknown) = self.only.iter().find(|only| !ran(only)) {
            bail!("unknown stage `{unknown}`");
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
