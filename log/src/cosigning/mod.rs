//! Cosignatures of a log's own witnesses: a checkpoint of a log with the section `[witnesses]` is public once the quorum of its
//! policy cosigned it (`docs/formats/log-directory.md`, "Witnesses").
//!
//! A *round* asks all witnesses at once for cosignatures on one checkpoint. It ends when the quorum is met, or when all
//! have answered or used up their time. The next round begins `every` later at the earliest, and only when the witnesses
//! that are not resting after a failure can meet the quorum. A witness that cosigns after the quorum was met is not lost:
//! its line is added to the public checkpoint.
//!
//! The memory of witnesses decides nothing: a witness says itself from which size it wants a proof, and a size that this
//! log never signed is reported and never believed.

pub(crate) mod missing;
mod once;
pub(crate) mod policy;
mod proof;
mod round;
pub(crate) mod settings;
pub(crate) mod state;

pub use missing::{Missing, NotCosigned};
pub use policy::Role;
pub use settings::{Pace, Seconds, Witnessing};

pub(crate) use proof::prover;
pub(crate) use round::{Cosigning, Heard};

use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use glasslog_client::witness::Memory;
use glasslog_core::trust::Witness as KnownWitness;
use state::State;

/// A witness, and what its log remembers of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: String,
    /// False if the policy gives it no address: it is never asked.
    pub is_asked: bool,
    /// The memory of it.
    pub memory: Memory,
}

/// Reason for which a witness without an address does not cosign.
pub const NO_ADDRESS: &str = "the policy gives it no address, so it is never asked";

/// An event that the operator hears of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A witness began to fail, or fails for another reason.
    Fails {
        /// Its name in the policy.
        name: String,
        /// Its failure, in words.
        message: String,
        /// True if the witness claims another history of the log than its writer has.
        is_alarm: bool,
    },
    /// A witness cosigns again.
    Recovered {
        /// Its name in the policy.
        name: String,
    },
    /// A round ended without a quorum: the public checkpoint stays.
    NotCosigned(NotCosigned),
    /// The quorum cosigned again, after a round in which it did not.
    Published {
        /// Size of the checkpoint.
        size: u64,
    },
}

/// The witnesses of a log, as its writer left them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Each witness, in the order of the policy.
    pub witnesses: Vec<Standing>,
    /// Names of those that were missing when the last round ended without a quorum; none if it met the quorum.
    pub missing: Vec<String>,
}

/// Reads the standings of the witnesses of the log at `layout` from what its writer kept, for its status.
pub(crate) fn standings(
    config: &Config,
    role: Role,
    (disk, layout): (&Disk, &Layout),
    kept: Option<Vec<u8>>,
) -> Result<Standings, LogError> {
    let Some(settings) = &config.witnesses else {
        return Ok(Standings::default());
    };
    let (_, trust) = policy::read(settings, disk, layout)?;
    let section = match role {
        Role::Log => Some(trust.log()),
        Role::Index => trust.index(),
    };
    let section = section.filter(|section| section.requires_witnesses());
    let state = State::parse(&kept.unwrap_or_default());
    let witnesses = section.map(|section| section.witnesses());
    let witnesses = witnesses.unwrap_or_default().iter();
    let standing = |witness: &KnownWitness| {
        let key = witness.key.to_string();
        Standing {
            name: witness.name.clone(),
            is_asked: witness.url.is_some(),
            memory: state.memory(&key),
            key,
        }
    };
    Ok(Standings {
        witnesses: witnesses.map(standing).collect(),
        missing: state.missing,
    })
}
