//! Hints where a question, a flag or a variable is not what was meant: they name what is, and the command that goes on.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use glasslog_tests::command::finish;
use glasslog_tests::glasslog;
use glasslog_tests::skip::skipped;

use crate::cli::reference;
use crate::cli::writing::shell::{DIGEST, Shell};

const POLICY: &str = "--log log --policy log/trust.policy";

/// A log with the folder `model` as `m@1`, and a file `m` beside it.
fn with_folder() -> Shell {
    let shell = Shell::with_log();
    fs::create_dir_all(shell.path("model/sub")).unwrap();
    fs::write(shell.path("model/sub/w.bin"), "weights").unwrap();
    fs::write(shell.path("model/config.json"), "{}").unwrap();
    let register = "record --log log --signer ci.key --action register --artifact m@1 --reason-code r --reason r";
    shell
        .run(&format!("{register} --file model -o p"))
        .expect(0);
    fs::write(shell.path("weights"), "weights").unwrap();
    shell
}

/// The history of a file of a registered folder has no event, and names the folder; `verify file` finds it.
#[test]
fn a_file_of_a_registered_folder_leads_to_its_history() {
    let shell = with_folder();
    let hint = "is `sub/w.bin` in the folder that `ci@example.org` registered as `m@1`: its history is `glasslog history m@1`";
    for verb in ["history", "bundle -o b"] {
        for argument in ["./model/sub/w.bin", "./weights"] {
            let said = shell.run(&format!("{verb} {argument} {POLICY}")).expect(4);
            assert!(
                said.stderr.contains(&format!("hint: `{argument}` {hint}")),
                "{said}"
            );
        }
    }
    let said = shell
        .run(&format!("verify file ./weights {POLICY}"))
        .expect(0);
    assert!(
        said.text().contains("registered as `sub/w.bin` of `m@1`"),
        "{said}"
    );
    // A file that is in no folder gets no such hint, and one with events none at all.
    fs::write(shell.path("other"), "other").unwrap();
    let said = shell.run(&format!("history ./other {POLICY}")).expect(4);
    assert!(!said.stderr.contains("in the folder"), "{said}");
    let said = shell.run(&format!("history ./model {POLICY}")).expect(0);
    assert_eq!(said.stderr, "", "{said}");
}

#[test]
fn a_path_without_its_dot_is_told() {
    let shell = with_folder();
    fs::write(shell.path("my weights"), "weights").unwrap();
    let hint = |path: &str| {
        format!("hint: a path begins with `./`: `./{path}` asks about that file's content")
    };
    for verb in ["history", "bundle -o b"] {
        for path in ["weights", "model/sub/w.bin", "model"] {
            let said = shell.run(&format!("{verb} {path} {POLICY}")).expect(4);
            assert!(said.stderr.contains(&hint(path)), "{said}");
        }
        let said = shell.run(&format!("{verb} nowhere {POLICY}")).expect(4);
        assert!(!said.stderr.contains("begins with"), "{said}");
    }
    let mut spaced = shell.command(&format!("history {POLICY}"));
    let said = finish(spaced.arg("my weights")).expect(2);
    assert!(said.stderr.contains(&hint("my weights")), "{said}");
    shell.run(&format!("bundle m@1 {POLICY} -o b")).expect(0);
    let said = shell
        .run("verify bundle b --artifact weights --policy log/trust.policy")
        .expect(3);
    assert!(said.stderr.contains(&hint("weights")), "{said}");
}

/// Some verbs take the log as an argument, others by a flag: each says which.
#[test]
fn a_log_in_the_wrong_place_is_told_its_place() {
    let shell = Shell::with_log();
    for verb in [
        "audit",
        "publish",
        "index",
        "portal",
        "log status",
        "log close",
        "witness cosign",
        "serve",
    ] {
        let said = shell.run(&format!("{verb} --log log")).expect(2);
        let hint =
            format!("hint: `glasslog {verb}` takes the log without a flag: `glasslog {verb} LOG`");
        assert!(said.stderr.contains(&hint), "{said}");
        assert!(!said.stderr.contains("-- --log"), "{said}");
        assert!(!said.stderr.contains("\n\n\n"), "{said}");
    }
    for (verb, rest) in [
        ("history", "m@1 log"),
        ("bundle", "m@1 log -o b"),
        ("verify entry", "0 log"),
        ("keys list", "log"),
        ("keys enrol", "log --actor x --key x"),
        ("prove", "log --index 0 -o p"),
        ("record", "log --action read"),
        ("acknowledge", "0 log --reason r"),
        ("doctor", "log"),
    ] {
        let said = shell.run(&format!("{verb} {rest}")).expect(2);
        let hint = format!("hint: `glasslog {verb}` takes the log by its flag: `--log log`");
        assert!(said.stderr.contains(&hint), "{said}");
    }
}

