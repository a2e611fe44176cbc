//! Ages of the cosignatures that the log's own trust policy names: of witnesses on the checkpoint, of auditors on the
//! index. Read when they are requested.

use crate::app::App;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::index::format::INDEX_CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{Policy, TrustPolicy, WitnessOutcome};
use glasslog_log::Layout;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    role: &'static str,
    name: String,
}

/// Adds the age of each cosignature; one that is missing is as old as the epoch, so that an alarm needs one rule.
pub(super) fn register(registry: &mut Registry, app: &App) {
    let ages: Family<Labels, Gauge> = Family::default();
    for (labels, age) in read(app).unwrap_or_default() {
        ages.get_or_create(&labels).set(age);
    }
    registry.register_with_unit(
        "cosignature_age",
        "Age of the cosignature that LOG/trust.policy asks for, by the role and the name of the cosigner",
        Unit::Seconds,
        ages,
    );
}

/// Returns the ages; `None` if the trust policy or a checkpoint cannot be read.
fn read(app: &App) -> Option<Vec<(Labels, i64)>> {
    let policy = fs::read(Layout::new(&app.directory).trust_policy()).ok()?;
    let policy = TrustPolicy::parse(&policy).ok()?;
    let source = app.source().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let roles = [
        ("witness", Some(policy.log()), CHECKPOINT_PATH),
        ("auditor", policy.audit(), INDEX_CHECKPOINT_PATH),
    ];
    let mut ages = Vec::new();
    for (role, section, path) in roles {
        let Some(section) = section.filter(|section| !section.witnesses().is_empty()) else {
            continue;
        };
        let checkpoint = Checkpoint::parse(&source.read(path).ok()??).ok()?;
        ages.extend(times(section, &checkpoint, now).map(|(name, time)| {
            let age = i64::try_from(now.saturating_sub(time)).unwrap_or(i64::MAX);
            (Labels { role, name }, age)
        }));
    }
    Some(ages)
}

/// Returns the time of each witness's cosignature; 0 without one.
fn times(
    section: &Policy,
    checkpoint: &Checkpoint,
    now: u64,
) -> impl Iterator<Item = (String, u64)> {
    let witnesses = section.judge(checkpoint, now).witnesses.into_iter();
    // A key that this version cannot verify with tells no age.
    let known = witnesses.filter(|witness| witness.outcome != WitnessOutcome::Unsupported);
    known.map(|witness| match witness.outcome {
        WitnessOutcome::Counted { time } | WitnessOutcome::Future { time } => (witness.name, time),
        _ => (witness.name, 0),
    })
}
