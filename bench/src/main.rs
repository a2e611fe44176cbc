//! `cargo xtask bench [PART…]`: measures what the design promises, one table a part. Nothing here is estimated.

mod audit;
mod browser;
mod index;
mod loader;
mod logs;
mod native;
mod table;
mod write;
mod write_http;
mod write_s3;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use self::table::Table;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    about = "Measures, and prints one table for each part"
)]
struct Arguments {
    /// Parts to measure; all without one
    parts: Vec<Part>,
    /// Build the index of ten million events, too
    #[arg(long)]
    large: bool,
    /// Simulate the index of up to a billion events, too
    #[arg(long)]
    simulate: bool,
    /// Load the writer for a third of the time, and leave out the largest of the routine logs
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What can be measured apart.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The core's rules: hashing, proofs, signatures
    Core,
    /// Whole logs, by the command line
    Logs,
    /// Writing in one process, beside Tessera
    Write,
    /// Writing over HTTP, beside Tessera
    WriteHttp,
    /// Writing to a log in a bucket
    WriteS3,
    /// The index of growing logs, and what there is instead of it
    Index,
    /// Whole audits, beside Tessera's checker and the limits
    Audit,
    /// The npm package in Node, and the portal in Chromium
    Browser,
}

impl Part {
    fn measure(self, large: bool, simulate: bool, quick: bool) -> Result<Table> {
        match self {
            Self::Core => native::measure(),
            Self::Logs => logs::measure(),
            Self::Write => write::measure(quick),
            Self::WriteHttp => write_http::measure(quick),
            Self::WriteS3 => write_s3::measure(),
            Self::Index => index::measure(large, simulate, quick),
            Self::Audit => audit::measure(),
            Self::Browser => browser::measure(),
        }
    }
}

/// Measures the parts, all without one, and prints a table for each as soon as it is there.
fn run(arguments: &Arguments) -> Result<()> {
    let Arguments {
        large,
        simulate,
        quick,
        ..
    } = *arguments;
    let parts = match arguments.parts.as_slice() {
        [] => Part::value_variants(),
        some => some,
    };
    loader::clear()?;
    index::clear()?;
    for part in parts {
        part.measure(large, simulate, quick)?.print();
    }
    index::clear()?;
    loader::clear()
}
