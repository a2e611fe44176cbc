//! `mirror`: keeps a verified copy of a log.

mod merge;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use glasslog_client::rotation::FOLLOW;
use glasslog_client::source::{Http, Source, is_address};
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::SignerKey;
use glasslog_core::text::limits::MAX_IN_FLIGHT;
use glasslog_core::trust::TrustPolicy;
use glasslog_log::Layout;
use glasslog_log::directory::Disk;
use glasslog_log::mirror::{Copy, Mirror, MirrorError, Mirrored};
use serde::Serialize;

use crate::args::{given, named_key, parse_period, read_trust_policy};
use crate::clock::{now, signing_time};
use crate::exit::Exit;
use crate::failure::{Failure, NO_LOG};
use crate::inconsistency_file::{show_to_everyone, write_inconsistency};
use crate::output::{Console, Head, Watch};
use crate::source;

/// Passes over a log that removes files while they are copied.
const PASSES: usize = 3;

/// Keeps a verified copy of a log, with its index, in a directory.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  glasslog mirror https://log.example.com/ copy --policy trust.policy --once
  glasslog mirror https://log.example.com/ copy --policy trust.policy --key mirror.key --every 30s
  glasslog history resnet50@2.1 --log copy --policy trust.policy
  glasslog mirror merge disk1 disk2 -o joined --policy trust.policy"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<MirrorVerb>,

    #[command(flatten)]
    keeper: Keeper,

    // Without a variable among its arguments, which would ask for the others beside a subverb.
    #[command(flatten)]
    follow: Option<Follow>,
}

#[derive(Debug, clap::Subcommand)]
enum MirrorVerb {
    Merge(merge::Args),
}

/// The keeper of a copy: the trust policy and the key that it uses.
#[derive(Debug, clap::Args)]
struct Keeper {
    /// Trust policy, which decides which checkpoints are copied and which signatures are kept
    #[arg(
        long,
        required = true,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    policy: Option<PathBuf>,

    /// Cosign the checkpoint of the copy with this key, as `keygen --kind witness` writes it
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
}

impl Keeper {
    fn read(&self) -> Result<(TrustPolicy, Option<SignerKey>), Failure> {
        let policy = self.policy.as_deref();
        let policy = policy.ok_or_else(|| Failure::usage("`--policy FILE` is required"))?;
        let policy = read_trust_policy(policy)?;
        let key = self.key.as_deref().map(|key| named_key(key, "witness"));
        Ok((policy, key.transpose()?))
    }
}

/// One log and its copy.
#[derive(Debug, clap::Args)]
struct Follow {
    /// Log directory, public tree or URL; a directory with the name of a verb is given as `./merge`
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    log: String,

    /// Directory of the copy: new, empty, or an earlier copy of this log
    #[arg(value_name = "DIR")]
    copy: PathBuf,

    /// Copy the log once, and end
    #[arg(long)]
    once: bool,

    /// Pause between two looks at the log
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_period, conflicts_with = "once")]
    every: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    schema_version: u32,
    result: &'static str,
    checkpoint: Head,
    /// Size of the copy before.
    before: u64,
    /// Size of the copied index log.
    index: Option<u64>,
}

impl Args {
    /// # Errors
    /// The log was not copied, or the directory is not a copy of it; or the replicas were not merged.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match (self.verb, self.follow) {
            (Some(MirrorVerb::Merge(args)), _) => args.run(console),
            (None, Some(follow)) => follow.run(&self.keeper, console),
            (None, None) => Err(Failure::usage("there is no log to mirror")),
        }
    }
}

impl Follow {
    fn run(self, keeper: &Keeper, console: &Console) -> Result<Exit, Failure> {
        if self.copy.to_string_lossy().starts_with("s3://") {
            return Err(Failure::not_available("a mirror in a bucket"));
        }
        if self.copy.exists() && !self.copy.is_dir() {
            let message = format!("`{}` is a file, not a directory", self.copy.display());
            return Err(Failure::usage(message)
                .hint("give a new directory, or an earlier copy of this log"));
        }
        let (policy, key) = keeper.read()?;
        // An error about the log leaves no directory behind.
        let source = open(&self.log)?;
        if self.once && !self.copy.exists() {
            let checkpoint = source.read(CHECKPOINT_PATH)?;
            checkpoint.ok_or_else(|| source::missing(&*source, CHECKPOINT_PATH))?;
        }
        let copy = Copy::open(&Disk::new(), &self.copy);
        let copy = copy.map_err(|error| failure(error, &self.copy, console))?;
        let mut last = None;
        loop {
            let done = self.pass(&*source, &copy, &policy, key.as_ref(), console);
            let done = done.map(|done| {
                let head = (done.head, done.index);
                match self.once || last.replace(head) != Some(head) {
                    true => {
                        warn_of_age(&done, &policy, console);
                        self.show(done, console)
                    }
                    false => Exit::Done,
                }
            });
            if self.once {
                return done;
            }
            if let Err(failure) = done {
                // A later pass cannot mend these.
                if matches!(failure.exit, Exit::Inconsistent | Exit::Usage) {
                    return Err(failure);
                }
                console.warn_of(&failure);
            }
            console.written()?;
            thread::sleep(Duration::from_secs(self.every));
        }
    }