/// Every verb, as its own help describes it: a log in the wrong place, and each variable that is empty.
#[test]
fn every_verb_says_where_its_log_comes_from() {
    let shell = Shell::new();
    let (mut arguments, mut variables) = (0, 0);
    for verb in reference::verbs().keys() {
        let words: Vec<&str> = verb.split(' ').collect();
        let help = reference::help(&words);
        let usage = help
            .lines()
            .find(|line| line.starts_with("Usage: "))
            .unwrap();
        let takes_argument = usage.contains(" <LOG>") && !usage.contains("--log <LOG>");
        if takes_argument {
            let said = shell.run(&format!("{verb} --log log")).expect(2);
            let hint = format!("hint: `glasslog {verb}` takes the log without a flag");
            assert!(said.stderr.contains(&hint), "{said}");
            arguments += 1;
        }
        for variable in ["GLASSLOG_LOG", "GLASSLOG_POLICY", "GLASSLOG_SIGNER"] {
            if !help.contains(&format!("[env: {variable}]")) {
                continue;
            }
            let said = finish(shell.command(verb).env(variable, "")).expect(2);
            let words = format!("the variable `{variable}` is empty");
            assert!(said.stderr.contains(&words), "{verb}: {said}");
            variables += 1;
        }
    }
    assert!(arguments >= 8 && variables >= 20, "{arguments} {variables}");
}

#[test]
fn an_empty_variable_is_named() {
    let shell = Shell::with_log();
    let record = format!("record --action read --artifact m@1 --digest {DIGEST}");
    for (variable, line) in [
        ("GLASSLOG_LOG", format!("{record} --signer ci.key")),
        ("GLASSLOG_SIGNER", format!("{record} --log log")),
        (
            "GLASSLOG_POLICY",
            format!("{record} --log log --signer ci.key"),
        ),
        (
            "GLASSLOG_LOG",
            "history m@1 --policy log/trust.policy".into(),
        ),
        ("GLASSLOG_POLICY", "history m@1 --log log".into()),
        ("GLASSLOG_POLICY", "audit log".into()),
        (
            "GLASSLOG_LOG",
            "verify entry 0 --policy log/trust.policy".into(),
        ),
        ("GLASSLOG_LOG", "bundle m@1 -o b".into()),
        ("GLASSLOG_LOG", "prove --index 0 -o p".into()),
        ("GLASSLOG_LOG", "submit -".into()),
        ("GLASSLOG_LOG", "keys list".into()),
        ("GLASSLOG_LOG", "doctor".into()),
    ] {
        let said = finish(shell.command(&line).env(variable, "")).expect(2);
        let words = format!("the variable `{variable}` is empty: set it, or unset it");
        assert!(said.stderr.contains(&words), "{line}: {said}");
    }
    // An argument goes first; an empty one is told as such.
    finish(
        shell
            .command("history m@1 --log log --policy log/trust.policy")
            .env("GLASSLOG_LOG", ""),
    )
    .expect(4);
    let said = shell
        .run("history m@1 --log= --policy log/trust.policy")
        .expect(2);
    assert!(said.stderr.contains("it is empty"), "{said}");
}

/// A claim that breaks its format is named by its flag.
#[test]
fn a_claim_is_named_by_its_flag() {
    let shell = Shell::with_log();
    for (flag, value) in [
        ("--role", "ml engineer"),
        ("--on-behalf-of", "a b"),
        ("--env", ""),
        ("--region", ""),
        ("--pipeline", ""),
        ("--reason-code", "a b"),
    ] {
        let mut record = shell.command(&format!(
            "record --log log --signer ci.key --action read --artifact m@1 --digest {DIGEST}"
        ));
        let said = finish(record.args([flag, value])).expect(8);
        assert!(
            said.stderr
                .contains(&format!("error: `{flag}`: `predicate.")),
            "{said}"
        );
    }
    let mut acknowledge = shell.command("acknowledge 1 --log log");
    finish(acknowledge.args(["--reason", "known"])).expect(6);
    let mut revoke = shell.command("keys revoke --log log --key ci.key.pub");
    let said = finish(revoke.args(["--reason", " "])).expect(8);
    assert!(
        said.stderr
            .contains("error: `--reason`: `predicate.reason`"),
        "{said}"
    );
}

