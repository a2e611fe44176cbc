//! Output of the command line, word for word, and its exit codes.
use glasslog_tests::{operator, transcript, world};

fn check(name: &str) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    world::build(folder.path());
    transcript::check(name, folder.path());
}

#[test]
fn history() {
    check("history.md");
}

#[test]
fn verify_entry() {
    check("verify-entry.md");
}

#[test]
fn verify_file() {
    check("verify-file.md");
}

#[test]
fn verify_proof() {
    check("verify-proof.md");
}

#[test]
fn verify_consistency() {
    check("verify-consistency.md");
}

#[test]
fn verify_bundle() {
    check("verify-bundle.md");
}

#[test]
fn audit() {
    check("audit.md");
}

#[test]
fn audit_of_an_index() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    world::build(folder.path());
    let named = ["honest", "event-left-out-unaudited"];
    for case in operator::cases() {
        if named.contains(&case.name.as_str()) {
            case.write(&folder.path().join(&case.name));
        }
    }
    operator::write_auditor_key(&folder.path().join("auditor.key"));
    transcript::check("audit-index.md", folder.path());
}

/// The honest operator's log, and the key of its index.
fn check_with_index(name: &str) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let cases = operator::cases();
    let honest = cases.iter().find(|case| case.name == "honest");
    honest
        .expect("somebody is honest")
        .write(&folder.path().join("honest"));
    operator::write_index_key(&folder.path().join("index.key"));
    // The same policy without the auditor: whose index it is suffices.
    let policy = folder.path().join("honest/trust.policy");
    let policy = std::fs::read_to_string(policy).expect("a policy");
    let (before, audit) = policy.split_once("[audit]").expect("an auditor");
    let (_, after) = audit.split_once('[').expect("another section");
    let unaudited = format!("{before}[{after}");
    std::fs::write(folder.path().join("unaudited.policy"), unaudited).expect("written");
    transcript::check(name, folder.path());
}

#[test]
fn history_by_index() {
    check_with_index("history-index.md");
}

#[test]
fn index() {
    check_with_index("index.md");
}

#[test]
fn inspect() {
    check("inspect.md");
}

#[test]
fn doctor() {
    check("doctor.md");
}

#[test]
fn usage() {
    check("usage.md");
}
