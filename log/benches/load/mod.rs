//! Parts that loads of a log share, in its process (`write.rs`) and over HTTP (`server/benches/http.rs`): entries to
//! submit, measurements, and the check of the acknowledged entries.

mod entries;
mod figures;
mod process;
mod tree;

pub(crate) use entries::{Entries, make, sign};
pub(crate) use figures::{Figures, say};
pub(crate) use process::processor_seconds;
pub(crate) use tree::verify;