/// A file that the user has no right to look at is not said to be missing.
#[test]
fn doctor_tells_a_stranger_to_be_the_logs_user() {
    let shell = Shell::with_log();
    let folder = shell.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    // The binary may lie in a folder that the other user cannot enter.
    let program = folder.join("glasslog");
    if fs::copy(glasslog::binary(), &program).is_err() {
        return skipped("the program cannot be copied: no other user is tried");
    }
    let mut other = Command::new("setpriv");
    other
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["doctor", "--log", "log", "--offline"])
        .env("GLASSLOG_CACHE", "off")
        .current_dir(folder);
    let probe = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        return skipped("this user cannot become another one: doctor is not tried as a stranger");
    }
    let said = finish(&mut other);
    assert!(
        said.stderr
            .contains("run `glasslog doctor` as the user who runs the log")
            || said
                .text()
                .contains("run `glasslog doctor` as the user who runs the log"),
        "{said}"
    );
    assert!(said.text().contains("permission denied"), "{said}");
    assert!(!said.text().contains("is missing"), "{said}");
}

/// The owner's compromised key leaves histories and files open; each says the way out, and that it is one.
#[test]
fn a_compromised_owner_has_a_way_out() {
    let shell = Shell::with_log();
    fs::write(shell.path("w"), "weights").unwrap();
    let register = |key: &str, more: &str| {
        shell.run(&format!(
            "record --log log --signer {key} --action register --artifact m@1 --file w --reason-code r --reason r -o p{more}"
        ))
    };
    register("ci.key", "").expect(0);
    shell
        .run("keys revoke --log log --key ci.key.pub --reason stolen --compromised-since 2")
        .expect(0);
    let questions = [
        format!("history m@1 {POLICY}"),
        format!("history ./w {POLICY}"),
        format!("verify file w {POLICY}"),
        format!("verify entry 2 {POLICY}"),
    ];
    for question in &questions {
        let said = shell.run(question).expect(5);
        for words in [
            "register anew: `glasslog record --action register --admin SPEC`",
            "`glasslog acknowledge INDEX`",
            "alone decides nothing",
        ] {
            assert!(said.stderr.contains(words), "{question}: {said}");
        }
    }
    let said = shell
        .run(&format!("history actor:ci@example.org {POLICY}"))
        .expect(5);
    assert!(
        said.stderr.contains("with `glasslog acknowledge INDEX`"),
        "{said}"
    );
    // An acknowledgement alone decides nothing; a registration anew does.
    shell
        .run("acknowledge 2 --log log --reason known")
        .expect(0);
    shell.run(&questions[0]).expect(5);
    for line in [
        "keygen --kind actor --name ci@example.org --out new.key",
        "keys enrol --log log --actor ci@example.org --key new.key.pub",
    ] {
        shell.run(line).expect(0);
    }
    register("new.key", " --admin log/keys/admin").expect(0);
    for question in &questions[..3] {
        shell.run(question).expect(0);
    }
}

/// A version that is not there leads to those that are registered, and to no others.
#[test]
fn other_versions_of_a_name_are_hinted_at() {
    let shell = Shell::with_log();
    let register = |artifact: &str| {
        let line = format!("--action register --artifact {artifact} --reason r -o p");
        shell.record("log", &line).expect(0);
    };
    for version in 1..=6 {
        register(&format!("m@{version}"));
    }
    register("other@1");
    shell
        .record("log", "--action read --artifact m@read -o p")
        .expect(0);
    let hint = "hint: other versions of this name that are registered: `m@6`, `m@5`, `m@4`, `m@3`, `m@2` and 1 older ones";
    for verb in ["history", "bundle -o b"] {
        let said = shell.run(&format!("{verb} m@7 {POLICY}")).expect(4);
        assert!(said.stderr.contains(hint), "{said}");
        let said = shell.run(&format!("{verb} n@7 {POLICY}")).expect(4);
        assert!(!said.stderr.contains("other versions"), "{said}");
    }
    let said = shell
        .run(&format!("history m@7 --full-scan {POLICY}"))
        .expect(4);
    assert!(!said.stderr.contains("other versions"), "{said}");
}

