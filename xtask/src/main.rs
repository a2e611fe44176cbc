//! `cargo xtask …`: builds the wasm package and the portal, runs the demo, the benchmarks and all tests.
//!
//! A plain `cargo build` needs neither Node nor this crate. Every task that needs them starts here, so that a
//! newcomer, a developer and CI run the same code.

mod demo;
mod deny;
mod fuzz;
mod tally;
mod test;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::{process, site, wasm};

use crate::tally::Tally;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and tests Glasslog")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the npm package @glasslog/verify into wasm/pkg
    Wasm,
    /// Build the package and the audit portal into site/dist
    Site,
    /// Make a log with signed events about real files, and serve it with the portal
    Demo {
        /// Model files to record events about; two small ones are made if none is named
        files: Vec<PathBuf>,
        /// Print a verified history and end, instead of serving
        #[arg(long)]
        no_serve: bool,
    },
    /// Run all tests and checks, as CI does
    Test {
        /// Stages to run, by the names in the closing table; all if none is named. `everything` runs all, with the long tests
        stages: Vec<String>,
    },
    /// Measure, and print one table for each part
    #[command(disable_help_flag = true)]
    Bench {
        /// Parts to measure, and options: see `cargo xtask bench --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run the fuzz targets
    Fuzz {
        /// Targets to run; all if none is named
        targets: Vec<String>,
        /// Seconds for each
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Wasm => wasm::run(),
        Task::Site => site::run(),
        Task::Bench { arguments } => bench(&arguments),
        Task::Demo { files, no_serve } => demo::run(&files, !no_serve),
        Task::Test { stages } => test::run(stages),
        Task::Fuzz { targets, seconds } => fuzz::run(
            &targets,
            Duration::from_secs(seconds),
            &mut Tally::default(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the crate `bench`, which a change of `xtask` alone does not rebuild.
fn bench(arguments: &[OsString]) -> Result<()> {
    let mut bench = process::cargo();
    bench.args([
        "run",
        "--locked",
        "--quiet",
        "--package",
        "glasslog-bench",
        "--",
    ]);
    process::run(bench.args(arguments))
}
