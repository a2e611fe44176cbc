//! The remedy for an argument that is missing or in the wrong place: some verbs take LOG as an argument, others by `--log`, and
//! some arguments can be given in several ways.

use std::env;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::args::given;

/// Further ways of giving what an argument of a verb gives.
const OTHER_WAYS: [(&str, &str, &str); 2] = [
    ("glasslog record", "--file", "`--digest sha256:HEX`"),
    ("glasslog witness serve", "--policy", "`--logs FILE`"),
];

/// Returns the remedy for an argument that is missing, or that the verb does not take and is a log; `words` are those of the
/// command line.
pub(crate) fn hint(
    error: &clap::Error,
    mut command: &Command,
    words: impl Iterator<Item = String>,
) -> Option<String> {
    let mut verb = command.get_name().to_owned();
    let words: Vec<String> = words.collect();
    for word in &words {
        if let Some(found) = command.find_subcommand(word) {
            command = found;
            verb = format!("{verb} {}", found.get_name());
        }
    }
    let given = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(given))) => given,
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            return other_ways(command, &verb, missing);
        }
        _ => return None,
    };
    if let Some(hint) = joined(command, given, &words) {
        return Some(hint);
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

/// Returns the hint for a flag's value that begins with `-`, and is taken for a flag.
fn joined(command: &Command, given: &str, words: &[String]) -> Option<String> {
    words.windows(2).find_map(|pair| {
        let [flag, value] = pair else { return None };
        let flag = flag.strip_prefix("--")?;
        let mut arguments = command.get_arguments();
        let takes_value = arguments.any(|argument| {
            argument.get_long() == Some(flag) && argument.get_action().takes_values()
        });
        (takes_value && given.starts_with('-') && value.starts_with(given)).then(|| {
            format!("a value that begins with `-` is joined to its flag: `--{flag}={value}`")
        })
    })
}

/// Names each way of giving the missing arguments that have several.
fn other_ways(command: &Command, verb: &str, missing: &[String]) -> Option<String> {
    let ways = missing.iter().filter_map(|missing| {
        let flag = missing.split([' ', '=']).next()?;
        if missing == "<LOG>" {
            let is_set = env::var_os(given::LOG).is_some();
            return is_set.then(|| {
                let variable = given::LOG;
                format!("`{verb} LOG`: the variable `{variable}` stands for `--log`, which this verb does not take")
            });
        }
        let is_missing = |argument: &&Arg| {
            let long = argument.get_long();
            long.is_some_and(|long| flag.strip_prefix("--") == Some(long))
        };
        let argument = command.get_arguments().find(is_missing)?;
        let variable = argument.get_env().map(|variable| {
            let variable = variable.to_string_lossy();
            format!("the variable `{variable}`")
        });
        let other = OTHER_WAYS
            .iter()
            .find(|(of, name, _)| *of == verb && *name == flag);
        let other = other.map(|(.., way)| (*way).to_owned());
        let others: Vec<String> = variable.into_iter().chain(other).collect();
        (!others.is_empty()).then(|| format!("`{flag}` can be replaced by {}", others.join(", or by ")))
    });
    let ways: Vec<String> = ways.collect();
    (!ways.is_empty()).then(|| ways.join("; "))
}