/// A missing argument that can be given in several ways is told with all of them.
#[test]
fn each_way_of_giving_a_missing_argument_is_named() {
    let shell = Shell::with_log();
    for (line, words) in [
        (
            "history m@1",
            "`--log` can be replaced by the variable `GLASSLOG_LOG`",
        ),
        (
            "history m@1 --log log",
            "`--policy FILE`, or the variable `GLASSLOG_POLICY`, is required",
        ),
        (
            "record --log log --action read --artifact m@1 --file p",
            "`--signer` can be replaced by the variable `GLASSLOG_SIGNER`",
        ),
        (
            "record --log log --signer ci.key --action read --artifact m@1",
            "`--file` can be replaced by `--digest sha256:HEX`",
        ),
        (
            "verify consistency --old p --policy p",
            "`--log` can be replaced by `--new FILE` with `--proof FILE`",
        ),
        (
            "witness serve --listen :0 --state s --key k",
            "`--policy` can be replaced by `--logs FILE`",
        ),
    ] {
        let said = shell.run(line).expect(2);
        assert!(said.stderr.contains(words), "{said}");
    }
    let mut publish = shell.command("publish");
    let said = finish(publish.env("GLASSLOG_LOG", "log")).expect(2);
    assert!(
        said.stderr.contains("which this verb does not take"),
        "{said}"
    );
}

/// A report of a hold names the command that ends it, as text and beside JSON; the command does.
#[test]
fn a_hold_names_its_release() {
    let shell = Shell::with_log();
    fs::write(shell.path("w"), "weights").unwrap();
    let event =
        "record --log log --signer ci.key --artifact w@1 --file w --reason why -o p --action";
    shell.run(&format!("{event} register")).expect(0);
    shell.run(&format!("{event} hold")).expect(0);
    let release = "record --action release --acts-on 3";
    for form in ["text", "json"] {
        let said = shell
            .run(&format!("verify file w {POLICY} --format {form}"))
            .expect(6);
        let hint = format!("ends the hold with `glasslog {release}`");
        assert!(said.stderr.contains(&hint), "{said}");
    }
    shell.run(&format!("{event} release --acts-on 3")).expect(0);
    let said = shell.run(&format!("verify file w {POLICY}")).expect(0);
    assert!(!said.stderr.contains("ends the hold"), "{said}");
}

/// A path at which there is no file is told why, for files that are read and that are written.
#[test]
fn a_path_without_a_file_is_told_why() {
    let shell = Shell::with_log();
    fs::write(shell.path("text"), "text").unwrap();
    for (path, hint) in [
        ("nowhere", "which begins at the current directory"),
        ("nowhere/file", "there is no directory `nowhere`"),
        ("text/file", "one of the directories of the path is a file"),
        (
            "log",
            "the trust policy in that directory is `log/trust.policy`",
        ),
        ("log/public", "a file is wanted: name one in that directory"),
        (
            "https://x.example/file",
            "that is an address, and the path of a file on this machine is wanted",
        ),
    ] {
        for line in [
            format!("history w@1 --log log --policy {path}"),
            format!("verify bundle {path} --policy log/trust.policy"),
            format!("trust check {path}"),
        ] {
            let said = shell.run(&line).expect(1);
            assert!(said.stderr.contains(&format!("`{path}`: ")), "{said}");
            assert!(said.stderr.contains(hint), "{said}");
        }
        if path != "nowhere" {
            let said = shell
                .run(&format!("bundle w@1 {POLICY} -o {path}"))
                .expect(1);
            assert!(said.stderr.contains("glasslog: hint: "), "{said}");
        }
    }
    for line in [
        "keys list --log nowhere",
        "audit nowhere --policy log/trust.policy",
        "mirror nowhere copy --policy log/trust.policy --once",
    ] {
        let said = shell.run(line).expect(1);
        let hint = "`LOG` is a log directory, its public tree or an http(s) URL";
        assert!(said.stderr.contains(hint), "{said}");
    }
    assert!(!shell.path("copy").exists());
    let said = shell
        .record("log/public", "--action read --artifact w@1")
        .expect(1);
    let hint = "`log/public` is the public tree of the log directory `log`";
    assert!(said.stderr.contains(hint), "{said}");
}

/// Input of no known kind is told where it can be looked at; the report itself names no file.
#[test]
fn malformed_input_is_told_its_verb() {
    let shell = Shell::with_log();
    fs::write(shell.path("text"), "text").unwrap();
    let said = shell.run("history w@1 --log log --policy text").expect(8);
    assert!(
        said.stderr.contains("`glasslog trust check FILE`"),
        "{said}"
    );
    for line in [
        "verify bundle text",
        "verify fraud text",
        "verify inconsistency text",
        "verify consistency --log log --old text",
    ] {
        let said = shell
            .run(&format!("{line} --policy log/trust.policy"))
            .expect(8);
        assert!(said.stderr.contains("`glasslog inspect FILE`"), "{said}");
    }
}
