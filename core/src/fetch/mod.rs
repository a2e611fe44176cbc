//! Plan, fetch, finish: the way a verification asks its caller for files.

pub(crate) mod bundle_file;
pub(crate) mod checkpoint_list;
pub(crate) mod log_file;
pub(crate) mod prove;
pub(crate) mod query;
pub(crate) mod wave;

pub use bundle_file::{Bundle, BundleError, BundleWriter, HEADER};
pub use checkpoint_list::{CheckpointList, PAGE_SIZES};
pub use log_file::{CHECKPOINT_PATH, LogFile};
pub use prove::{ProveError, ProveQuery};
pub use query::{Progress, Query};
