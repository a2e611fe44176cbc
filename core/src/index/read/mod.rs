//! The reading side of the index: checks claims against a reader's trust policy, and looks up positions.

pub(crate) mod lookup;
pub(crate) mod vouched;
pub(crate) mod walk;

pub use lookup::{Answer, Lookup, LookupError};
pub use vouched::{BindPlan, BoundIndex, IndexProof, IndexVerdict, VouchError, VouchedManifest};
pub use walk::walk_run;
