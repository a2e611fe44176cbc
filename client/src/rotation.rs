//! A reader's trust file brought up to date: the rotations of a log's key, followed from the key that the file names.

use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{Checkpoint, VerifierKey};
use glasslog_core::report::Class;
use glasslog_core::text::escape::excerpt;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{Basis, Rotation, RotationFault, RotationQuery};

use crate::drive::{Outcome, Reading, feed, read_with_retries};
use crate::error::Error;
use crate::source::Source;

/// Remedy where no key of a trust policy signed the checkpoint of a log.
pub const FOLLOW: &str = "if the log's key was changed, `glasslog trust update` follows the change";

/// Most rotations that are followed: a policy has no more logs.
const MAX_ROTATIONS: usize = 64;

/// A trust file by which the newest checkpoint of a log is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The origin of the log.
    pub origin: String,
    /// The newest head.
    pub head: TreeHead,
    /// The rotations that the file did not know, in their order.
    pub rotations: Vec<Rotation>,
    /// The file: the one that was given if there are none.
    pub policy: Vec<u8>,
}

/// Follows the rotations of a log from the keys that a trust file names for it.
///
/// # Errors
/// A file of the log cannot be read. A rotation that does not hold, and a newest checkpoint that no rotation leads to, are
/// results.
pub fn follow(
    source: &dyn Source,
    policy: &[u8],
    basis: Basis,
    now: u64,
) -> Result<Result<Followed, RotationFault>, Error> {
    let attempt = |reading: &Reading<'_>| follow_once(reading, policy, basis, now);
    read_with_retries(source, &(), attempt, |followed| Outcome {
        is_failed: matches!(followed, Err(fault) if fault.class == Class::False),
        is_unfinished: matches!(followed, Err(fault) if fault.class == Class::Unfinished),
    })
}

fn follow_once(
    source: &dyn Source,
    policy: &[u8],
    basis: Basis,
    now: u64,
) -> Result<Result<Followed, RotationFault>, Error> {
    let fault = |class, code, detail: String| {
        Ok(Err(RotationFault {
            class,
            code,
            detail,
        }))
    };
    let Some(bytes) = source.read(CHECKPOINT_PATH)? else {
        let detail = format!("`{CHECKPOINT_PATH}` is missing");
        return fault(Class::Unfinished, "missing-file", detail);
    };
    let newest = match Checkpoint::parse(&bytes) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let detail = format!("`{CHECKPOINT_PATH}`: {error}");
            return fault(Class::MalformedLog, error.code(), detail);
        }
    };
    let mut policy = policy.to_vec();
    let mut rotations: Vec<Rotation> = Vec::new();
    let mut trust = match TrustPolicy::parse(&policy) {
        Ok(trust) => trust,
        Err(error) => return fault(Class::MalformedInput, error.code(), error.to_string()),
    };
    let origin = newest.origin().as_str();
    let logs = trust.log().logs().iter();
    let of_log = logs.filter(|log| log.key.name().as_str() == origin);
    if of_log.clone().next().is_none() {
        let detail = format!("the policy names no log `{}`", excerpt(origin));
        return fault(Class::Undecided, "rotation-other-log", detail);
    }
    let unlimited = of_log.filter(|log| log.validity.up_to_size.is_none());
    let mut open: Vec<VerifierKey> = unlimited.map(|log| log.key.clone()).collect();
    while let Some(old) = open.pop() {
        let mut query = RotationQuery::new(old, trust.clone(), newest.head(), now).on(basis);
        feed(&mut query, source, &(), |_| true)?;
        let rotation = match query.outcome() {
            Some(Ok(Some(rotation))) => rotation.clone(),
            Some(Ok(None)) => continue,
            Some(Err(fault)) => return Ok(Err(fault.clone())),
            None => {
                let detail = "the rotation was not read whole".to_owned();
                return fault(Class::Unfinished, "rotation-unfinished", detail);
            }
        };
        if rotations.len() >= MAX_ROTATIONS {
            let detail = format!("the log has more than {MAX_ROTATIONS} rotations");
            return fault(Class::Undecided, "rotation-too-many", detail);
        }
        let Rotation { old, new, size, .. } = &rotation;
        let rotated = TrustPolicy::rotated(&policy, old, new, *size)
            .and_then(|text| Ok((TrustPolicy::parse(&text)?, text)));
        (trust, policy) = match rotated {
            Ok(rotated) => rotated,
            Err(error) => {
                let detail = format!("the key of the log cannot stand in the policy: {error}");
                return fault(Class::Undecided, error.code(), detail);
            }
        };
        open.push(new.clone());
        rotations.push(rotation);
    }
    let (verdict, verified) = trust.verify_log(&newest, now);
    match verified {
        Some(_) => Ok(Ok(Followed {
            origin: origin.to_owned(),
            head: newest.head(),
            rotations,
            policy,
        })),
        None if verdict.is_false() => {
            let detail = "a signature on the newest checkpoint is false".to_owned();
            fault(Class::False, "rotation-head-false", detail)
        }
        None => {
            let detail = match verdict.log.is_signed() {
                true => "the trust policy does not accept the newest checkpoint yet",
                false => {
                    "no rotation in the log leads from a key of the trust policy to the one that signed the newest checkpoint"
                }
            };
            fault(Class::Undecided, "rotation-not-followed", detail.to_owned())
        }
    }
}
