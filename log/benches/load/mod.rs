//! What loads of a log have in common, in its process (`write.rs`) and over HTTP (`server/benches/http.rs`): what is
//! submitted, what was measured, and the check of what was acknowledged.

mod entries;
mod figures;
mod process;
mod tree;

pub(crate) use entries::{Entries, make, sign};
pub(crate) use figures::{Figures, say};
pub(crate) use process::processor_seconds;
pub(crate) use tree::verify;
