//! Real witnesses on publish: our own `witness serve`, and somebody else's, litewitness.
use std::fs;
use std::process::Stdio;

use glasslog_tests::omniwitness::OmniWitness;
use glasslog_tests::served::Served;
use glasslog_tests::tools::Tools;
use glasslog_tests::witness::Witness;

use crate::cli::writing::shell::{ORIGIN, Shell};

/// Lets the log be published with the quorum of these witness lines, all of them.
fn require(shell: &Shell, lines: &[String]) {
    let trust = shell.read("log/trust.policy");
    let log = trust.lines().find(|line| line.starts_with("log ")).unwrap();
    let names: String = (0..lines.len()).map(|at| format!(" w{at}")).collect();
    let lines: String = (0..)
        .zip(lines)
        .map(|(at, line)| format!("witness w{at} {line}\n"))
        .collect();
    let policy = format!("{log}\n{lines}group g all{names}\nquorum g\n");
    fs::write(shell.path("log/w.policy"), policy).unwrap();
    let config = shell.read("log/glasslog.toml");
    let section = "\n[witnesses]\npolicy = \"w.policy\"\nevery = 0.02\n";
    fs::write(shell.path("log/glasslog.toml"), config + section).unwrap();
}

/// Starts `witness serve`, which knows the log; returns its line of a policy.
fn own_witness(shell: &Shell, vkey: &str) -> (Served, String) {
    let keygen = "keygen --kind witness --name witness.example/w1 --out w";
    shell.run(keygen).expect(0);
    fs::write(shell.path("logs"), format!("logs/v0\nvkey {vkey}\n")).unwrap();
    let serve = "witness serve --state w.db --key file:w --logs logs";
    let served = Served::start(shell.command(serve), Stdio::null()).expect("it listens");
    let line = format!("{} {}/", shell.read("w.pub").trim_end(), served.url);
    (served, line)
}

/// Publishes one event after another, each of which a reader who requires the quorum sees.
fn publish_some(shell: &Shell) {
    for number in 0..3 {
        let rest = format!("--action read --artifact a@1 -o proof{number}");
        shell.record("log", &rest).expect(0);
        let verify = format!("verify proof proof{number} --policy log/w.policy");
        shell.run(&verify).expect(0);
    }
    shell.run("audit log --policy log/w.policy").expect(0);
}

#[test]
fn our_witness_cosigns_on_publish() {
    let shell = Shell::with_log();
    let trust = shell.read("log/trust.policy");
    let vkey = trust.lines().find_map(|line| line.strip_prefix("log "));
    let (served, line) = own_witness(&shell, vkey.unwrap());
    require(&shell, &[line]);
    publish_some(&shell);
    drop(served);
    shell
        .record("log", "--action read --artifact a@1 -o late")
        .expect(1);
}

#[test]
fn litewitness_cosigns_on_publish() {
    let name = "litewitness on publish";
    let Some(tools) = Tools::for_test(name) else {
        return;
    };
    let shell = Shell::with_log();
    let trust = shell.read("log/trust.policy");
    let vkey = trust.lines().find_map(|line| line.strip_prefix("log "));
    let vkey = vkey.unwrap();
    let Some(theirs) = Witness::start(name, tools, "example.com/witness", ORIGIN, vkey) else {
        return;
    };
    let (_served, ours) = own_witness(&shell, vkey);
    require(
        &shell,
        &[ours, format!("{} {}", theirs.vkey(), theirs.url())],
    );
    publish_some(&shell);
}

/// One server with a key of Ed25519 and one of ML-DSA-44, both of which the quorum asks for.
#[test]
fn omniwitness_cosigns_on_publish_by_both_algorithms() {
    let Some(tools) = Tools::for_omniwitness_test("omniwitness on publish") else {
        return;
    };
    let shell = Shell::with_log();
    let trust = shell.read("log/trust.policy");
    let vkey = trust.lines().find_map(|line| line.strip_prefix("log "));
    let theirs = OmniWitness::start(tools, ORIGIN, vkey.unwrap());
    require(&shell, &theirs.lines());
    publish_some(&shell);
}
