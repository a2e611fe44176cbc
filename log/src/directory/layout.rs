//! Names inside a log directory, as `docs/formats/log-directory.md` lists them.

use std::path::{Path, PathBuf};

/// Mode of files that only the operator may read: keys, staged entries, the signed head.
pub(crate) const PRIVATE_FILE: u32 = 0o600;
/// Mode of directories that only the operator may enter.
pub(crate) const PRIVATE_DIRECTORY: u32 = 0o700;
/// Mode of files that anyone may read.
pub(crate) const PUBLIC_FILE: u32 = 0o644;
/// Mode of directories that anyone may enter.
pub(crate) const PUBLIC_DIRECTORY: u32 = 0o755;

/// The paths of one log directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    temporary: &'static str,
}

impl Layout {
    /// Returns the layout of the log at `root`; nothing is read.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            temporary: "tmp",
        }
    }

    /// The same log as the builder of its index sees it: what it is writing lies apart from what the log is writing.
    pub(crate) fn for_index(&self) -> Self {
        Self {
            root: self.root.clone(),
            temporary: "index-tmp",
        }
    }

    /// The log directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The operator's configuration. It is written last by `init`: a directory without it is not a log.
    pub fn config(&self) -> PathBuf {
        self.root.join("glasslog.toml")
    }

    /// What a verifier needs to trust this log.
    pub fn trust_policy(&self) -> PathBuf {
        self.root.join("trust.policy")
    }

    /// Secret keys.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// One secret key: `log`, `index` or `admin`.
    pub fn key(&self, name: &str) -> PathBuf {
        self.keys().join(name)
    }

    /// Private state.
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Held by the one writer; says who it is.
    pub fn lock(&self) -> PathBuf {
        self.state().join("lock")
    }

    /// Held for a moment by whoever moves the signed head.
    pub fn head_lock(&self) -> PathBuf {
        self.state().join("head.lock")
    }

    /// Held for a moment by whoever changes `public/checkpoint`.
    pub fn checkpoint_lock(&self) -> PathBuf {
        self.state().join("checkpoint.lock")
    }

    /// The newest signed head, durable before it is public.
    pub fn head(&self) -> PathBuf {
        self.state().join("head")
    }

    /// Acknowledged entries.
    pub fn journal(&self) -> PathBuf {
        self.state().join("journal")
    }

    /// Which checkpoint was archived last, and when.
    pub fn archived(&self) -> PathBuf {
        self.private("archived")
    }

    /// A small private file, by its name.
    pub(crate) fn private(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    /// Acknowledged entries from index `first` on, in a journal that takes no more.
    pub(crate) fn sealed_journal(&self, first: u64) -> PathBuf {
        self.private(&format!("journal-{first}"))
    }

    /// How far public files are durable.
    pub fn durable_size(&self) -> PathBuf {
        self.state().join("settled")
    }

    /// Held by the one process that builds the index.
    pub fn index_lock(&self) -> PathBuf {
        self.state().join("index.lock")
    }

    /// Held for a moment by whoever changes `public/index/checkpoint` or `public/index/latest.tlog-proof`.
    pub fn index_checkpoint_lock(&self) -> PathBuf {
        self.state().join("index-checkpoint.lock")
    }

    /// The newest signed head of the index log, durable before it is public.
    pub fn index_head(&self) -> PathBuf {
        self.state().join("index-head")
    }

    /// The manifest that was decided on last.
    pub fn index_next(&self) -> PathBuf {
        self.state().join("index-next")
    }

    /// Which runs of the index are on disk.
    pub fn index_runs(&self) -> PathBuf {
        self.state().join("index-runs")
    }

    /// For each run that has long lists, the hashes of their files.
    pub fn index_lists(&self) -> PathBuf {
        self.state().join("index-lists")
    }

    /// How far the index is, and since when.
    pub fn index_made(&self) -> PathBuf {
        self.state().join("index-made")
    }

    /// Files that are being written.
    pub fn temporary(&self) -> PathBuf {
        self.state().join(self.temporary)
    }

    /// The only directory to serve.
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// A public file, by its path relative to `public/`.
    pub fn public_file(&self, path: &str) -> PathBuf {
        self.public().join(path)
    }

    /// The newest checkpoint that anyone can see.
    pub fn checkpoint(&self) -> PathBuf {
        self.public_file("checkpoint")
    }
}
