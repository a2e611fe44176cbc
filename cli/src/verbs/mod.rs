//! The verbs, one file each: its arguments and its `run`.
use clap::Subcommand;

use crate::arguments::Later;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

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
mod portal;
pub(crate) mod prove;
pub(crate) mod publish;
mod record;
mod serve;
mod submit;
mod verify;
mod witness;

/// Everything that `glasslog` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Keygen(keygen::Args),
    Init(init::Args),
    Keys(keys::Args),
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
    Witness(witness::Args),
    Portal(portal::Args),
    Log(log::Args),
    Inspect(inspect::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Mirror(Later),
    #[command(hide = true)]
    Monitor(Later),
}

impl Verb {
    /// # Errors
    /// A verb that ends without a report says why.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        console.check_format()?;
        match self {
            Self::Keygen(args) => args.run(console),
            Self::Init(args) => args.run(console),
            Self::Keys(args) => args.run(console),
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
            Self::Witness(args) => args.run(console),
            Self::Portal(args) => args.run(console),
            Self::Inspect(args) => args.run(console),
            Self::Doctor(args) => args.run(console),
            Self::Completions(args) => args.run(console),
            Self::Log(args) => args.run(console),
            Self::Mirror(later) => Err(later.refuse("mirror")),
            Self::Monitor(later) => Err(later.refuse("monitor")),
        }
    }
}
