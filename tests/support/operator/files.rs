//! Hosts that withhold, cut or replace files: every kind of file that an answer rests on, in every way.
use glasslog_core::event::KeyKind;
use glasslog_core::index::format::{AUDITED_PATH, LATEST_PATH};

use super::case::{Case, GOOD, Seen, seen};
use super::forged_run::ForgedRun;
use super::stage::{Operator, key, resnet};

/// Page that single-page applications serve for each path.
const PAGE: &[u8] = b"<!doctype html><title>Home</title>\n";

/// A kind of file: where one of it lies in which log, and what a cut, an empty and a replaced one come to.
struct Kind {
    name: &'static str,
    what: &'static str,
    make: fn() -> (Operator, String),
    cut: Seen,
    empty: Seen,
    page: Seen,
}

pub(super) fn cases() -> Vec<Case> {
    let malformed = |check, error| [seen(8, check, error); 3];
    let wrong = |check, error| [seen(3, check, error); 3];
    let kind = |name, what, [cut, empty, page]: [Seen; 3], make: fn() -> _| Kind {
        name,
        what,
        make,
        cut,
        empty,
        page,
    };
    let kinds = [
        kind(
            "checkpoint",
            "the checkpoint",
            malformed("checkpoint", ""),
            || (short(), "checkpoint".into()),
        ),
        kind(
            "latest",
            "the proof of the newest manifest",
            malformed("index-proof", "tlog-proof-no-checkpoint"),
            || {
                // A reader without the proof of the audited manifest takes the other.
                let mut operator = short();
                operator.missing.insert(AUDITED_PATH.into());
                (operator, LATEST_PATH.into())
            },
        ),
        kind(
            "bucket",
            "a bucket",
            [
                seen(3, "index-files", "index-bucket-path"),
                seen(3, "index-files", "index-bucket-short-file"),
                seen(3, "index-files", "index-bucket-short-file"),
            ],
            || {
                let operator = short();
                let path = operator.runs()[1].path_of(&resnet());
                (operator, path)
            },
        ),
        kind(
            "reserved",
            "a reserved bucket",
            wrong("index-files", "index-bucket-leaf"),
            || {
                let operator = short();
                let path = operator.runs()[0].path_of(&key(KeyKind::Trust, ""));
                (operator, path)
            },
        ),
        kind(
            "list",
            "the file of a long list",
            wrong("index-files", "index-postings-leaves-length"),
            || {
                let (operator, run) = long();
                let path = postings(&run, |bytes| bytes.len() % 32 == 0);
                (operator, path)
            },
        ),
        kind(
            "chunk",
            "a chunk of a long list",
            wrong("index-files", "index-postings-root"),
            || {
                let (operator, run) = long();
                // The chunk that says that 4,096 positions come before it.
                let path = postings(&run, |bytes| bytes[..4] == 4096u32.to_be_bytes());
                (operator, path)
            },
        ),
        // The bundle over it says as much, so that nobody who asks needs it; an auditor reads all.
        kind("tile", "a tile of the log", [GOOD; 3], || {
            (short(), "tile/0/000".into())
        }),
        kind(
            "edge-tile",
            "the last tile of the log",
            wrong("tree", ""),
            || (short(), "tile/0/001.p/44".into()),
        ),
        kind("bundle", "an entry bundle", wrong("entries", ""), || {
            (short(), "tile/entries/000".into())
        }),
    ];
    kinds.into_iter().flat_map(Kind::cases).collect()
}

impl Kind {
    fn cases(self) -> impl Iterator<Item = Case> {
        let Self { what, make, .. } = self;
        let path = make().1;
        type Damage = fn(&mut Vec<u8>);
        let damages: [(&str, String, Seen, Option<Damage>); 4] = [
            (
                "missing",
                format!("withholds {what}"),
                match (self.cut, self.name) {
                    // Without it no auditor vouches for anything, and the log is read whole.
                    (GOOD, _) | (_, "latest") => GOOD,
                    _ => seen(1, "files", ""),
                },
                None,
            ),
            (
                "cut",
                format!("serves half of {what}"),
                self.cut,
                Some(|bytes| bytes.truncate(bytes.len() / 2)),
            ),
            (
                "empty",
                format!("serves nothing as {what}"),
                self.empty,
                Some(Vec::clear),
            ),
            (
                "page",
                format!("serves a page as {what}"),
                self.page,
                Some(|bytes| *bytes = PAGE.to_vec()),
            ),
        ];
        damages.into_iter().map(move |(way, lie, seen, damage)| {
            let name = format!("{way}-{}", self.name);
            let damaged = move || {
                let (mut operator, path) = make();
                match damage {
                    Some(damage) => {
                        let mut bytes = operator.served()[&path].clone();
                        damage(&mut bytes);
                        operator.files.insert(path, bytes);
                    }
                    None => {
                        operator.missing.insert(path);
                    }
                }
                operator
            };
            let case = Case::new(&name, &lie, damaged)
                .caught(seen)
                .at(path.clone());
            let exit = match (way, seen.check) {
                ("missing", _) => 1,
                (_, "checkpoint" | "index-proof") => 8,
                _ => 3,
            };
            case.shows(9).audited(exit)
        })
    }
}

fn short() -> Operator {
    let mut operator = Operator::prepared();
    let runs = operator.runs();
    operator.publish(&runs);
    operator
}

fn long() -> (Operator, ForgedRun) {
    let mut operator = Operator::long();
    let run = Operator::long_run();
    operator.publish(std::slice::from_ref(&run));
    (operator, run)
}

/// The first file of long lists whose bytes are such.
fn postings(run: &ForgedRun, is_it: fn(&[u8]) -> bool) -> String {
    let found = run.postings.iter().find(|(_, bytes)| is_it(bytes));
    found.expect("a file of a long list").0.clone()
}
