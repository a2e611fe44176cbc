//! `--format`: the form of results.

use clap::ValueEnum;

use crate::failure::Failure;

/// Form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one report, one line
    Json,
    #[value(hide = true)]
    Sarif,
    #[value(hide = true)]
    Junit,
    #[value(hide = true)]
    Markdown,
}

impl Format {
    /// # Errors
    /// The format is one of a later version.
    pub(crate) fn check(self) -> Result<(), Failure> {
        match self {
            Self::Text | Self::Json => Ok(()),
            Self::Sarif => Err(Failure::not_available("`--format sarif`")),
            Self::Junit => Err(Failure::not_available("`--format junit`")),
            Self::Markdown => Err(Failure::not_available("`--format markdown`")),
        }
    }
}
