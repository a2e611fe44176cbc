//! The verbs, one file each: its arguments and its `run`.

use clap::{Command, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

mod acknowledge;
mod audit;
mod bundle;
mod completions;
mod doctor;
mod history;
mod index;
mod init;
mod inspect;
mod keygen;
mod keys;
mod log;
mod mirror;
mod monitor;
mod portal;
mod prove;
mod publish;
mod record;
mod serve;
mod submit;
mod trust;
mod verify;
mod witness;

/// The verbs of `glasslog`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Keygen(keygen::Args),
    Init(init::Args),
    Keys(keys::Args),
    Acknowledge(acknowledge::Args),
    Record(Box<record::Args>),
    Submit(submit::Args),
    Publish(publish::Args),
    Serve(serve::Args),
    History(history::Args),
    Verify(verify::Args),
    Prove(prove::Args),
    Bundle(bundle::Args),
    Audit(audit::Args),
    Index(Box<index::Args>),
    Trust(trust::Args),
    Witness(witness::Args),
    Mirror(mirror::Args),
    Monitor(Box<monitor::Args>),
    Portal(portal::Args),
    Log(log::Args),
    Inspect(inspect::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
}

impl Verb {
    /// # Errors
    /// The verb ended without a report.
    pub(crate) fn run(self, console: &Console, command: fn() -> Command) -> Result<Exit, Failure> {
        console.check_format()?;
        match self {
            Self::Keygen(args) => args.run(console),
            Self::Init(args) => args.run(console),
            Self::Keys(args) => args.run(console),
            Self::Acknowledge(args) => args.run(console),
            Self::Record(args) => args.run(console),
            Self::Submit(args) => args.run(console),
            Self::Publish(args) => args.run(console),
            Self::Serve(args) => args.run(console),
            Self::History(args) => args.run(console),
            Self::Verify(args) => args.run(console),
            Self::Prove(args) => args.run(console),
            Self::Bundle(args) => args.run(console),
            Self::Audit(args) => args.run(console),
            Self::Index(args) => args.run(console),
            Self::Trust(args) => args.run(console),
            Self::Witness(args) => args.run(console),
            Self::Mirror(args) => args.run(console),
            Self::Monitor(args) => args.run(console),
            Self::Portal(args) => args.run(console),
            Self::Inspect(args) => args.run(console),
            Self::Doctor(args) => args.run(console),
            Self::Completions(args) => args.run(&mut command(), console),
            Self::Log(args) => args.run(console),
        }
    }
}
