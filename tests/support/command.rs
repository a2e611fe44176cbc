//! Runs a program to its end, under a time limit, with its output kept apart.
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Far above what any of the programs needs: one that hangs must fail its test, not stop the run.
const LIMIT: Duration = Duration::from_secs(90);

/// Collects arguments of several kinds: text, paths and numbers shown as text.
#[macro_export]
macro_rules! words {
    ($($word:expr),* $(,)?) => {
        [$(AsRef::<std::ffi::OsStr>::as_ref(&$word).to_os_string()),*]
    };
}

/// Result of a program that ran to its end.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
    /// Time that it took.
    pub took: Duration,
}

impl Finished {
    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// Passes the result on when the exit code is the expected one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(self.code == code, "exit code {code} was expected: {self}");
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {}\n{}{}",
            self.code,
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        )
    }
}

/// Runs a program with the given arguments and nothing on standard input.
pub fn run<S: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = S>) -> Finished {
    finish(Command::new(program).args(arguments))
}

/// Runs a prepared command.
pub fn finish(command: &mut Command) -> Finished {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} starts: {error}"));
    let stdout = gather(child.stdout.take());
    let stderr = gather(child.stderr.take());
    let status = loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        if began.elapsed() > LIMIT {
            child.kill().expect("the program can be stopped");
            panic!("{command:?} did not finish in {} s", LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(2));
    };
    Finished {
        code: status.code().unwrap_or(-1),
        stdout: stdout.join().expect("standard output is read"),
        stderr: String::from_utf8_lossy(&stderr.join().expect("standard error is read"))
            .into_owned(),
        took: began.elapsed(),
    }
}

/// Reads a pipe in the background, so that the program never waits for room in it.
fn gather(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("the pipe can be read");
        }
        bytes
    })
}
