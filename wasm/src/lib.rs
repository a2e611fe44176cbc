//! Bridge from Glasslog's core to JavaScript: bytes in, report out.
//!
//! The bridge decides nothing. Types and options are checked by the wrapper in `wasm/js`, verdicts come from the core, and
//! reports leave as the JSON text that the command line prints. Only misuse throws.

pub mod file;
pub mod folder;
pub mod history;
pub mod log_file;
mod options;
#[cfg(feature = "vectors")]
pub mod vectors;
pub mod verify;
