//! The remedy for a log in the wrong place: some verbs take LOG as an argument, others by `--log`.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

/// Returns the remedy for an argument that the verb does not take, if it is a log; `words` are those of the command line.
pub(crate) fn hint(
    error: &clap::Error,
    mut command: &Command,
    words: impl Iterator<Item = String>,
) -> Option<String> {
    let given = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(given)) if error.kind() == ErrorKind::UnknownArgument => given,
        _ => return None,
    };
    let mut verb = command.get_name().to_owned();
    for word in words {
        if let Some(found) = command.find_subcommand(&word) {
            command = found;
            verb = format!("{verb} {}", found.get_name());
        }
    }
    let is_log = |argument: &&Arg| {
        let names = argument.get_value_names().unwrap_or_default();
        argument.get_id() == "log" || argument.is_positional() && names == ["LOG"]
    };
    let log = command.get_arguments().find(is_log)?;
    match (given == "--log", log.is_positional()) {
        (true, true) => Some(format!(
            "`{verb}` takes the log without a flag: `{verb} LOG`"
        )),
        (false, false) if !given.is_empty() && !given.starts_with('-') => Some(format!(
            "`{verb}` takes the log by its flag: `--log {given}`"
        )),
        _ => None,
    }
}
