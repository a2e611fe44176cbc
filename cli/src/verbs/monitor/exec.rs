//! The command of a monitor: it runs once for each alert, and not for ever.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_client::Error;
use glasslog_client::monitor::Alert;
use rustix::process::{Pid, Signal, kill_process_group};

use super::undelivered::failed;

/// Pause between two looks at whether the command has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// A command of the shell, and the most time that it has for an alert.
pub(super) struct Exec<'a> {
    pub(super) command: &'a str,
    pub(super) limit: Duration,
}

impl Exec<'_> {
    /// Runs the command with an alert on its standard input.
    ///
    /// # Errors
    /// It did not end with 0 in time; after the limit its process group is killed.
    pub(super) fn deliver(&self, alert: &Alert) -> Result<(), Error> {
        let (command, seconds) = (self.command, self.limit.as_secs());
        match self.execute(alert) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(failed(&format!("`{command}` ended with {status}"))),
            Ok(None) => Err(failed(&format!(
                "`{command}` had not ended after {seconds} s, and was killed"
            ))),
            Err(error) => Err(failed(&format!("`{command}`: {error}"))),
        }
    }

    /// Returns the status of the command; `None` if it was killed.
    fn execute(&self, alert: &Alert) -> io::Result<Option<ExitStatus>> {
        let mut child = Command::new("sh")
            .args(["-c", self.command])
            .env("GLASSLOG_ALERT_KIND", alert.kind.name())
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            let json = alert.to_json();
            // A command that does not read its input says by its exit code whether it took the alert. A long alert would wait
            // for such a command, so it is written beside.
            thread::spawn(move || writeln!(input, "{json}"));
        }
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if began.elapsed() >= self.limit {
                kill(&mut child)?;
                return Ok(None);
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Kills a command and the processes that it started in its group. It was not waited for, so that its id is still its own.
fn kill(child: &mut Child) -> io::Result<()> {
    kill_process_group(Pid::from_child(child), Signal::KILL)?;
    child.wait()?;
    Ok(())
}
