//! Exit codes, as `docs/cli.md` ("Exit codes") lists them, and the one table of which error has which.

use std::process::ExitCode;

use glasslog_client::prove::ProofError;
use glasslog_client::submit::Refused;
use glasslog_core::fetch::ProveError;
use glasslog_core::report::Class;
use glasslog_core::rules::RefusalClass;
use glasslog_core::tiles::TileError;
use glasslog_core::verify::audit::state::AuditStateError;
use glasslog_core::witness::Refusal;
use glasslog_log::index::CosignError;
use glasslog_log::mirror::MirrorError;
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

/// Reasons for an exit code other than 0, in the order in which they take precedence (`docs/formats/codes.md`, "Exit
/// codes").
const REASONS: [(Exit, &str); 9] = [
    (Exit::Usage, "usage"),
    (
        Exit::Malformed,
        "malformed: handed over by the reader (policy, bundle, proof, checkpoint, submission)",
    ),
    (Exit::Inconsistent, "inconsistent"),
    (Exit::False, "false"),
    (Exit::Malformed, "malformed: a file of the log"),
    (Exit::Unfinished, "could not finish"),
    (Exit::Undecided, "not decided"),
    (Exit::Refused, "refused"),
    (Exit::Nothing, "nothing to verify"),
];

impl Exit {
    /// Returns the exit code of a verb whose result was this one, and that failed with `later` afterwards: what is proven is
    /// not hidden by a full disk.
    pub(crate) fn and(self, later: Self) -> Self {
        let rank = |exit| REASONS.iter().position(|(code, _)| *code == exit);
        self.first(later, rank)
    }

    /// As [`and`](Self::and), for what two logs gave: what is malformed is a file of a log.
    pub(crate) fn and_of_logs(self, later: Self) -> Self {
        let rank = |exit| REASONS.iter().rposition(|(code, _)| *code == exit);
        self.first(later, rank)
    }

