//! Verifications: queries that ask for files and end in a report.

pub mod audit;
pub(crate) mod bundle;
pub(crate) mod checkpoint_checks;
pub(crate) mod consistency;
pub(crate) mod contents;
pub(crate) mod entry;
pub(crate) mod entry_proof;
pub(crate) mod event_checks;
pub(crate) mod event_state;
pub(crate) mod faults;
pub(crate) mod fraud;
pub(crate) mod history;
pub(crate) mod inclusion;
pub(crate) mod inconsistency;
pub(crate) mod indexed;
pub(crate) mod key_history;
pub(crate) mod key_positions;
pub(crate) mod matches;
pub(crate) mod options;
pub(crate) mod rotation;
pub(crate) mod scan;
pub(crate) mod split_view;
pub(crate) mod verification;

pub use bundle::{Asked, ReplayError, SinceError, bundled, verify_bundle};
pub use consistency::{ConsistencyQuery, verify_consistency};
pub use entry::EntryQuery;
pub use fraud::verify_fraud;
pub use history::HistoryQuery;
pub use inclusion::verify_proof;
pub use inconsistency::{Inconsistency, InconsistencyError};
pub use options::{Options, Require};
pub use rotation::{Basis, Rotation, RotationFault, RotationQuery};
pub use split_view::verify_inconsistency;
