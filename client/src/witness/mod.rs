//! Asks a witness for its cosignature on a checkpoint ([C2SP
//! tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md#add-checkpoint), "add-checkpoint").
//!
//! A [`Witness`] is asked once for each checkpoint, and once more if it says that it cosigned another size than the log
//! believed. A cosignature is carried only if it verifies by the key that the caller's policy gives the witness. Quorums,
//! pauses after failures and the rate of requests are the caller's matter: [`Memory`] keeps what it needs for them.

mod ask;
mod error;
mod memory;

pub use ask::{Asked, Caller, Cosigned, Prove, Witness, is_own_host};
pub use error::WitnessError;
pub use memory::{Failing, Memory};
