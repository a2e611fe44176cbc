//! `mirror merge`: joins replicas of one log in a copy.

use std::path::PathBuf;

use glasslog_log::directory::Disk;
use glasslog_log::mirror::{Copy, Merged, Mirror, MirrorError, Mirrored, Replica, merge};
use serde::Serialize;

use super::{Keeper, failure};
use crate::clock::signing_time;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head, Watch};

/// Joins replicas of one log, such as mirrors' copies on disks that travelled.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog mirror merge disk1 disk2 -o joined --policy trust.policy
  glasslog mirror merge /mnt/a /mnt/b /mnt/c -o joined --policy trust.policy --key mirror.key")]
pub(super) struct Args {
    /// Copies of mirrors, or public trees of the log
    #[arg(required = true, value_name = "DIR")]
    replicas: Vec<PathBuf>,

    /// Directory of the joined copy: new, empty, or an earlier copy of this log
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    keeper: Keeper,
}

/// A head that a replica knows.
#[derive(Serialize)]
struct Known {
    replica: String,
    size: Option<u64>,
    /// Code of the reason for which it was not taken up.
    code: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    schema_version: u32,
    result: &'static str,
    /// The head of the joined copy; `None` if no tree was whole.
    checkpoint: Option<Head>,
    heads: Vec<Known>,
}

impl Args {
    /// # Errors
    /// Two heads contradict each other, or an argument or the output is wrong.
    pub(super) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let (policy, key) = self.keeper.read()?;
        let failed = |error| failure(error, &self.output, console);
        let replicas = self.replicas.iter().map(|path| Replica::open(path));
        let replicas: Vec<Replica> = replicas.collect::<Result<_, _>>().map_err(failed)?;
        let Some(first) = replicas.first() else {
            return Err(Failure::usage("there is no replica to merge"));
        };
        let copy = Copy::open(&Disk::new(), &self.output).map_err(failed)?;
        let watch = Watch::copying(console);
        let mirror = Mirror {
            source: first,
            more: &[],
            copy: &copy,
            policy: &policy,
            key: key.as_ref(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            now: signing_time()?,
            observer: &watch,
        };
        let merged = merge(&mirror, &replicas);
        drop(watch);
        let merged = merged.map_err(failed)?;
        warn_of_rollbacks(&merged, &replicas, console);
        let name = |at: usize| replicas[at].path.display().to_string();
        let known = merged.iter().map(|head| Known {
            replica: name(head.replica),
            size: head.size,
            code: head.outcome.as_ref().err().map(MirrorError::code),
        });
        let known: Vec<Known> = known.collect();
        let mut exit = Exit::Done;
        let mut joined: Option<Mirrored> = None;
        for head in merged {
            let unfinished = match head.outcome {
                Ok(mut done) => {
                    let index = done.index_failure.take();
                    joined = Some(done);
                    match index {
                        Some(error) => error,
                        None => continue,
                    }
                }
                // The copy has a larger head of the same tree already.
                Err(MirrorError::Older { .. }) => continue,
                Err(error) => error,
            };
            let replica = name(head.replica);
            let of = match head.size {
                Some(size) => format!("`{replica}` knows a head of size {size}"),
                None => format!("`{replica}` has a checkpoint"),
            };
            let failed = failed(unfinished).despite(of);
            exit = exit.and(console.warn_of(&failed));
        }
        self.show(joined, known, exit, console);
        Ok(exit)
    }

    fn show(&self, joined: Option<Mirrored>, heads: Vec<Known>, exit: Exit, console: &Console) {
        let head = joined.map(|it| Head::new(&it.origin, &it.head));
        if console.is_json() {
            return console.result(
                &Joined {
                    schema_version: 1,
                    result: match exit {
                        Exit::Done => "done",
                        _ => "failed",
                    },
                    checkpoint: head,
                    heads,
                },
                exit,
            );
        }
        if let Some(head) = head {
            console.line(format_args!(
                "merged {} size {}, of {} heads, to {}",
                head.origin(),
                head.size(),
                heads.len(),
                self.output.display()
            ));
        }
    }
}

/// Warns of a smaller head for which witnesses vouched later than for a larger one.
fn warn_of_rollbacks(merged: &[Merged], replicas: &[Replica], console: &Console) {
    let mut newest: Option<(u64, u64)> = None;
    for head in merged {
        let Ok(done) = &head.outcome else { continue };
        let Some(time) = done.time else { continue };
        if let Some((size, later)) = newest
            && size < done.head.size
            && later > time
        {
            console.warn(format_args!(
                "witnesses vouched for size {size} after they did for size {}, which `{}` has: the log showed an older head again, or \
                 a mirror cosigned one that stood still",
                done.head.size,
                replicas[head.replica].path.display()
            ));
        }
        if newest.is_none_or(|(_, later)| later <= time) {
            newest = Some((done.head.size, time));
        }
    }
}
