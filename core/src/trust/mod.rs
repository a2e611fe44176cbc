//! A reader's trust policy: the keys that vouch for a checkpoint (`docs/formats/trust-policy.md`).

pub(crate) mod changes;
pub(crate) mod policy;
pub(crate) mod policy_error;
pub(crate) mod policy_text;
pub(crate) mod rotated;
pub(crate) mod section;
pub(crate) mod trust_error;
pub(crate) mod trust_policy;
pub(crate) mod validity;
pub(crate) mod validity_error;
pub(crate) mod validity_text;

pub use changes::{Change, Statement, changes, describe};
pub use policy::{
    Log, LogVerdict, Policy, QuorumVerdict, UnsupportedWitness, Verdict, Witness, WitnessOutcome,
    WitnessVerdict,
};
pub use policy_error::{PolicyError, PolicyProblem};
pub use section::Section;
pub use trust_error::TrustError;
pub use trust_policy::{Pin, TrustPolicy, VerifiedCheckpoint};
pub use validity::{Invalid, Subject, Terms, Validity, Window};
pub use validity_error::ValidityProblem;
