//! Builds the parts of Glasslog, for `cargo xtask` and for the benchmarks.

pub mod chromium;
pub mod glasslog;
pub mod go;
pub mod node;
pub mod process;
pub mod site;
pub mod toolchain;
pub mod wasm;
