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

use anyhow::Result;
use clap::ValueEnum;

use self::table::Table;

/// What can be measured apart.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
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
///
/// With `large`, also what takes many minutes; with `simulate`, also what no machine here holds; with
/// `quick`, writers are loaded for a shorter time and the largest log of a routine run is left out.
pub(crate) fn run(parts: &[Part], large: bool, simulate: bool, quick: bool) -> Result<()> {
    let all = Part::value_variants();
    loader::clear()?;
    index::clear()?;
    for part in if parts.is_empty() { all } else { parts } {
        part.measure(large, simulate, quick)?.print();
    }
    index::clear()?;
    loader::clear()
}
