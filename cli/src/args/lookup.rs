//! The options of every verb that looks something up in a log.

use clap::Args;
use glasslog_client::source::Source;
use glasslog_core::verify::{HistoryQuery, Options};

use super::given;
use super::size::parse_size;
use super::trust::TrustArgs;
use crate::failure::Failure;
use crate::source;

/// The options of every verb that looks something up in a log.
#[derive(Debug, Args)]
pub(crate) struct LookupArgs {
    /// Log directory, public tree or URL
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    pub(crate) log: String,

    /// Read every entry instead of using the index that the policy names
    #[arg(long)]
    full_scan: bool,

    /// Most memory for what a history is made of, such as `512MiB` or `2GiB` [default: 128MiB, some 100,000 events]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_memory: Option<usize>,

    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// The parts of a lookup, read and opened.
pub(crate) struct Lookup {
    pub(crate) policy: Vec<u8>,
    pub(crate) options: Options,
    pub(crate) source: Box<dyn Source>,
}

impl LookupArgs {
    /// Returns the trust policy, the requirements of the verdict, and the log.
    ///
    /// # Errors
    /// `--policy` is missing (exit 2) or cannot be read, or the log cannot be opened.
    pub(crate) fn open(&self) -> Result<Lookup, Failure> {
        let policy = self.trust.policy(Some(&self.log))?;
        Ok(Lookup {
            policy,
            options: self.options(),
            source: self.source()?,
        })
    }

    /// Returns the requirements of the verdict, and whether the index is used.
    pub(crate) fn options(&self) -> Options {
        Options {
            full_scan: self.full_scan,
            ..self.trust.options()
        }
    }

    /// Bounds the memory of a history.
    pub(crate) fn bounded(&self, mut query: HistoryQuery) -> HistoryQuery {
        if let Some(bytes) = self.max_memory {
            query.hold_at_most(bytes);
        }
        query
    }

    /// # Errors
    /// The log cannot be opened.
    pub(crate) fn source(&self) -> Result<Box<dyn Source>, Failure> {
        source::open(&self.log, self.trust.offline)
    }
}
