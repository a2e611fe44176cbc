//! Variables that stand for flags: they give what is missing, and never make a verb ask for more or refuse what it was given.
use std::collections::BTreeSet;
use std::fs;

use glasslog_tests::command::{Finished, finish};

use crate::cli::reference;
use crate::cli::writing::shell::{DIGEST, Shell};

const VARIABLES: [&str; 3] = ["GLASSLOG_LOG", "GLASSLOG_POLICY", "GLASSLOG_SIGNER"];

/// A path below a file, at which nothing can be read or made.
const NOWHERE: &str = "file/x";

/// Runs a command line with every variable set, or without any.
fn run(shell: &Shell, words: &[String], is_set: bool) -> Finished {
    let mut command = shell.command(&words.join(" "));
    for variable in VARIABLES {
        match is_set {
            true => command.env(variable, "elsewhere"),
            false => command.env_remove(variable),
        };
    }
    finish(&mut command)
}

/// A value for an argument of this name, at which the verb ends before it does anything.
fn value(name: &str) -> &str {
    match name {
        "KIND" => "actor",
        "SHELL" => "bash",
        "INDEX" | "N" | "COUNT" | "PORT" | "SECONDS" => "0",
        "DURATION" => "1m",
        "TIME" => "2026-11-23T12:00:00Z",
        "SIZE" => "1MiB",
        "HASH" | "sha256:HEX" => DIGEST,
        "ACTION" => "read",
        "ORIGIN" => "models.example.com/access",
        _ => NOWHERE,
    }
}

/// Replaces the names of values in words of a help text.
fn filled<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_meant = |word: &&str| *word != "[OPTIONS]";
    let fill = |word: &str| match word.trim_end_matches("...").strip_prefix('<') {
        Some(name) => value(name.trim_end_matches('>')).to_owned(),
        None => word.to_owned(),
    };
    words.filter(is_meant).map(fill).collect()
}

/// The shortest command line of a verb, as its help describes it.
fn shortest(help: &str) -> Vec<String> {
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: "));
    let words = usage.unwrap().split(' ').skip(1);
    filled(words)
}

/// The flags of a help text, with the value of those that take one.
fn flags(help: &str) -> Vec<Vec<String>> {
    let lines = help.lines().map(str::trim_start);
    let options = lines.filter_map(|line| line.find("--").map(|at| (line, &line[at..])));
    let options = options.filter(|(line, _)| line.starts_with('-'));
    let is_flag = |word: &&str| word.starts_with("--") || word.starts_with('<');
    options
        .map(|(_, flag)| filled(flag.split(' ').take_while(is_flag)))
        .filter(|flag| flag[0] != "--help" && flag[0] != "--version")
        .collect()
}

#[test]
fn a_variable_never_makes_a_verb_refuse_its_arguments() {
    let shell = Shell::new();
    fs::write(shell.path("file"), "a file").unwrap();
    let (mut verbs, mut lines) = (0, 0);
    for verb in reference::verbs().keys() {
        let help = reference::help(&verb.split(' ').collect::<Vec<_>>());
        let shortest = shortest(&help);
        verbs += usize::from(run(&shell, &shortest, true).code != 2);
        for flag in [Vec::new()].into_iter().chain(flags(&help)) {
            let line = [shortest.clone(), flag].concat();
            lines += 1;
            let said = run(&shell, &line, true);
            if said.code == 2 {
                let without = run(&shell, &line, false);
                assert_eq!(without.code, 2, "{line:?}: {said}");
            }
        }
    }
    assert!(verbs >= 30 && lines >= 200, "{verbs} verbs, {lines} lines");
}

/// The arguments that an error says are missing.
fn missing(said: &Finished) -> BTreeSet<&str> {
    let list = said.stderr.split_once("were not provided:\n");
    let (_, list) = list.unwrap_or_default();
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    lines.map(str::trim).collect()
}

#[test]
fn a_variable_never_makes_a_verb_ask_for_an_argument() {
    let shell = Shell::new();
    let mut asking = 0;
    for verb in reference::verbs().keys() {
        let words: Vec<String> = verb.split(' ').map(str::to_owned).collect();
        if verb == "doctor" {
            continue;
        }
        let (with, without) = (run(&shell, &words, true), run(&shell, &words, false));
        let (more, before) = (missing(&with), missing(&without));
        assert!(more.is_subset(&before), "{verb}: {with}{without}");
        asking += usize::from(!before.is_empty());
    }
    assert!(asking >= 30, "{asking}");
}

/// The variables alone name what the flags would.
#[test]
fn variables_stand_for_their_flags() {
    let shell = Shell::with_log();
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    let copy = "mirror log copy --policy log/trust.policy --once";
    shell.run(copy).expect(0);
    for line in [
        "mirror log other --once",
        "mirror merge copy -o joined",
        "verify consistency --old old",
        "verify entry 0",
        "keys list",
        "doctor",
    ] {
        let mut command = shell.command(line);
        command.env("GLASSLOG_LOG", "log");
        command.env("GLASSLOG_POLICY", "log/trust.policy");
        finish(&mut command).expect(0);
    }
    // The flags of the other way do not meet the variable of this one.
    let mut command = shell.command("verify consistency --old old --new old --proof old");
    command.env("GLASSLOG_LOG", "elsewhere");
    command.env("GLASSLOG_POLICY", "log/trust.policy");
    finish(&mut command).expect(8);
    let line = "verify consistency --old old --policy log/trust.policy";
    let said = finish(shell.command(line).env("GLASSLOG_LOG", "")).expect(2);
    assert!(said.stderr.contains("`GLASSLOG_LOG` is empty"), "{said}");
    let said = shell.run(line).expect(2);
    assert!(
        said.stderr
            .contains("takes `--log LOG`, or `--new FILE` and `--proof FILE`"),
        "{said}"
    );
    assert!(said.stderr.contains("`GLASSLOG_LOG`"), "{said}");
}
