//! The files that may be served: those that really lie under the public tree, and whose names hide nothing.

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
    /// The tree at `root`.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root: Arc::new(root),
        }
    }

    /// Where a file really is. What lies elsewhere, behind a link or a name that begins with a dot, is not there.
    ///
    /// Whoever can put links into the tree can as well put files there, so what happens between this look and the
    /// opening does not matter.
    async fn resolve(root: Arc<PathBuf>, path: PathBuf) -> io::Result<(PathBuf, Metadata)> {
        let look = move || {
            let inner = path.strip_prefix(&*root).map_err(|_| absent())?;
            if inner
                .iter()
                .any(|name| name.as_encoded_bytes().starts_with(b"."))
            {
                return Err(absent());
            }
            let real = path.canonicalize()?;
            if !real.starts_with(root.canonicalize()?) {
                return Err(absent());
            }
            let metadata = real.metadata()?;
            match metadata.is_file() || metadata.is_dir() {
                true => Ok((real, metadata)),
                false => Err(absent()),
            }
        };
        tokio::task::spawn_blocking(look)
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
