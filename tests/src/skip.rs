//! Says aloud what a test could not do on this machine.
use std::io::Write as _;

/// Writes a `skipped: …` line, which the test runner gathers for its last lines.
///
/// It goes straight to standard error, because the harness swallows what passing tests print.
pub fn skipped(why: &str) {
    let line = format!("skipped: {why}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error can be written");
}
