//! A log written by Tessera's POSIX example, which knows nothing of Glasslog.
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::tools::Tools;

/// The origin of Tessera's logs here.
pub const ORIGIN: &str = "example.com/tessera";

/// The log's secret key, good for tests only: its seed is 32 bytes of 7.
pub const SECRET: &str =
    "PRIVATE+KEY+example.com/tessera+34adfeea+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

/// The log's public key.
pub const VKEY: &str = "example.com/tessera+34adfeea+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

/// The bytes of an entry.
pub fn entry(index: usize) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// A log directory, its entries and its keys.
#[derive(Debug)]
pub struct TesseraLog {
    folder: TempDir,
}

impl TesseraLog {
    /// Writes a log that had each of these sizes in turn, so that superseded partial tiles stay behind.
    pub fn write(tools: &Tools, sizes: &[usize]) -> Self {
        Self::write_entries(tools, sizes, entry)
    }

    /// Writes a log with the same key and other entries: a fork.
    pub fn write_fork(tools: &Tools, size: usize) -> Self {
        Self::write_entries(tools, &[size], |index| format!("fork {index}").into_bytes())
    }

    fn write_entries(tools: &Tools, sizes: &[usize], entry: impl Fn(usize) -> Vec<u8>) -> Self {
        let log = Self {
            folder: TempDir::new().expect("a folder can be made"),
        };
        let secret = log.beside().join("log.sec");
        fs::write(&secret, SECRET).expect("the key can be written");
        let mut size = 0;
        for &next in sizes {
            let folder = log.beside().join(format!("until-{next}"));
            fs::create_dir(&folder).expect("the folder can be made");
            for index in size..next {
                // Names sort as text, and that order is the order of the entries.
                fs::write(folder.join(format!("{index:08}")), entry(index))
                    .expect("the entry can be written");
            }
            size = next;
            let storage = format!("--storage_dir={}", log.path().display());
            let entries = format!("--entries={}/*", folder.display());
            let key = format!("--private_key={}", secret.display());
            tools
                .run("posix-oneshot", [storage, entries, key])
                .expect(0);
            fs::copy(log.path().join("checkpoint"), log.checkpoint(next))
                .expect("the checkpoint can be kept");
        }
        log
    }

    /// The root of the static files.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The checkpoint of a size that the log had.
    pub fn checkpoint(&self, size: usize) -> PathBuf {
        self.beside().join(format!("checkpoint-{size}"))
    }

    /// A plain policy that trusts the log's key alone.
    pub fn policy(&self) -> PathBuf {
        let path = self.beside().join("policy");
        fs::write(&path, format!("log {VKEY}\nquorum none\n")).expect("the policy can be written");
        path
    }

    /// A place for files beside the log.
    pub fn beside(&self) -> &Path {
        self.folder.path()
    }
}
