//! Logs of our own, made by the command line as a user would make them.
use std::fs;
use std::path::{Path, PathBuf};

use glasslog_core::tiles::{EntryBundle, parse_entries};
use tempfile::TempDir;

use crate::glasslog::glasslog;
use crate::words;

/// The origin of our logs here.
pub const ORIGIN: &str = "models.example.com/access";

/// A log directory and the keys beside it.
#[derive(Debug)]
pub struct OurLog {
    folder: TempDir,
}

impl OurLog {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a folder can be made"),
        }
    }

    /// A log without a genesis that had each of these sizes in turn.
    pub fn raw(sizes: &[usize]) -> Self {
        let log = Self::new();
        glasslog(words!["init", log.root(), "--origin", ORIGIN, "--raw"]).expect(0);
        let mut size = 0;
        for &next in sizes {
            let lines: String = (size..next)
                .map(|index| format!("entry {index}\n"))
                .collect();
            let batch = log.beside("batch");
            fs::write(&batch, lines).expect("the batch can be written");
            glasslog(words!["submit", "--log", log.root(), batch]).expect(0);
            size = next;
        }
        log
    }

    /// A log with a genesis, an enrolled actor and one read event for each name.
    pub fn with_reads(names: &[&str]) -> Self {
        let log = Self::new();
        glasslog(words!["init", log.root(), "--origin", ORIGIN]).expect(0);
        let actor = log.actor();
        glasslog(words![
            "keygen",
            "--kind",
            "actor",
            "--name",
            "ci@example.org",
            "--out",
            actor
        ])
        .expect(0);
        let public = log.actor_public();
        glasslog(words![
            "keys",
            "enrol",
            "--log",
            log.root(),
            "--actor",
            "ci@example.org",
            "--key",
            public
        ])
        .expect(0);
        for name in names {
            log.read(name);
        }
        log
    }

    /// Records that the actor read an artifact; gives the path of the proof.
    pub fn read(&self, name: &str) -> PathBuf {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let proof = self.beside(&format!("{name}.tlog-proof"));
        glasslog(words![
            "record",
            "--log",
            self.root(),
            "--signer",
            self.actor(),
            "--action",
            "read",
            "--artifact",
            name,
            "--digest",
            digest,
            "-o",
            proof
        ])
        .expect(0);
        proof
    }

    /// The log directory.
    pub fn root(&self) -> PathBuf {
        self.beside("log")
    }

    /// Its static files.
    pub fn public(&self) -> PathBuf {
        self.root().join("public")
    }

    /// The checkpoint file.
    pub fn checkpoint(&self) -> PathBuf {
        self.public().join("checkpoint")
    }

    /// The actor's secret key.
    pub fn actor(&self) -> PathBuf {
        self.beside("actor")
    }

    /// The actor's public key.
    pub fn actor_public(&self) -> PathBuf {
        self.beside("actor.pub")
    }

    /// A file beside the log.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The trust file that `init` wrote.
    pub fn policy(&self) -> PathBuf {
        self.root().join("trust.policy")
    }

    /// The log's verifier key, from the trust file.
    pub fn vkey(&self) -> String {
        let text = fs::read_to_string(self.policy()).expect("the trust file can be read");
        let line = text.lines().find_map(|line| line.strip_prefix("log "));
        line.expect("the trust file names a log")
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// A policy without sections, which other people's programs read too: `quorum none`, or the given witnesses all.
    pub fn plain_policy(&self, witnesses: &[&str]) -> PathBuf {
        let path = self.beside("plain.policy");
        let mut text = format!("log {}\n", self.vkey());
        let mut group = String::new();
        for (number, vkey) in witnesses.iter().enumerate() {
            text += &format!("witness w{number} {vkey}\n");
            group += &format!(" w{number}");
        }
        if witnesses.is_empty() {
            text += "quorum none\n";
        } else {
            text += &format!("group g all{group}\nquorum g\n");
        }
        fs::write(&path, text).expect("the policy can be written");
        path
    }

    /// The bytes of an entry, written to a file.
    pub fn entry_file(&self, index: u64, size: u64) -> PathBuf {
        let bundle = EntryBundle::containing(index, size).expect("the entry is in the log");
        let bytes = fs::read(self.public().join(bundle.path())).expect("the bundle can be read");
        let entries = parse_entries(&bytes, bundle.width()).expect("the bundle is well formed");
        let entry = entries[usize::try_from(index % 256).expect("a bundle is small")];
        let path = self.beside(&format!("entry-{index}"));
        fs::write(&path, entry).expect("the entry can be written");
        path
    }
}

/// The size that a checkpoint file states.
pub fn size_of(checkpoint: &Path) -> u64 {
    let text = fs::read_to_string(checkpoint).expect("the checkpoint can be read");
    text.lines()
        .nth(1)
        .and_then(|line| line.parse().ok())
        .expect("the checkpoint states a size")
}
