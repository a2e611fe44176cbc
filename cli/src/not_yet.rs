//! Verbs of the contract that a later version brings.

use std::ffi::OsString;

use clap::Args;

use crate::failure::Failure;

/// Any arguments: the answer is the same for all of them.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct NotYet {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

impl NotYet {
    pub(crate) fn refuse(&self, verb: &str) -> Failure {
        Failure::not_available(format_args!("`{verb}`"))
    }
}
