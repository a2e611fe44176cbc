//! Plan, fetch, finish: the way a verification asks its caller for files.

pub(crate) mod prove;
pub(crate) mod wave;

pub use prove::{ProveError, ProveQuery};
pub use wave::{CHECKPOINT_PATH, Progress, Query};
