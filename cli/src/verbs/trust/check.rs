//! `trust check`: whether a trust policy is well formed, and what it leaves open.

use std::path::PathBuf;

use glasslog_core::trust::{Policy, TrustPolicy};
use serde::Serialize;

use crate::args::read_trust_policy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Checks that a trust policy is well formed, and says what it leaves open.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits 0 for a well-formed policy, whatever it leaves open, and 8 otherwise.

Examples:
  glasslog trust check trust.policy")]
pub(crate) struct Args {
    /// Trust policy
    file: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    schema_version: u32,
    result: &'static str,
    open: Vec<String>,
}

impl Args {
    /// # Errors
    /// The file cannot be read (exit 1), or is not a trust policy (exit 8).
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = read_trust_policy(&self.file)?;
        let open = left_open(&policy);
        if console.is_json() {
            console.json(&Checked {
                schema_version: 1,
                result: "done",
                open,
            });
            return Ok(Exit::Done);
        }
        console.line(format_args!("`{}` is well formed", self.file.display()));
        for remark in open {
            console.note(remark);
        }
        Ok(Exit::Done)
    }
}

/// Says what a policy does not ask for.
fn left_open(policy: &TrustPolicy) -> Vec<String> {
    let mut open = Vec::new();
    if !policy.log().requires_witnesses() {
        open.push(
            "no witness is asked for: the log could show each reader another history".to_owned(),
        );
    }
    let audited = policy.audit().is_some_and(Policy::requires_witnesses);
    if policy.index().is_some() && !audited {
        open.push("no auditor is asked for: the index of a large log is not believed".to_owned());
    }
    let logs = policy.log().logs().iter();
    let origins = logs.map(|log| log.key.name().as_str());
    for origin in origins.filter(|origin| policy.genesis(origin).is_none()) {
        open.push(format!(
            "the genesis of `{origin}` is not pinned: its admins are those that the log names"
        ));
    }
    let sections = [Some(policy.log()), policy.index(), policy.audit()];
    let unsupported = sections.into_iter().flatten().flat_map(Policy::unsupported);
    open.extend(unsupported.map(|witness| {
        format!(
            "witness `{}` has a key of type {}, which this version cannot verify with: it counts towards no quorum",
            witness.name,
            witness.key.type_name()
        )
    }));
    open
}
