//! File names in a log directory, as listed in `docs/formats/log-directory.md`.

use glasslog_core::fetch::CHECKPOINT_PATH;
use std::path::{Path, PathBuf};

/// Mode of files that only the operator may read: keys, staged entries, the signed head.
pub(crate) const PRIVATE_FILE: u32 = 0o600;
/// Mode of directories that only the operator may enter.
pub(crate) const PRIVATE_DIRECTORY: u32 = 0o700;
/// Mode of files that anyone may read.
pub(crate) const PUBLIC_FILE: u32 = 0o644;
/// Mode of directories that anyone may enter.
pub(crate) const PUBLIC_DIRECTORY: u32 = 0o755;

/// Private file that tells a mirror's copy from a log (`docs/formats/mirror.md`).
const MIRROR_MARK: &str = "mirror";

/// The part of a log directory that a file belongs to, which decides what mends its loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    State,
    /// The published index.
    Index,
    /// The public tree, without the index.
    Public,
}

impl Part {
    /// Returns the part by the file's path; `None` if it is in no log directory, as an object in a bucket.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let mut folders = path
            .ancestors()
            .skip(1)
            .filter_map(Path::file_name)
            .peekable();
        if folders.peek().is_some_and(|name| *name == "keys") {
            return Some(Self::Keys);
        }
        if folders.peek().is_some_and(|name| *name == "state") {
            return Some(Self::State);
        }
        let mut inner = None;
        for name in folders {
            if name == "public" {
                let is_index = inner.is_some_and(|inner| inner == "index");
                return Some(if is_index { Self::Index } else { Self::Public });
            }
            inner = Some(name);
        }
        None
    }
}

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

    /// Returns the layout for the builder of the index, whose temporary files are apart from those of the log's writer.
    pub(crate) fn for_index(&self) -> Self {
        Self {
            root: self.root.clone(),
            temporary: "index-tmp",
        }
    }

    /// Returns the log directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of the operator's configuration. `init` writes it last: a directory without it is not a log.
    pub fn config(&self) -> PathBuf {
        self.root.join("glasslog.toml")
    }

    /// Returns the path of the trust policy for verifiers of this log.
    pub fn trust_policy(&self) -> PathBuf {
        self.root.join("trust.policy")
    }

    /// Returns the directory of secret keys.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Returns the path of one secret key: `log`, `index` or `admin`.
    pub fn key(&self, name: &str) -> PathBuf {
        self.keys().join(name)
    }

    /// Returns the directory of private state.
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Returns the path of the writer's lock, which names its holder.
    pub fn lock(&self) -> PathBuf {
        self.state().join("lock")
    }

    /// Returns the path of the lock that is held while the signed head changes.
    pub fn head_lock(&self) -> PathBuf {
        self.state().join("head.lock")
    }

    /// Returns the path of the lock that is held while `public/checkpoint` changes.
    pub fn checkpoint_lock(&self) -> PathBuf {
        self.state().join("checkpoint.lock")
    }

    /// Returns the path of the newest signed head, which is durable before it is public.
    pub fn head(&self) -> PathBuf {
        self.state().join("head")
    }

    /// Returns the path of the journal of acknowledged entries.
    pub fn journal(&self) -> PathBuf {
        self.state().join("journal")
    }

    /// Returns the path of the times of the last archived checkpoints.
    pub fn archived(&self) -> PathBuf {
        self.private("archived")
    }

    /// Returns the path of a small private file.
    pub(crate) fn private(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    /// Returns the path of the file that tells a mirror's copy from other directories.
    pub(crate) fn mirror(&self) -> PathBuf {
        self.private(MIRROR_MARK)
    }

    /// Returns the path of a sealed journal with the entries from index `first` on.
    pub(crate) fn sealed_journal(&self, first: u64) -> PathBuf {
        self.private(&format!("journal-{first}"))
    }

    /// Returns the path of the size up to which public files are durable.
    pub fn durable_size(&self) -> PathBuf {
        self.state().join("settled")
    }

    /// Returns the path of the index builder's lock.
    pub fn index_lock(&self) -> PathBuf {
        self.state().join("index.lock")
    }

    /// Returns the path of the lock that is held while `public/index/checkpoint`, `public/index/latest.tlog-proof` or
    /// `public/index/audited.tlog-proof` changes.
    pub fn index_checkpoint_lock(&self) -> PathBuf {
        self.state().join("index-checkpoint.lock")
    }

    /// Returns the path of the newest signed head of the index log, which is durable before it is public.
    pub fn index_head(&self) -> PathBuf {
        self.state().join("index-head")
    }

    /// Returns the path of the manifest that was decided last.
    pub fn index_next(&self) -> PathBuf {
        self.state().join("index-next")
    }

    /// Returns the path of the inventory of runs on disk.
    pub fn index_runs(&self) -> PathBuf {
        self.state().join("index-runs")
    }

    /// Returns the directory with the file hashes of each run that has long lists.
    pub fn index_lists(&self) -> PathBuf {
        self.state().join("index-lists")
    }

    /// Returns the path of the indexed size and the time of its manifest.
    pub fn index_made(&self) -> PathBuf {
        self.state().join("index-made")
    }

    /// Returns the directory of temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.state().join(self.temporary)
    }

    /// Returns the public directory, the only one to serve.
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// Returns the path of a public file, given relative to `public/`.
    pub fn public_file(&self, path: &str) -> PathBuf {
        self.public().join(path)
    }

    /// Returns the path of the public checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.public_file(CHECKPOINT_PATH)
    }
}