    fn pass(
        &self,
        source: &dyn Source,
        copy: &Copy,
        policy: &TrustPolicy,
        key: Option<&SignerKey>,
        console: &Console,
    ) -> Result<Mirrored, Failure> {
        let watch = Watch::copying(console);
        // Only a directory can be listed; of a network, the mirror waits for many files at a time.
        let threads = match is_address(&self.log)? {
            true => MAX_IN_FLIGHT,
            false => thread::available_parallelism().map_or(1, usize::from),
        };
        let mirror = Mirror {
            source,
            more: &[],
            copy,
            policy,
            key,
            threads,
            now: signing_time()?,
            observer: &watch,
        };
        let mut passed = mirror.pass();
        for _ in 1..PASSES {
            let is_missing = |error: &MirrorError| matches!(error, MirrorError::Missing { .. });
            let is_unfinished = match &passed {
                Err(error) => is_missing(error),
                Ok(done) => done.index_failure.as_ref().is_some_and(is_missing),
            };
            if !is_unfinished {
                break;
            }
            // The entries that an earlier pass copied are new too.
            let before = passed.as_ref().ok().map(|done| done.before);
            passed = mirror.pass().map(|done| Mirrored {
                before: before.unwrap_or(done.before),
                ..done
            });
        }
        drop(watch);
        passed.map_err(|error| failure(error, &self.copy, console))
    }

    /// Shows a pass; the log is copied even if its index is not.
    fn show(&self, done: Mirrored, console: &Console) -> Exit {
        let failed = done
            .index_failure
            .map(|error| failure(error, &self.copy, console).despite("the log was copied"));
        let exit = failed.as_ref().map_or(Exit::Done, |failed| failed.exit);
        match console.is_json() {
            true => console.result(
                &Copied {
                    schema_version: 1,
                    result: match exit {
                        Exit::Done => "done",
                        _ => "failed",
                    },
                    checkpoint: Head::new(&done.origin, &done.head),
                    before: done.before,
                    index: done.index.map(|index: TreeHead| index.size),
                },
                exit,
            ),
            false => console.line(format_args!(
                "copied {} size {}, {} new, to {}",
                done.origin,
                done.head.size,
                done.head.size - done.before,
                self.copy.display()
            )),
        }
        failed.map_or(Exit::Done, |failed| console.warn_of(&failed))
    }
}

fn open(log: &str) -> Result<Box<dyn Source>, Failure> {
    match is_address(log)? {
        // The copy itself keeps every file.
        true => Ok(Box::new(Http::open_uncached(log)?)),
        false => source::open(log, false),
    }
}

/// Warns of a head that readers by this policy refuse for its age; it is copied all the same.
fn warn_of_age(done: &Mirrored, policy: &TrustPolicy, console: &Console) {
    let Some(most) = policy.max_age(&done.origin) else {
        return;
    };
    let age = done.time.map(|time| now().saturating_sub(time));
    let seen = match age {
        Some(age) if age <= most => return,
        Some(age) => format!("witnesses vouched for the head {age} s ago"),
        None => "no witness of the policy dates the head".to_owned(),
    };
    console.warn(format_args!(
        "{seen}, and the policy wants at most {most} s: readers refuse the copy until the log moves on"
    ));
}

/// Tells whether a directory may be an earlier copy that lost its private state: it has a public tree, and nothing of a writer.
fn is_lost_copy(path: &Path) -> bool {
    let layout = Layout::new(path);
    layout.checkpoint().exists() && !layout.config().exists() && !layout.keys().exists()
}

/// Describes a pass that failed; evidence of a fork is written beside the copy.
fn failure(error: MirrorError, copy: &Path, console: &Console) -> Failure {
    let hint = match &error {
        MirrorError::Inconsistent(evidence) => {
            return accuse(&error, &evidence.encode(), copy, console);
        }
        MirrorError::Source(error) => return error.clone().into(),
        MirrorError::Log(error) => return error.clone().into(),
        MirrorError::NotACopy { path } if is_lost_copy(path) => {
            "give a new directory; or if this is an earlier copy that lost `state/`, write `glasslog-mirror/v1` and a line feed to \
             `state/mirror` in it"
        }
        MirrorError::Memory { .. } => {
            "remove that file: the mirror then begins from the checkpoint of the copy, and does not know heads that it saw later"
        }
        MirrorError::NotACopy { .. } => "give a new directory, or an earlier copy of this log",
        MirrorError::OtherLog { .. } => "keep one directory for each log",
        MirrorError::NotACosigner => "`glasslog keygen --kind witness` makes a key",
        MirrorError::NotAccepted { .. } => {
            let hint = format!("`glasslog audit` shows the reason; nothing was copied; {FOLLOW}");
            return Failure::new(Exit::from(&error), error.code(), error.to_string()).hint(hint);
        }
        MirrorError::Older { .. } => {
            "the log was rolled back, or this is an old copy of it; nothing was copied"
        }
        MirrorError::Missing { path } if path == CHECKPOINT_PATH => NO_LOG,
        MirrorError::False { .. } | MirrorError::Tile(_) | MirrorError::Missing { .. } => {
            "the checkpoint of the copy is as before"
        }
        _ => return Failure::new(Exit::from(&error), error.code(), error.to_string()),
    };
    Failure::new(Exit::from(&error), error.code(), error.to_string()).hint(hint)
}

/// Writes the evidence of a fork beside the copy. The fork is told even if that fails.
fn accuse(error: &MirrorError, evidence: &[u8], copy: &Path, console: &Console) -> Failure {
    // Without a slash at its end: the file belongs beside the directory.
    let beside: PathBuf = copy.components().collect();
    let (outcome, hint) = match write_inconsistency(&beside, evidence) {
        Ok(path) => (
            format!("evidence written to `{}`", path.display()),
            show_to_everyone(&path),
        ),
        Err(failure) => {
            console.warn_of(&failure);
            (
                "the evidence could not be written".to_owned(),
                "mirror again when the folder of the copy can be written: the evidence is made anew"
                    .to_owned(),
            )
        }
    };
    let message = format!("{error}; {outcome}; the copy is as before");
    Failure::new(Exit::from(error), error.code(), message).hint(hint)
}
