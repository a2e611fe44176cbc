//! Text and bytes: encodings, strict JSON, times, bounds. Everything else rests on this folder, and it rests on nothing.

pub mod escape;
pub(crate) mod heapsort;
pub mod json;
pub mod limits;
pub mod time;
pub mod wire;
