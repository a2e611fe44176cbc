//! Receipts: a [tlog-proof](https://c2sp.org/tlog-proof) for each entry, from the public files under the newest checkpoint.

use crate::app::App;
use glasslog_core::fetch::{ProveError, ProveQuery};
use glasslog_log::object_store::Reader;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

/// Number of tries: a growing log may replace the checkpoint and remove partial tiles while a proof is made.
const TRIES: usize = 3;

/// Makes the proofs of published entries, in order.
///
/// # Errors
/// A file that does not match the checkpoint, or that is missing, in every try.
pub(crate) async fn prove(app: &App, indices: Vec<u64>) -> Result<Vec<String>, ProveError> {
    let public = match &app.shared {
        Some(shared) => Public::Bucket(shared.reader.clone()),
        None => Public::Directory(app.public.clone()),
    };
    let work = move || {
        let mut proofs = Err(ProveError::Missing {
            path: String::new(),
        });
        for _ in 0..TRIES {
            let mut files = Files::new(public.clone());
            proofs = indices.iter().map(|index| files.prove(*index)).collect();
            if proofs.is_ok() {
                break;
            }
        }
        proofs
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(ProveError::Missing {
            path: String::new(),
        })
    })
}

/// Source of the public files.
#[derive(Clone)]
enum Public {
    Directory(PathBuf),
    Bucket(Reader),
}

impl Public {
    /// Reads a file; a file that cannot be read counts as missing.
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self {
            Self::Directory(directory) => fs::read(directory.join(path)).ok(),
            Self::Bucket(reader) => reader.read(path).ok().flatten(),
        }
    }
}

/// Files of one try, each read once, so that all proofs are under one checkpoint and neighbours share their tiles.
struct Files {
    public: Public,
    read: HashMap<String, Option<Vec<u8>>>,
}

impl Files {
    fn new(public: Public) -> Self {
        Self {
            public,
            read: HashMap::new(),
        }
    }

    fn prove(&mut self, index: u64) -> Result<String, ProveError> {
        let mut query = ProveQuery::new(index);
        loop {
            for path in query.needs() {
                let bytes = self.file(&path);
                query.supply(&path, bytes);
            }
            if let Some(proof) = query.proof() {
                let bytes = proof.as_ref().map_err(Clone::clone)?.encode();
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }

    fn file(&mut self, path: &str) -> Option<Vec<u8>> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let bytes = self.public.read(path);
        self.read.insert(path.to_owned(), bytes.clone());
        bytes
    }
}
