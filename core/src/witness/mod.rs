//! The protocol between a log and a witness, the same for both ends, and the decisions of a witness ([C2SP
//! tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md), 2026-07-22; `docs/formats/witness.md`).

mod add_checkpoint;
mod answer;
mod decide;
mod known_logs;
mod log_list;
mod log_signature;
mod refusal;
mod witness_key;

pub use add_checkpoint::{AddCheckpoint, AddCheckpointError};
pub use answer::{AnswerError, Cosignatures, encode_size, parse_size};
pub use decide::{Agreed, Fork, Memory, VerifiedRequest};
pub use known_logs::{KnownLog, KnownLogs, KnownLogsError};
pub use log_list::{LogList, LogListError, LogListProblem, Skipped};
pub use refusal::Refusal;
pub use witness_key::{NotAWitnessKey, WitnessKey};

use crate::merkle::sha256;
use crate::note::Origin;
use crate::text::wire;
use alloc::format;
use alloc::string::String;

/// Path of the call that submits a checkpoint, after the submission prefix of a witness.
pub const ADD_CHECKPOINT_PATH: &str = "add-checkpoint";

/// Media type of the answer 409, whose body [`encode_size`] makes.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// Returns the path of the newest checkpoint of a log that a witness cosigned, after its monitoring prefix.
#[must_use]
pub fn monitoring_path(origin: &Origin) -> String {
    format!("{}/checkpoint", origin_hash(origin))
}

/// Returns the name of a log in paths: the SHA-256 of its origin, in lower-case hex.
#[must_use]
pub fn origin_hash(origin: &Origin) -> String {
    wire::hex_encode(sha256(origin.as_str().as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_found_by_the_hash_of_its_origin() {
        let origin = Origin::parse("example.com/log").unwrap();
        assert_eq!(
            monitoring_path(&origin),
            "4d3203c8f35cdf600e475f55fede6081a703d3d322f208865fca2ec4f0e030f8/checkpoint"
        );
    }
}
