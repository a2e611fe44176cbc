//! Arguments that a variable can give too: an empty variable is told by its name.

use std::env;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, StringValueParser, TypedValueParser};

use crate::failure::Failure;

/// Variable of `--log`.
pub(crate) const LOG: &str = "GLASSLOG_LOG";
/// Variable of `--policy`.
pub(crate) const POLICY: &str = "GLASSLOG_POLICY";
/// Variable of `--signer`.
pub(crate) const SIGNER: &str = "GLASSLOG_SIGNER";

/// Parser of `--log`.
pub(crate) fn log() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().try_map(|text| given(text, LOG))
}

/// Returns the log that the variable of `--log` names, for a verb whose other flags contradict `--log`.
///
/// # Errors
/// The variable is empty, or no text (exit 2).
pub(crate) fn log_variable() -> Result<Option<String>, Failure> {
    match env::var(LOG) {
        Ok(log) => given(log, LOG).map(Some).map_err(Failure::usage),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!(
            "the variable `{LOG}` is not text in UTF-8"
        ))),
    }
}

/// Parser of `--signer`.
pub(crate) fn signer() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().try_map(|text| given(text, SIGNER))
}

/// Parser of `--policy`.
pub(crate) fn policy() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|path| given(PathBuf::from(path), POLICY))
}

/// Refuses an empty value; `variable` may have given it.
fn given<T: Default + PartialEq>(value: T, variable: &str) -> Result<T, String> {
    if value != T::default() {
        return Ok(value);
    }
    Err(
        match env::var_os(variable).is_some_and(|set| set.is_empty()) {
            true => format!("the variable `{variable}` is empty: set it, or unset it"),
            false => "it is empty".into(),
        },
    )
}
