//! Bridge from Glasslog's core to JavaScript: bytes in, report out.
//!
//! It decides nothing. Types and options are checked by the wrapper in `wasm/js`, verdicts come from the core, and
//! reports leave as the JSON text that the command line prints. What throws is misuse.

pub mod file;
pub mod history;
pub mod log_file;
mod options;
#[cfg(feature = "vectors")]
pub mod vectors;
pub mod verify;
