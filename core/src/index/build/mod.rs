//! The building side of the index: makes runs from pairs of key and position.

pub(crate) mod join;
pub(crate) mod layout;
pub(crate) mod lists;
pub(crate) mod merge;
pub(crate) mod part;
pub(crate) mod run;
pub(crate) mod run_tree;
pub(crate) mod stored;

pub use join::{Join, JoinError, Joined, Joining, Span};
pub use layout::{UNIT, fan_in, partition};
pub use lists::Lists;
pub use merge::merge;
pub use part::part_of_run;
pub use run::{BUCKET_LOAD, Run, RunError, build, build_from_entries};
pub use stored::{StoredError, bucket_files, read_run};
