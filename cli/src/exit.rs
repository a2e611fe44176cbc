//! Exit codes, as `docs/cli.md` ("Exit codes") lists them, and the one table of which error has which.

use std::process::ExitCode;

use glasslog_client::prove::ProofError;
use glasslog_client::submit::Refused;
use glasslog_core::fetch::ProveError;
use glasslog_core::report::Class;
use glasslog_core::rules::RefusalClass;
use glasslog_core::tiles::TileError;
use glasslog_core::verify::audit::state::AuditStateError;
use glasslog_log::witness::WitnessError;
use glasslog_log::{IndexError, LogError, StorageError};

/// The exit code of the process: "no" and "could not tell" are different numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Verified, or done.
    Done = 0,
    /// Could not finish: a missing file, the network, the disk, a lock.
    Unfinished = 1,
    /// The command line is wrong, or asks for something that this version lacks.
    Usage = 2,
    /// A claim is false.
    False = 3,
    /// There was nothing to verify.
    Nothing = 4,
    /// Not decided on the given trust.
    Undecided = 5,
    /// Valid, but a policy or a hold says no.
    Refused = 6,
    /// Two signed heads of one log that cannot both be true.
    Inconsistent = 7,
    /// Malformed input.
    Malformed = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Verified => Self::Done,
            Class::Unfinished => Self::Unfinished,
            Class::False => Self::False,
            Class::Nothing => Self::Nothing,
            Class::Undecided => Self::Undecided,
            Class::Inconsistent => Self::Inconsistent,
            Class::Malformed => Self::Malformed,
        }
    }
}

impl From<RefusalClass> for Exit {
    fn from(class: RefusalClass) -> Self {
        match class {
            RefusalClass::Malformed | RefusalClass::TooLarge => Self::Malformed,
            RefusalClass::Signature => Self::False,
            RefusalClass::Untrusted => Self::Undecided,
            RefusalClass::Conflict => Self::Refused,
        }
    }
}

impl From<&Refused> for Exit {
    fn from(refused: &Refused) -> Self {
        refused.class.map_or(Self::Unfinished, Self::from)
    }
}

impl From<&glasslog_client::Error> for Exit {
    fn from(error: &glasslog_client::Error) -> Self {
        use glasslog_client::Error;
        match error {
            Error::Address { .. } | Error::Credentials => Self::Usage,
            _ => Self::Unfinished,
        }
    }
}

impl From<&ProofError> for Exit {
    fn from(error: &ProofError) -> Self {
        match error {
            ProofError::Source(error) => error.into(),
            ProofError::Prove(ProveError::Checkpoint(_)) => Self::Malformed,
            ProofError::Prove(ProveError::NoSuchEntry { .. }) => Self::Nothing,
            ProofError::Prove(ProveError::Tiles(_)) => Self::False,
            _ => Self::Unfinished,
        }
    }
}

impl From<&LogError> for Exit {
    fn from(error: &LogError) -> Self {
        match error {
            LogError::Storage(StorageError::Setting { .. } | StorageError::Malformed { .. }) => {
                Self::Malformed
            }
            LogError::Index(IndexError::NotInTree { .. }) => Self::False,
            LogError::Index(IndexError::AnotherHistory { .. }) => Self::Inconsistent,
            _ => Self::Unfinished,
        }
    }
}

impl From<&WitnessError> for Exit {
    fn from(error: &WitnessError) -> Self {
        match error {
            WitnessError::Log(error) => error.into(),
            WitnessError::NotACosigner { .. } | WitnessError::OtherLog { .. } => Self::Usage,
            WitnessError::UnknownLog { .. } | WitnessError::Older { .. } => Self::Undecided,
            WitnessError::Inconsistent(_) => Self::Inconsistent,
            WitnessError::Tile(TileError::Missing { .. }) => Self::Unfinished,
            WitnessError::BadSignature { .. } | WitnessError::Tile(_) => Self::False,
            _ => Self::Unfinished,
        }
    }
}

impl From<&AuditStateError> for Exit {
    fn from(error: &AuditStateError) -> Self {
        match error {
            AuditStateError::OtherLog { .. } | AuditStateError::OtherKeys => Self::Usage,
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_reports_has_its_exit_code() {
        let table = [
            (Class::Malformed, 8),
            (Class::Unfinished, 1),
            (Class::Inconsistent, 7),
            (Class::False, 3),
            (Class::Undecided, 5),
            (Class::Nothing, 4),
            (Class::Verified, 0),
        ];
        for (class, code) in table {
            assert_eq!(Exit::from(class) as u8, code, "{class:?}");
        }
    }

    #[test]
    fn each_class_of_refusals_has_its_exit_code() {
        let table = [
            (Some(RefusalClass::Malformed), 8),
            (Some(RefusalClass::TooLarge), 8),
            (Some(RefusalClass::Signature), 3),
            (Some(RefusalClass::Untrusted), 5),
            (Some(RefusalClass::Conflict), 6),
            (None, 1),
        ];
        for (class, code) in table {
            let refused = Refused {
                code: String::new(),
                message: String::new(),
                class,
            };
            assert_eq!(Exit::from(&refused) as u8, code, "{class:?}");
        }
    }

    #[test]
    fn malformed_addresses_are_usage_errors() {
        let malformed = glasslog_client::source::parse_address("http://").unwrap_err();
        assert_eq!(Exit::from(&malformed), Exit::Usage);
        let secret = glasslog_client::source::parse_address("http://u:p@a.example/").unwrap_err();
        assert_eq!(Exit::from(&secret), Exit::Usage);
    }
}
