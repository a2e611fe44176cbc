//! A log in a directory of a POSIX file system (`docs/formats/log-directory.md`): files, locks and durable writes.

pub(crate) mod checkpoint;
pub(crate) mod disk;
pub(crate) mod error;
pub(crate) mod journal;
pub(crate) mod layout;
pub(crate) mod lock;
pub(crate) mod public;
pub(crate) mod steps;
pub(crate) mod storage;
mod sync_many;
pub(crate) mod torn;

pub use checkpoint::CheckpointFile;
pub use disk::{Created, Disk, Durability};
pub use error::{DiskError, Holder, LayoutError, LockError};
pub use layout::Layout;
pub use public::PublicTree;
pub use steps::{Change, Step};
