//! Command line of Glasslog.
fn main() {}
