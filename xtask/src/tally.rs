//! Runs tests and counts them by the closing lines of their runners.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use xtask::process::line_of;

/// The results of the tests of all runners.
#[derive(Default)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Skipped tests, with their reasons.
    pub(crate) skipped: Vec<String>,
}

impl Tally {
    /// Runs a command that runs tests, shows its output and counts its results.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        let line = line_of(command);
        eprintln!("$ {line}");
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{line}`"))?;
        let stdout = child
            .stdout
            .take()
            .with_context(|| format!("`{line}` has no output"))?;
        let mut quiet = false;
        for text in BufReader::new(stdout).split(b'\n') {
            let text = text?;
            let text = String::from_utf8_lossy(&text);
            self.count(&text);
            // With `--show-output` libtest repeats what each passing test printed, between these two lines.
            quiet = match text.as_ref() {
                "successes:" => true,
                "failures:" => false,
                other if other.starts_with("test result:") => false,
                _ => quiet,
            };
            if !quiet {
                println!("{text}");
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{line}` failed: {status}");
        }
        Ok(())
    }

    /// Notes a part that could not be tested here.
    pub(crate) fn skip(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.skipped.contains(&what) {
            self.skipped.push(what);
        }
    }

    fn count(&mut self, line: &str) {
        let line = line.trim();
        // A test that lacks something it needs prints this line, and passes.
        if let Some(what) = line.strip_prefix("skipped: ") {
            self.skip(what);
        }
        // Node: `﹣ name (0.1ms) # reason`
        if let Some(test) = line.strip_prefix("﹣ ")
            && let Some((name, reason)) = test.rsplit_once(" # ")
        {
            let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
            self.skip(format!("{name}: {reason}"));
        }
        // libtest: `test result: ok. 12 passed; 0 failed; 1 ignored; …`
        if let Some(counts) = line.strip_prefix("test result: ") {
            for (number, what) in counts
                .split([';', '.'])
                .filter_map(|part| part.trim().split_once(' '))
            {
                self.add(number, what);
            }
        }
        // Node: `ℹ pass 12`, or `# pass 12`
        if let Some((what, number)) = line
            .trim_start_matches(['ℹ', '#'])
            .trim_start()
            .split_once(' ')
            && line.starts_with(['ℹ', '#'])
        {
            self.add(number, what);
        }
    }

    fn add(&mut self, number: &str, what: &str) {
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match what {
            "passed" | "pass" => self.passed += number,
            "failed" | "fail" => self.failed += number,
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.count(line));
        tally
    }

    #[test]
    fn counts_closing_lines() {
        let cargo = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        let tally = tally(&format!(
            "{cargo}\ntest result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured\nℹ tests 5\nℹ pass 4\nℹ fail 1\n# pass 6\n1 pass 9"
        ));
        assert_eq!((tally.passed, tally.failed), (25, 3));
    }

    #[test]
    fn names_what_was_skipped_once() {
        let tally = tally(
            "skipped: ../shared/vectors is absent\nskipped: ../shared/vectors is absent\n﹣ in Chromium (0.1ms) # no browser",
        );
        assert_eq!(
            tally.skipped,
            ["../shared/vectors is absent", "in Chromium: no browser"]
        );
    }
}
