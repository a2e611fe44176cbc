//! Exit codes, as `docs/cli.md` ("Exit codes") lists them.
use std::process::ExitCode;

use glasslog_core::report::Class;
use glasslog_core::rules::RefusalClass;

/// What the process tells its caller: "no" and "could not tell" are different numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Verified, or done.
    Done = 0,
    /// Could not finish: a missing file, the network, the disk, a lock.
    Unfinished = 1,
    /// The command line itself is wrong, or asks for what this version lacks.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_refusals_has_its_exit_code() {
        let table = [
            (RefusalClass::Malformed, 8),
            (RefusalClass::TooLarge, 8),
            (RefusalClass::Signature, 3),
            (RefusalClass::Untrusted, 5),
            (RefusalClass::Conflict, 6),
        ];
        for (class, code) in table {
            assert_eq!(Exit::from(class) as u8, code);
        }
    }
}
