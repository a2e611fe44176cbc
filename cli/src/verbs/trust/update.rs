//! `trust update`: a reader's trust policy after rotations of the log's key.

use std::path::PathBuf;

use glasslog_client::rotation::{Followed, follow};
use glasslog_core::text::time;
use glasslog_core::trust::{Change, TrustPolicy, changes};
use glasslog_core::verify::{Basis, Rotation, RotationFault};
use serde::Serialize;

use super::changes::{ChangeView, print};
use crate::args::{given, parse_time};
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, NO_LOG};
use crate::input;
use crate::output::{Console, Head, Output};
use crate::source;

/// Brings a trust policy up to date after the log changed its key.
///
/// Each change is a statement in the log, signed by the old key and the log's admins, in a tree that the old key signed and
/// the policy's witnesses cosigned. The file stays as it is unless every one of them holds. A policy without witnesses has to
/// pin the log's genesis: a thief of the log's key could begin the log anew, with admins of their own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog trust update trust.policy --log https://log.example.com/
  glasslog trust update trust.policy --log my.log --dry-run")]
pub(crate) struct Args {
    /// Trust policy; only lines about the log's keys are added
    file: PathBuf,

    /// Log directory, its public tree, or its address
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,

    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Follow the log's key alone, where the policy neither pins the genesis nor asks for witnesses
    #[arg(long)]
    unpinned: bool,

    /// Open no sockets
    #[arg(long)]
    offline: bool,

    /// Judge the time of cosignatures as of this time (RFC 3339, UTC) instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Updated {
    schema_version: u32,
    result: &'static str,
    checkpoint: Head,
    rotations: Vec<RotationView>,
    changes: Vec<ChangeView>,
    changed: bool,
}

#[derive(Serialize)]
struct RotationView {
    size: u64,
    old: String,
    new: String,
    reason: String,
    admins: Vec<String>,
    threshold: usize,
    genesis: String,
    pinned: bool,
    time: Option<u64>,
}

impl Args {
    /// # Errors
    /// The file is no trust policy (exit 8), the log cannot be read (1), a rotation does not hold (3), or none leads to the key
    /// that signs now (5).
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let text = input::read(&self.file, input::MAX_POLICY)?;
        let malformed = |error: glasslog_core::trust::TrustError| {
            let message = format!("`{}`: {error}", self.file.display());
            Failure::new(Exit::Malformed, error.code(), message)
        };
        let old = TrustPolicy::parse(&text).map_err(malformed)?;
        let source = source::open(&self.log, self.offline)?;
        let now = self.now.unwrap_or_else(clock::now);
        let basis = match self.unpinned {
            true => Basis::LogKey,
            false => Basis::Policy,
        };
        let followed = follow(&*source, &text, basis, now)?.map_err(refused)?;
        let new = TrustPolicy::parse(&followed.policy).map_err(malformed)?;
        let found = changes(&old, &new);
        let is_changed = !followed.rotations.is_empty() && !self.dry_run;
        let mut rotations = followed.rotations.iter();
        if rotations.any(|rotation| rotation.basis == Basis::LogKey) {
            console.warn("only the log's old key vouches for its admins: a thief of that key could have made this change");
        }
        if is_changed {
            Output::open(&self.file, console)?.write(&followed.policy)?;
        }
        match console.is_json() {
            true => console.result(&view(&followed, found, is_changed), Exit::Done),
            false => self.say(&followed, &found, console),
        }
        Ok(Exit::Done)
    }

    fn say(&self, followed: &Followed, found: &[Change], console: &Console) {
        let file = self.file.display();
        for rotation in &followed.rotations {
            say_rotation(rotation, console);
        }
        print(found, console);
        match (followed.rotations.is_empty(), self.dry_run) {
            (true, _) => console.line(format_args!(
                "`{file}` is up to date for `{}` at size {}",
                followed.origin, followed.head.size
            )),
            (false, true) => console.line(format_args!("`{file}` was not changed")),
            (false, false) => console.line(format_args!("changed `{file}`")),
        }
    }
}

/// Returns the failure for a change that does not hold.
fn refused(fault: RotationFault) -> Failure {
    let hint = match fault.code {
        "missing-file" => NO_LOG,
        "rotation-genesis-unpinned" => {
            "the file was not changed; ask the log's operator for the hash of the genesis, over another channel, and add it to the file in `[genesis]`; `--unpinned` follows the old key alone"
        }
        _ => {
            "the file was not changed; if the log's key was lost or stolen, its operator has to give a new file"
        }
    };
    Failure::new(Exit::from(fault.class), fault.code, fault.detail).hint(hint)
}

fn say_rotation(rotation: &Rotation, console: &Console) {
    console.line(format_args!(
        "at size {} the log changed its key from `{}` to `{}`",
        rotation.size,
        rotation.old.name_and_id(),
        rotation.new.name_and_id()
    ));
    console.line(format_args!("  reason: {}", rotation.reason));
    console.line(format_args!(
        "  signed by the old key and by {} of its admins, of whom {} must sign: {}",
        rotation.admins.len(),
        rotation.threshold,
        rotation.admins.join(", ")
    ));
    let pinned = match rotation.is_pinned {
        true => "which the trust policy pins",
        false => "which the trust policy does not pin",
    };
    console.line(format_args!(
        "  the admins are those of the genesis {}, {pinned}",
        rotation.genesis
    ));
    match rotation.time {
        Some(at) => console.line(format_args!(
            "  witnesses vouch for the tree of that size as of {}",
            time::format(at)
        )),
        None => console.line("  no witness vouches for the time"),
    }
}

fn view(followed: &Followed, found: Vec<Change>, changed: bool) -> Updated {
    let rotations = followed.rotations.iter().map(|rotation| RotationView {
        size: rotation.size,
        old: rotation.old.to_string(),
        new: rotation.new.to_string(),
        reason: rotation.reason.clone(),
        admins: rotation.admins.clone(),
        threshold: rotation.threshold,
        genesis: rotation.genesis.to_base64(),
        pinned: rotation.is_pinned,
        time: rotation.time,
    });
    let changes = found.into_iter().map(ChangeView::from);
    Updated {
        schema_version: 1,
        result: "done",
        checkpoint: Head::new(&followed.origin, &followed.head),
        rotations: rotations.collect(),
        changes: changes.collect(),
        changed,
    }
}
