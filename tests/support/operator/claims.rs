//! Lies in what a run says: well-formed, in order, signed; only some pairs of key and position are not as in the log.
use glasslog_core::event::KeyKind;
use glasslog_core::index::format::MapFunction;
use glasslog_core::merkle::{Hash, sha256};

use super::case::{Case, GOOD, seen};
use super::forged_run::ForgedRun;
use super::stage::{
    MALFORMED_AT, ONCE, ONCE_AT, ONCE_WEIGHTS, Operator, REVOKED_AT, RUNS, STOLEN, STOLEN_WEIGHTS,
    key, resnet,
};

/// The entry of the artifact's history that is left out, when one is.
const LEFT_OUT: u64 = 130;

pub(super) fn cases() -> Vec<Case> {
    let positions = "index-positions";
    vec![
        Case::new("honest", "nothing", honest).shows(9),
        Case::new(
            "honest-absence",
            "nothing, and is asked for what never was",
            honest,
        )
        .about("never@1", b"never seen\n")
        .caught(seen(4, "", "")),
        Case::new(
            "event-left-out",
            "leaves an event out of all its lists, and shows no auditor's cosignature",
            event_left_out,
        )
        .shows(9)
        .fraud("omission"),
        Case::new(
            "event-left-out-unaudited",
            "leaves an event out of all its lists, and nobody asks for auditors",
            event_left_out,
        )
        .unaudited()
        .shows(8)
        .fraud("omission"),
        Case::new(
            "event-left-out-conspiracy",
            "leaves an event out of all its lists, and an auditor cosigns that",
            || {
                Operator {
                    is_cosigned: true,
                    ..event_left_out()
                }
                .sealed()
            },
        )
        .shows(8)
        .fraud("omission"),
        Case::new(
            "all-left-out-unaudited",
            "leaves the only event of an artifact out, and nobody asks for auditors",
            all_left_out,
        )
        .unaudited()
        .about(ONCE, ONCE_WEIGHTS)
        .caught(seen(4, "", ""))
        .fraud("omission"),
        Case::new(
            "all-left-out",
            "leaves the only event of an artifact out, and shows no auditor's cosignature",
            all_left_out,
        )
        .about(ONCE, ONCE_WEIGHTS)
        .shows(1)
        .fraud("omission"),
        Case::new(
            "left-out-of-one-list",
            "leaves an event out of one list, and another that the history follows has it",
            || forge(|list, at| (*list, at) == (resnet(), LEFT_OUT), None),
        )
        .caught(seen(3, positions, "omission"))
        // A reader who knows the file alone asks for that one list, and takes the word of the deceived auditor.
        .file(GOOD)
        .fraud("omission"),
        Case::new(
            "genesis-left-out",
            "leaves the genesis out of the list of trust",
            || forge(|list, at| (*list, at) == (key(KeyKind::Trust, ""), 0), None),
        )
        .caught(seen(3, positions, "omission"))
        .fraud("omission"),
        Case::new(
            "event-inserted",
            "lists an entry that is about something else",
            || forge(|_, _| false, Some((resnet(), 135))),
        )
        .caught(seen(3, positions, "insertion"))
        .fraud("insertion"),
        Case::new("malformed-inserted", "calls an event unreadable", || {
            forge(|_, _| false, Some((key(KeyKind::Malformed, ""), 135)))
        })
        .caught(seen(3, positions, "insertion"))
        .fraud("insertion"),
        Case::new(
            "invented-key",
            "lists a key that no identifier has, where nobody looks",
            || forge(|_, _| false, Some((sha256(b"nothing hashes to this"), 135))),
        )
        .shows(9)
        .fraud("insertion"),
        Case::new(
            "revocation-left-out",
            "leaves the revocation of a key out, and shows no auditor's cosignature",
            revocation_left_out,
        )
        .about(STOLEN, STOLEN_WEIGHTS)
        .caught(seen(5, "event-signatures", "revoked-key"))
        .shows(1)
        .fraud("omission"),
        Case::new(
            "revocation-left-out-unaudited",
            "leaves the revocation of a key out, and nobody asks for auditors",
            revocation_left_out,
        )
        .unaudited()
        .about(STOLEN, STOLEN_WEIGHTS)
        .shows(1)
        .fraud("omission"),
        Case::new(
            "revocation-kept",
            "nothing: the same question with the revocation in the index",
            || {
                let mut operator = Operator::robbed();
                let runs = operator.runs();
                operator.publish(&runs);
                operator
            },
        )
        .about(STOLEN, STOLEN_WEIGHTS)
        .caught(seen(5, "event-signatures", "revoked-key"))
        .shows(1)
        .audited(5),
        Case::new(
            "malformed-left-out-unaudited",
            "leaves an entry out that nobody can read, and nobody asks for auditors",
            malformed_left_out,
        )
        .unaudited()
        .shows(9)
        .fraud("omission"),
        Case::new(
            "malformed-left-out",
            "leaves an entry out that nobody can read, and shows no auditor's cosignature",
            malformed_left_out,
        )
        .shows(9)
        .fraud("omission"),
    ]
}

fn honest() -> Operator {
    let mut operator = Operator::prepared();
    let runs = operator.runs();
    operator.publish(&runs);
    operator
}

/// An index without the pairs of key and position that `lose` names, and with one more; the auditor is taken in.
fn forge(lose: fn(&Hash, u64) -> bool, add: Option<(Hash, u64)>) -> Operator {
    let mut operator = Operator::prepared();
    let mut runs = operator.runs_without(lose);
    if let Some((key, at)) = add {
        let run = RUNS
            .iter()
            .position(|range| range.contains(&at))
            .expect("an entry of the log");
        let start = RUNS[run].start;
        let mut pairs = operator.pairs(RUNS[run].clone());
        pairs.push((key, u32::try_from(at - start).expect("a small number")));
        runs[run] = ForgedRun::of(MapFunction::AccessV2, RUNS[run].clone(), pairs);
    }
    operator.publish(&runs);
    operator
}

/// An index that knows nothing of these entries.
fn without(mut operator: Operator, lost: &'static [u64]) -> Operator {
    let runs = operator.runs_without(|_, at| lost.contains(&at));
    // The auditor looked before it signed.
    operator.is_cosigned = false;
    operator.publish(&runs);
    operator
}

fn event_left_out() -> Operator {
    without(Operator::prepared(), &[LEFT_OUT])
}

fn all_left_out() -> Operator {
    without(Operator::prepared(), &[ONCE_AT])
}

fn revocation_left_out() -> Operator {
    without(Operator::robbed(), &[REVOKED_AT])
}

fn malformed_left_out() -> Operator {
    without(Operator::prepared(), &[MALFORMED_AT])
}
