//! A folder in which the tests of the writing verbs run commands.
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::served::Served;
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "models.example.com/access";
pub(crate) const CI: &str = "ci@example.org";
pub(crate) const DIGEST: &str =
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(crate) const OTHER_DIGEST: &str =
    "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

/// A folder in which commands run.
pub(crate) struct Shell {
    pub(crate) folder: TempDir,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self {
            // In memory where there is such a place: dozens of commands that each sync a dozen files take a minute else.
            folder: tempfile::tempdir_in("/dev/shm")
                .unwrap_or_else(|_| tempfile::tempdir().unwrap()),
        }
    }

    /// A log with one enrolled actor, whose key is `ci.key`.
    pub(crate) fn with_log() -> Self {
        let shell = Self::new();
        shell.run(&format!("init log --origin {ORIGIN}")).expect(0);
        shell
            .run(&format!("keygen --kind actor --name {CI} --out ci.key"))
            .expect(0);
        shell
            .run(&format!(
                "keys enrol --log log --actor {CI} --key ci.key.pub"
            ))
            .expect(0);
        shell
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = glasslog::command();
        command
            .args(line.split(' '))
            .current_dir(self.folder.path())
            .env("GLASSLOG_CACHE", "off");
        command
    }

    pub(crate) fn run(&self, line: &str) -> Finished {
        finish(&mut self.command(line))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn size(&self) -> u64 {
        self.read("log/public/checkpoint")
            .lines()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }

    /// `record` of a read by the enrolled actor.
    pub(crate) fn record(&self, log: &str, rest: &str) -> Finished {
        self.run(&format!(
            "record --log {log} --signer ci.key --digest {DIGEST} {rest}"
        ))
    }

    /// Makes a link to a device in the folder, if the machine has it. A program that replaces the file at its output's path
    /// then replaces the link, not the device, also if root runs the tests.
    pub(crate) fn has_device(&self, name: &str) -> bool {
        let device = Path::new("/dev").join(name);
        let is_device = |found: fs::Metadata| found.file_type().is_char_device();
        fs::metadata(&device).is_ok_and(is_device) && symlink(device, self.path(name)).is_ok()
    }

    pub(crate) fn serve(&self) -> Served {
        Served::start(self.command("serve log"), Stdio::null()).expect("it listens")
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
