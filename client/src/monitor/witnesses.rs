//! The heads that witnesses show of a log, compared with the log's own (`docs/formats/monitor.md`, "Other views").
//!
//! A head that the log signed and that a witness shows must be in the log's tree. One that is larger than the log's is kept
//! until the log shows as much.

use std::collections::BTreeMap;

use glasslog_core::note::Checkpoint;
use glasslog_core::trust::LogVerdict;
use glasslog_core::witness::monitoring_path;

use super::kind::Kind;
use super::{Condition, Monitor};
use crate::fork::contradiction;
use crate::source::Source;

/// A witness of the monitored logs.
pub struct Witness<'a> {
    /// Its monitoring prefix, as the user wrote it.
    pub name: &'a str,
    /// The files below that prefix.
    pub source: &'a dyn Source,
}

/// The size that another source showed, and since when the log is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Size of the larger head.
    pub size: u64,
    /// Time at which it was seen first.
    pub since: u64,
}

/// The newest head that each witness showed of a log, by the witness's name.
pub type Shown = BTreeMap<String, Checkpoint>;

impl Monitor<'_> {
    /// Asks every witness for its head of the log, and compares the heads with the log's.
    pub(super) fn compare_witnesses(&mut self, alarms: &mut Vec<Condition>) {
        for witness in self.rules.witnesses {
            let compared = self.compare_witness(witness);
            alarms.extend(compared.err());
        }
        let witnesses = self.rules.witnesses;
        let is_asked = |name: &String| witnesses.iter().any(|it| it.name == name);
        self.state.shown.retain(|name, _| is_asked(name));
    }

    fn compare_witness(&mut self, witness: &Witness<'_>) -> Result<(), Condition> {
        let name = witness.name;
        let of_witness = |condition: Condition| Condition {
            message: format!("witness `{name}`: {}", condition.message),
            ..condition
        };
        let Some(accepted) = self.state.checkpoint.clone() else {
            return Ok(());
        };
        let before = self.state.shown.get(name).cloned();
        // A head that the log did not show yet is compared once it does, also if the witness is gone by then.
        if let Some(before) = &before {
            self.check_same_tree(before, &accepted)
                .map_err(of_witness)?;
        }
        let shown = self.head_of(witness, &accepted).map_err(of_witness)?;
        self.check_same_tree(&shown, &accepted)
            .map_err(of_witness)?;
        let newest = before.as_ref().map_or(0, |before| before.head().size);
        if shown.head().size < newest {
            let message = format!(
                "its head has size {}, and had size {newest}",
                shown.head().size
            );
            return Err(of_witness(Condition::new(Kind::Rollback, message)));
        }
        self.state.see(shown.head().size, self.rules.now);
        self.state.shown.insert(name.to_owned(), shown);
        Ok(())
    }

    /// Reads the head that a witness shows, with the lines that verify.
    fn head_of(
        &self,
        witness: &Witness<'_>,
        accepted: &Checkpoint,
    ) -> Result<Checkpoint, Condition> {
        let bytes = witness.source.read(&monitoring_path(accepted.origin()))?;
        let missing = || Condition::new(Kind::Unreachable, "it has no checkpoint of this log");
        let shown = Checkpoint::parse(&bytes.ok_or_else(missing)?);
        let shown = shown.map_err(|error| Condition::new(Kind::Malformed, error))?;
        if shown.origin() != accepted.origin() {
            let message = format!("it shows a checkpoint of `{}`", shown.origin());
            return Err(Condition::new(Kind::Malformed, message));
        }
        let log = self.rules.policy.log();
        if log.judge(&shown, self.rules.now).is_false() {
            let message = "a signature of a known key on its checkpoint is wrong";
            return Err(Condition::new(Kind::False, message));
        }
        let is_signed = matches!(log.judge_signature(&shown), LogVerdict::Signed(_));
        let signed = log.signed(&shown).filter(|_| is_signed);
        let unsigned = || {
            let message = "its checkpoint has no signature of the log that the trust policy knows";
            Condition::new(Kind::NotAccepted, message)
        };
        Ok(signed.ok_or_else(unsigned)?.checkpoint().clone())
    }

    /// Checks that a head is in the log's tree, as far as the log shows it.
    fn check_same_tree(&self, head: &Checkpoint, accepted: &Checkpoint) -> Result<(), Condition> {
        if head.head().size > accepted.head().size {
            return Ok(());
        }
        let Some(evidence) = contradiction(self.source, head, accepted)? else {
            return Ok(());
        };
        Err(Condition {
            evidence: Some(Box::new(evidence)),
            ..Condition::new(
                Kind::SplitView,
                "it cosigned another tree than the log shows",
            )
        })
    }

    /// Adds the alarm of a log that is behind what others see of it.
    pub(super) fn check_behind(&mut self, alarms: &mut Vec<Condition>) {
        let size = self.state.size();
        self.state.behind = self.state.behind.filter(|behind| behind.size > size);
        if let Some(behind) = self.state.behind {
            let late = self.rules.now.saturating_sub(behind.since);
            if late >= self.rules.max_lag {
                let message = format!(
                    "the log shows size {size}, and another source has shown size {} for {late} s",
                    behind.size
                );
                alarms.push(Condition::new(Kind::Withheld, message));
            }
        }
    }
}
