//! Comments begin with a noun or a verb: the measure of `CONTRIBUTING.md`.
use glasslog_tests::glasslog::repository;

use super::files::{files, read, shown};

/// Folders of code, with the ending of its files.
const CODE: [(&str, &str); 15] = [
    ("core", "rs"),
    ("client", "rs"),
    ("log", "rs"),
    ("server", "rs"),
    ("cli", "rs"),
    ("wasm", "rs"),
    ("wasm", "js"),
    ("wasm", "ts"),
    ("wasm", "mjs"),
    ("site/src", "ts"),
    ("site/test", "ts"),
    ("tests", "rs"),
    ("bench", "rs"),
    ("xtask", "rs"),
    ("fuzz", "rs"),
];

/// Words that make a riddle of a line: the reader learns the subject only after them.
const RIDDLES: [&str; 8] = [
    "What", "Who", "Whoever", "Where", "Which", "How", "Whether", "That",
];

#[test]
fn few_comments_are_riddles() {
    let (mut comments, mut riddles) = (0, Vec::new());
    for (folder, ending) in CODE {
        for path in files(&repository().join(folder), ending) {
            let text = read(&path);
            let lines = text
                .lines()
                .filter_map(|line| line.trim_start().strip_prefix("//"));
            for line in lines {
                comments += 1;
                let said = line.trim_start_matches(['/', '!']).trim_start();
                let first = said.split(|c: char| !c.is_alphabetic()).next();
                if first.is_some_and(|word| RIDDLES.contains(&word)) {
                    riddles.push(format!("{}: {said}", shown(&path)));
                }
            }
        }
    }
    let rate = riddles.len() * 1_000 / comments;
    assert!(
        rate < 10,
        "{rate} of 1000 comment lines:\n{}",
        riddles.join("\n")
    );
}