    fn first(self, later: Self, rank: impl Fn(Self) -> Option<usize>) -> Self {
        match (rank(self), rank(later)) {
            (Some(first), Some(second)) if first <= second => self,
            (_, Some(_)) => later,
            (_, None) => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        // A report has the same number; a test compares the two.
        match class {
            Class::Verified => Self::Done,
            Class::Unfinished => Self::Unfinished,
            Class::False => Self::False,
            Class::Nothing => Self::Nothing,
            Class::Undecided => Self::Undecided,
            Class::Held => Self::Refused,
            Class::Inconsistent => Self::Inconsistent,
            Class::MalformedInput | Class::MalformedLog => Self::Malformed,
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
            LogError::Storage(
                StorageError::Setting { .. }
                | StorageError::Malformed { .. }
                | StorageError::Unsigned { .. },
            ) => Self::Malformed,
            LogError::Index(IndexError::NotInTree { .. }) => Self::False,
            LogError::Index(IndexError::AnotherHistory { .. }) => Self::Inconsistent,
            _ => Self::Unfinished,
        }
    }
}

impl From<&CosignError> for Exit {
    fn from(error: &CosignError) -> Self {
        match error {
            CosignError::Log(error) => error.into(),
            CosignError::Malformed(_) | CosignError::NoAuditors => Self::Malformed,
            CosignError::Unfit(_) => Self::Undecided,
            _ => Self::Usage,
        }
    }
}

impl From<&WitnessError> for Exit {
    fn from(error: &WitnessError) -> Self {
        match error {
            WitnessError::Log(error) => error.into(),
            WitnessError::Source(error) => error.into(),
            WitnessError::Policy(_) | WitnessError::OtherLog { .. } => Self::Usage,
            WitnessError::UnknownLog { .. }
            | WitnessError::Older { .. }
            | WitnessError::Refused(Refusal::NotCounting(_)) => Self::Undecided,
            WitnessError::Inconsistent(_) => Self::Inconsistent,
            WitnessError::Tile(TileError::Missing { .. }) => Self::Unfinished,
            WitnessError::BadSignature { .. }
            | WitnessError::Tile(_)
            | WitnessError::Refused(Refusal::Proof(_)) => Self::False,
            _ => Self::Unfinished,
        }
    }
}

impl From<&MirrorError> for Exit {
    fn from(error: &MirrorError) -> Self {
        match error {
            MirrorError::Source(error) => error.into(),
            MirrorError::Log(error) => error.into(),
            MirrorError::NotACopy { .. }
            | MirrorError::OtherLog { .. }
            | MirrorError::NotACosigner => Self::Usage,
            MirrorError::Malformed { .. } | MirrorError::Memory { .. } => Self::Malformed,
            MirrorError::NotAccepted { .. } | MirrorError::Older { .. } => Self::Undecided,
            MirrorError::BadSignature { .. } | MirrorError::False { .. } | MirrorError::Tile(_) => {
                Self::False
            }
            MirrorError::Inconsistent(_) => Self::Inconsistent,
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
    use std::fmt::Write as _;
    use std::{env, fs};

    use super::*;

    #[test]
    fn a_malformed_file_of_one_log_hides_no_fork_of_another() {
        for (first, second, code) in [
            (Exit::Malformed, Exit::Inconsistent, Exit::Inconsistent),
            (Exit::False, Exit::Malformed, Exit::False),
            (Exit::Malformed, Exit::Unfinished, Exit::Malformed),
            (Exit::Undecided, Exit::Unfinished, Exit::Unfinished),
        ] {
            assert_eq!(first.and_of_logs(second) as u8, code as u8);
            assert_eq!(second.and_of_logs(first) as u8, code as u8);
        }
        assert_eq!(
            Exit::Malformed.and(Exit::Inconsistent) as u8,
            Exit::Malformed as u8
        );
    }

    /// The page with the table of pairs, between these two lines.
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/codes.md");
    const BEGIN: &str = "<!-- pairs: generated from cli/src/exit.rs -->\n";
    const END: &str = "<!-- end of pairs -->\n";

    /// The exit code of each pair of reasons, as a table.
    fn pairs() -> String {
        let mut table = String::from("| | reason | code |");
        for at in 1..=REASONS.len() {
            write!(table, " {at} |").unwrap();
        }
        write!(table, "\n|---|---|---|{}\n", "---|".repeat(REASONS.len())).unwrap();
        for (at, (code, reason)) in REASONS.iter().enumerate() {
            write!(table, "| {} | {reason} | {} |", at + 1, *code as u8).unwrap();
            for other in 0..REASONS.len() {
                write!(table, " {} |", REASONS[at.min(other)].0 as u8).unwrap();
            }
            table.push('\n');
        }
        table
    }

    /// `SNAPSHOTS=overwrite cargo test -p glasslog-cli pairs` writes the table anew.
    #[test]
    fn the_page_has_the_table_of_pairs() {
        let page = fs::read_to_string(PAGE).unwrap();
        let (head, rest) = page.split_once(BEGIN).unwrap();
        let (shown, tail) = rest.split_once(END).unwrap();
        let expected = format!("\n{}\n", pairs());
        if env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
            fs::write(PAGE, format!("{head}{BEGIN}{expected}{END}{tail}")).unwrap();
        } else {
            assert_eq!(shown, expected, "`SNAPSHOTS=overwrite` writes it anew");
        }
    }

    #[test]
    fn the_first_reason_of_each_pair_decides() {
        let order = [2, 8, 7, 3, 8, 1, 5, 6, 4];
        assert_eq!(REASONS.map(|(exit, _)| exit as u8), order);
        // A result is never that of a malformed file of the log and then of malformed input: both are 8.
        let codes = [2, 8, 7, 3, 1, 5, 6, 4, 0];
        let exit = |code: u8| {
            let named = REASONS.iter().find(|(exit, _)| *exit as u8 == code);
            named.map_or(Exit::Done, |(exit, _)| *exit)
        };
        for (at, first) in codes.into_iter().enumerate() {
            for second in codes.into_iter().skip(at) {
                for (one, other) in [(first, second), (second, first)] {
                    let both = exit(one).and(exit(other));
                    assert_eq!(both as u8, first, "{one} and then {other}");
                }
            }
        }
    }

    #[test]
    fn the_order_is_that_of_reports() {
        let classes = [
            Class::MalformedInput,
            Class::Inconsistent,
            Class::False,
            Class::MalformedLog,
            Class::Unfinished,
            Class::Undecided,
            Class::Held,
            Class::Nothing,
        ];
        assert!(classes.is_sorted());
        let codes: Vec<Exit> = classes.into_iter().map(Exit::from).collect();
        // Usage errors have no report.
        let expected = REASONS.map(|(exit, _)| exit).into_iter();
        let expected: Vec<Exit> = expected.filter(|exit| *exit != Exit::Usage).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn each_class_of_reports_has_its_exit_code() {
        let table = [
            (Class::MalformedInput, 8),
            (Class::MalformedLog, 8),
            (Class::Unfinished, 1),
            (Class::Inconsistent, 7),
            (Class::False, 3),
            (Class::Undecided, 5),
            (Class::Held, 6),
            (Class::Nothing, 4),
            (Class::Verified, 0),
        ];
        for (class, code) in table {
            assert_eq!(Exit::from(class) as u8, code, "{class:?}");
            assert_eq!(class.exit_code(), code, "{class:?}");
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
