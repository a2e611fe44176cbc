//! Plan, fetch, finish: the interface between a verification and the caller that fetches its files.
//!
//! A [`Query`] names the files it needs next, relative to the log's public tree; the caller fetches them from the log
//! and hands them over, in any order; the query alone gives the verdict.

use alloc::string::String;
use alloc::vec::Vec;

use crate::report::check::Check;
use crate::report::report::Report;

/// A verification that is fed with files until it reports.
pub trait Query {
    /// The files to fetch next, a bounded batch of paths relative to the public tree; empty when no more are needed.
    fn needs(&self) -> Vec<String>;
    /// Takes one file, or `None` if it is missing. A path that was not asked for is ignored.
    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>);
    /// The verdict, once no more files are needed.
    fn report(&self) -> Option<&Report>;
    /// The progress made so far.
    fn progress(&self) -> Progress<'_>;
}

/// The progress of a [`Query`]: the checks so far, and its counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress<'a> {
    /// Entries read.
    pub done: u64,
    /// Entries to read; 0 while that is not known.
    pub total: u64,
    /// Positions that the index gives for the keys asked about, before their entries are read; `None` without an index.
    pub positions: Option<u64>,
    /// Files that were supplied.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// The checks, as far as they are decided.
    pub checks: &'a [Check],
}
