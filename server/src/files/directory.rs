//! The files that may be served: those inside the public tree whose names do not begin with a dot.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tower_http::services::fs::{Backend, TokioBackend, TokioFile};

/// A public tree.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    root: Arc<PathBuf>,
}

type Answer<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Tree {
    /// Returns the tree at `root`.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root: Arc::new(root),
        }
    }

    /// Returns a file's path with every link resolved. A file outside the tree, or with a name that begins with a dot,
    /// counts as missing.
    ///
    /// A change between this check and the opening does no harm: a process that can put links into the tree can put
    /// files there as well.
    async fn resolve(root: Arc<PathBuf>, path: PathBuf) -> io::Result<(PathBuf, Metadata)> {
        let find = move || {
            let inner = path.strip_prefix(&*root).map_err(|_| absent())?;
            if inner
                .iter()
                .any(|name| name.as_encoded_bytes().starts_with(b"."))
            {
                return Err(absent());
            }
            let real = path.canonicalize().map_err(|error| match error.kind() {
                // No file has such a name.
                ErrorKind::InvalidFilename | ErrorKind::NotADirectory => absent(),
                _ => error,
            })?;
            if !real.starts_with(root.canonicalize()?) {
                return Err(absent());
            }
            let metadata = real.metadata()?;
            // A folder is a page's, or nothing.
            let is_page = || metadata.is_dir() && real.join("index.html").is_file();
            match metadata.is_file() || is_page() {
                true => Ok((real, metadata)),
                false => Err(absent()),
            }
        };
        tokio::task::spawn_blocking(find)
            .await
            .unwrap_or_else(|_| Err(absent()))
    }
}

impl Backend for Tree {
    type File = TokioFile;
    type Metadata = Metadata;
    type OpenFuture = Answer<TokioFile>;
    type MetadataFuture = Answer<Metadata>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let root = Arc::clone(&self.root);
        Box::pin(async move {
            let (real, _) = Self::resolve(root, path).await?;
            TokioBackend.open(real).await
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let root = Arc::clone(&self.root);
        Box::pin(async move { Ok(Self::resolve(root, path).await?.1) })
    }
}

fn absent() -> io::Error {
    ErrorKind::NotFound.into()
}
