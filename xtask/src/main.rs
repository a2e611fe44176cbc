//! Builds the wasm and the portal, runs the demo and all tests.
fn main() {}
