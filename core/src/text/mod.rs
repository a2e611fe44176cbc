//! Text and bytes: encodings, strict JSON, times, bounds. Every other folder may use this one; it uses none.

pub mod escape;
pub(crate) mod heapsort;
pub mod json;
pub(crate) mod json_value;
pub mod limits;
pub(crate) mod parts;
pub mod time;
pub mod wire;
