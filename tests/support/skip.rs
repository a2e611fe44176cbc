//! Says aloud what a test could not do on this machine.
use std::io::Write as _;

/// Writes a `skipped: …` line, which the test runner gathers for its last lines.
///
/// It goes straight to standard output, because the harness swallows what passing tests print, and begins a line of its
/// own, because the harness may have begun one.
pub fn skipped(why: &str) {
    let line = format!("\nskipped: {why}\n");
    std::io::stdout()
        .write_all(line.as_bytes())
        .expect("standard output can be written");
}
