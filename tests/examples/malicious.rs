//! Makes a folder for each lie of an operator, and `cases.json` with what has to come of it:
//! `cargo run -p glasslog-tests --example malicious -- FOLDER`.
use std::path::PathBuf;

use glasslog_tests::fixture::put;
use glasslog_tests::operator;

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder to make");
    let folder = PathBuf::from(folder);
    let cases = operator::cases();
    for case in &cases {
        case.write(&folder.join(&case.name));
    }
    let list: Vec<_> = cases.iter().map(operator::Case::describe).collect();
    let text = serde_json::to_string_pretty(&list).expect("cases are JSON");
    put(&folder.join("cases.json"), format!("{text}\n").as_bytes());
}
