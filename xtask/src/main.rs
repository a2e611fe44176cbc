//! `cargo xtask …`: builds the wasm package and the portal, runs the demo, the benchmarks and all tests.
//!
//! A plain `cargo build` needs neither Node nor this crate; whatever does starts here, so that a newcomer, a developer
//! and CI run the same code.

mod process;
mod toolchain;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Wasm => wasm::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
