//! The cosignatures of a checkpoint that is in the copy already: the newest one of each witness stays.

use glasslog_core::note::{Checkpoint, Signature, VerifierKey, cosignature};
use glasslog_core::text::limits::MAX_CLOCK_SKEW;
use glasslog_core::trust::Policy;

/// Returns the shown checkpoint with the lines of witnesses that are newer in the copy, or only there. The copy would
/// otherwise look older after a host replayed older lines. A time in the future counts for nobody, so it displaces no line.
pub(super) fn keep_newer(
    shown: &Checkpoint,
    copied: &Checkpoint,
    policy: &Policy,
    now: u64,
) -> Checkpoint {
    let mut kept = shown.clone();
    if shown.note().text() != copied.note().text() {
        return kept;
    }
    let latest = now.saturating_add(MAX_CLOCK_SKEW);
    for witness in policy.witnesses() {
        let Some((time, line)) = newest(copied, &witness.key, latest) else {
            continue;
        };
        let is_newer = newest(shown, &witness.key, latest).is_none_or(|(other, _)| other < time);
        if is_newer && let Ok(with) = kept.with_signature(line.clone()) {
            kept = with;
        }
    }
    match policy.judge(&kept, now).accepts() {
        true => kept,
        false => shown.clone(),
    }
}

/// Returns the newest line of a witness that verifies, with its time.
fn newest<'a>(
    checkpoint: &'a Checkpoint,
    key: &'a VerifierKey,
    latest: u64,
) -> Option<(u64, &'a Signature)> {
    let lines = checkpoint.note().signatures_by(key);
    let timed =
        lines.filter_map(|line| Some((cosignature::verify(checkpoint, key, line).ok()?, line)));
    timed
        .filter(|(time, _)| *time <= latest)
        .max_by_key(|(time, _)| *time)
}
