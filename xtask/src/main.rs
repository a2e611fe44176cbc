//! `cargo xtask …`: builds the wasm package and the portal, runs the demo, the benchmarks and all tests.
//!
//! A plain `cargo build` needs neither Node nor this crate; whatever does starts here, so that a newcomer, a developer
//! and CI run the same code.

mod bench;
mod chromium;
mod demo;
mod deny;
mod fuzz;
mod glasslog;
mod node;
mod process;
mod site;
mod tally;
mod test;
mod toolchain;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

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
        /// Model files to record events about; two small ones are made without
        files: Vec<PathBuf>,
        /// Print a verified history and end, instead of serving
        #[arg(long)]
        no_serve: bool,
    },
    /// Run all tests and checks, as CI does
    Test {
        /// Stages to run, by the names in the closing table; all without one
        stages: Vec<String>,
    },
    /// Measure, and print one table for each part
    Bench {
        /// Parts to measure; all without one
        parts: Vec<bench::Part>,
        /// Build the index of ten million events, too
        #[arg(long)]
        large: bool,
        /// Simulate the index of up to a billion events, too
        #[arg(long)]
        simulate: bool,
        /// Load the writer for a third of the time, and leave out the largest of the routine logs
        #[arg(long)]
        quick: bool,
    },
    /// Run the fuzz targets
    Fuzz {
        /// Targets to run; all without one
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
        Task::Bench {
            parts,
            large,
            simulate,
            quick,
        } => bench::run(&parts, large, simulate, quick),
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
