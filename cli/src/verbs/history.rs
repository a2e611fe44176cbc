//! `history`: the complete verified history of an artifact.

use std::num::NonZeroUsize;

use glasslog_client::fork;
use glasslog_core::fetch::Query;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Options;

use crate::args::{Lookup, QuestionArgs, TextArgs, parse_time};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Extent, Watch};

/// Shows the complete verified history of an artifact.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
ARTIFACT is decided by its syntax, never by what exists:
  sha256:HEX       a digest            ./PATH ../PATH /PATH   a file, hashed here
  name@version     one version         name                   every version of a name
  actor:ID         an actor's events   key:sha256:HEX         a signing key's events
  pkg:…            a purl, by the digest in it
  name:…           anything, as a name

Examples:
  glasslog history resnet50@2.1 --log my.log --policy trust.policy
  glasslog history ./model.bin --log https://log.example.com/ --policy trust.policy --max-checkpoint-age 1h
  glasslog history resnet50@2.1 --log my.log --policy trust.policy --since resnet50.bundle
  glasslog history resnet50 --log my.log --policy trust.policy --last 20
  glasslog history resnet50 --log my.log --policy trust.policy --from 2026-11-01T00:00:00Z --to 2026-11-30T23:59:59Z")]
pub(crate) struct Args {
    #[command(flatten)]
    question: QuestionArgs,

    /// Show counts by actor and action instead of each event
    #[arg(long, conflicts_with_all = ["last", "quiet"], help_heading = "Text output")]
    summary: bool,

    /// Leave out routine accesses: show only what changed something
    #[arg(long, conflicts_with = "since")]
    state: bool,

    /// Leave out events that came into the log before this time (RFC 3339), as witnesses vouch
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<u64>,

    /// Leave out events that came into the log after this time, as witnesses vouch
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<u64>,

    /// Show only the last N events
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "quiet",
        help_heading = "Text output"
    )]
    last: Option<NonZeroUsize>,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// The artifact is malformed, or the policy, the older bundle or the log cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Failure::usage("`--from` is later than `--to`"));
        }
        let Lookup {
            policy,
            options,
            source,
        } = self.question.lookup.open()?;
        let options = Options {
            state: self.state,
            ..options
        };
        let asked = self.question.read(console)?;
        let older = asked.older_checkpoint().unwrap_or_default();
        let watch = Watch::reading(console);
        let (query, found) = fork::run(&*source, &watch, (older, &policy), || {
            let query = asked.query(&policy, options);
            query.map(|mut query| {
                query.within(self.from, self.to);
                query
            })
        })?;
        self.note_without_times(&policy, console);
        let exit = console.verdict(query.report(), self.extent())?;
        asked.keep_evidence(query.report(), found.as_ref(), console);
        let judged = (&*policy, options);
        self.question
            .hint(query.report(), judged, &*source, console);
        Ok(exit)
    }

    /// Says that no event can be left out, because nobody vouches for a time.
    fn note_without_times(&self, policy: &[u8], console: &Console) {
        let is_asked = self.from.or(self.to).is_some();
        let policy = TrustPolicy::parse(policy);
        if is_asked && policy.is_ok_and(|policy| !policy.log().requires_witnesses()) {
            console.note(format_args!(
                "the trust policy asks for no witness, so nobody vouches for times and no event is left out"
            ));
        }
    }

    fn extent(&self) -> Extent {
        match (self.text.quiet, self.summary, self.last) {
            (true, ..) => Extent::Verdict,
            (_, true, _) => Extent::Summary,
            (.., Some(last)) => Extent::Last(last.get()),
            _ => Extent::Whole,
        }
    }
}
