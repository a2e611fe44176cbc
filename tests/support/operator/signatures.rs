//! Index checkpoints that nobody stands for whom the policy names.
use super::case::{Case, seen};
use super::stage::{INDEX, LOG_SEED, Operator};
use crate::fixture::ORIGIN;

pub(super) fn cases() -> Vec<Case> {
    let signature = "index-signature";
    vec![
        Case::new(
            "index-signed-by-log-key",
            "signs the index with the key of the log, as the log",
            || {
                Operator {
                    origin: ORIGIN,
                    seed: LOG_SEED,
                    ..Operator::prepared()
                }
                .indexed()
            },
        )
        .shows(9)
        .audited(5),
        Case::new(
            "index-signed-by-log-secret",
            "signs the index with the key of the log, as the index",
            || {
                Operator {
                    seed: LOG_SEED,
                    ..Operator::prepared()
                }
                .indexed()
            },
        )
        .shows(9)
        .audited(5),
        Case::new(
            "index-signed-by-unknown-key",
            "signs the index with a key that nobody knows",
            || {
                Operator {
                    seed: 99,
                    ..Operator::prepared()
                }
                .indexed()
            },
        )
        .shows(9)
        .audited(5),
        Case::new(
            "index-of-unknown-origin",
            "signs the index under an origin that nobody knows",
            || {
                Operator {
                    origin: "models.example.com/other",
                    ..Operator::prepared()
                }
                .indexed()
            },
        )
        .shows(9)
        .audited(5),
        Case::new(
            "index-signature-wrong",
            "shows a wrong signature under the key of the index",
            || {
                let mut operator = Operator::prepared().indexed();
                for path in [
                    "index/checkpoint",
                    "index/latest.tlog-proof",
                    "index/audited.tlog-proof",
                ] {
                    swap_letters(
                        operator.files.get_mut(path).expect("a file of the index"),
                        INDEX,
                    );
                }
                operator
            },
        )
        .caught(seen(3, signature, ""))
        .audited(3),
        Case::new(
            "no-auditor",
            "shows no auditor's cosignature, and is honest otherwise",
            || {
                Operator {
                    is_cosigned: false,
                    ..Operator::prepared()
                }
                .indexed()
            },
        )
        .shows(9),
        Case::new(
            "auditor-signature-wrong",
            "shows a wrong signature under the auditor's key",
            || {
                let mut operator = Operator::prepared().indexed();
                for path in [
                    "index/checkpoint",
                    "index/latest.tlog-proof",
                    "index/audited.tlog-proof",
                ] {
                    let file = operator.files.get_mut(path).expect("a file of the index");
                    swap_letters(file, "auditor.example.org");
                }
                operator
            },
        )
        .caught(seen(3, "index-audit", ""))
        .audited(3),
    ]
}

impl Operator {
    /// The honest index, signed as the operator does now.
    fn indexed(mut self) -> Self {
        let runs = self.runs();
        self.publish(&runs);
        self
    }
}

/// Changes the signature line of this name so that it is still well formed.
fn swap_letters(file: &mut Vec<u8>, name: &str) {
    let text = String::from_utf8(file.clone()).expect("signed notes are text");
    let start = format!("\u{2014} {name} ");
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix(&start) {
            Some(signature) => {
                // Past the key's id, and in the root of an audit statement.
                let (at, letter) = (30, if &signature[30..31] == "A" { "B" } else { "A" });
                let (head, tail) = (&signature[..at], &signature[at + 1..]);
                format!("{start}{head}{letter}{tail}\n")
            }
            None => format!("{line}\n"),
        })
        .collect();
    assert_ne!(lines.concat(), text, "a signature was to change");
    *file = lines.concat().into_bytes();
}
