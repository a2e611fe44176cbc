//! Witnesses ([C2SP tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md)): one that runs once over one log,
//! and the state of one that serves many. The decisions are in `glasslog_core::witness`.
//!
//! | module | contents |
//! |---|---|
//! | `one_shot`, `target` | cosigning the public checkpoint of one log, with a file as memory |
//! | `state`, `generation` | the database of many logs, and the mark by which an older copy of it is noticed |
//! | `committer` | decisions, many in one commit, each durable before it is answered |
//! | `evidence` | files that show the forks of logs |

mod committer;
mod evidence;
mod generation;
mod one_shot;
mod state;
mod state_error;
mod target;
mod witness_error;

pub use committer::{Allowance, Committer, NotCosigned, Outcomes, Signers};
pub use evidence::Evidence;
pub use generation::{FileMark, Mark, mark_beside};
pub use one_shot::{Cosigned, Witness};
pub use state::{Batch, Reader, Restored, State, Summary};
pub use state_error::StateError;
pub use target::Target;
pub use witness_error::WitnessError;
