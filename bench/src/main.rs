//! `cargo xtask bench [PART…]`: measures the figures that the design promises, one table for each part. No
//! figure is estimated.

mod audit;
mod browser;
mod follow;
mod index;
mod loader;
mod logs;
mod native;
mod ran;
mod table;
mod witness;
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
    /// Parts to measure; all if none is named
    parts: Vec<Part>,
    /// Also build the index of ten million events
    #[arg(long)]
    large: bool,
    /// Also simulate the index of up to a billion events
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

/// A part that can be measured alone.
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
    /// A witness, beside litewitness and omniwitness
    Witness,
    /// The index of growing logs, compared with reading the whole log
    Index,
    /// Whole audits, beside Tessera's checker and the limits
    Audit,
    /// A monitor, of raw entries and of signed events
    Monitor,
    /// A mirror, beside Tessera's
    Mirror,
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
            Self::Witness => witness::measure(quick),
            Self::Index => index::measure(large, simulate, quick),
            Self::Audit => audit::measure(),
            Self::Monitor => follow::monitor(),
            Self::Mirror => follow::mirror(),
            Self::Browser => browser::measure(),
        }
    }
}

/// Measures the parts, all if none is named, and prints the table of each as soon as it is complete.
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
