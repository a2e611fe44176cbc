//! The policy of the section `[witnesses]`, read and judged before a log with witnesses is opened.

use super::settings::{Pace, Witnessing};
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::storage::error::StorageError;
use glasslog_client::witness::Witness;
use glasslog_core::note::VerifierKey;
use glasslog_core::text::escape::display_safe;
use glasslog_core::trust::{Policy, TrustPolicy};
use std::path::PathBuf;
use std::sync::Arc;

/// The two logs that a log directory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The log itself; its witnesses are in `[log]`.
    Log,
    /// The log of the index's manifests; its witnesses are in `[index]`.
    Index,
}

/// The witnesses of one log that can be asked.
#[derive(Debug)]
pub(super) struct Cosigners {
    pub(super) policy: Policy,
    /// For each witness of the policy, the way to ask it; `None` without an address.
    pub(super) witnesses: Vec<Option<Arc<Witness>>>,
    pub(super) pace: Pace,
}

/// Reads the policy file of the log at `layout`.
pub(super) fn read(
    settings: &Witnessing,
    disk: &Disk,
    layout: &Layout,
) -> Result<(PathBuf, TrustPolicy), LogError> {
    let path = layout.root().join(&settings.policy);
    let missing = || StorageError::NoPolicy { path: path.clone() };
    let bytes = disk.read(&path)?.ok_or_else(missing)?;
    let policy = TrustPolicy::parse(&bytes).map_err(|error| LogError::setting(&path, error))?;
    Ok((path, policy))
}

/// Returns the witnesses of the log whose checkpoints `own` signs; `None` for an index that needs none.
///
/// # Errors
/// The policy needs no witness, is about another log, or has a quorum that cannot be met.
pub(super) fn cosigners(
    settings: &Witnessing,
    role: Role,
    own: &VerifierKey,
    disk: &Disk,
    layout: &Layout,
) -> Result<Option<Cosigners>, LogError> {
    let (path, trust) = read(settings, disk, layout)?;
    let refuse = |problem: String| LogError::setting(&path, problem);
    let section = match role {
        Role::Log => Some(trust.log()),
        Role::Index => trust.index(),
    };
    let Some(policy) = section.filter(|section| section.requires_witnesses()) else {
        return match role {
            Role::Log => Err(refuse(
                "it requires no witness (`quorum none`): name a quorum, or remove `[witnesses]` from glasslog.toml".into(),
            )),
            Role::Index => Ok(None),
        };
    };
    let logs = policy.logs();
    if !logs.is_empty() && !logs.iter().any(|log| log.key == *own) {
        return Err(refuse(format!(
            "it is about other logs: no `log` line has the key of `{}`",
            own.name().as_str()
        )));
    }
    let mut witnesses = Vec::new();
    for witness in policy.witnesses() {
        let endpoint = witness.url.as_deref();
        let endpoint = endpoint.map(|url| Witness::new(witness.key.clone(), url));
        let endpoint = endpoint.transpose().map_err(|error| {
            refuse(format!(
                "the address of the witness `{}`: {error}",
                witness.name
            ))
        })?;
        witnesses.push(endpoint.map(Arc::new));
    }
    let can_be_asked = |at: usize| witnesses.get(at).is_some_and(Option::is_some);
    if !policy.is_met_by(can_be_asked) {
        let known = policy.witnesses().iter().zip(&witnesses);
        let without = known.filter(|(_, endpoint)| endpoint.is_none());
        let without = without.map(|(known, _)| &known.name);
        let unasked = without.chain(policy.unsupported().iter().map(|witness| &witness.name));
        let unasked: Vec<String> = unasked
            .map(|name| format!("`{}`", display_safe(name)))
            .collect();
        return Err(refuse(format!(
            "its quorum ({}) cannot be met without {}: a witness without an address, or with a key of an unknown type, is never asked",
            policy.needs(),
            unasked.join(", ")
        )));
    }
    let are_own = witnesses.iter().flatten().all(|witness| witness.is_own());
    let pace = settings.pace(are_own);
    let pace = pace.map_err(|problem| LogError::setting(layout.config(), problem))?;
    Ok(Some(Cosigners {
        policy: policy.clone(),
        witnesses,
        pace,
    }))
}
