//! Remarks while an event is recorded: what is well formed and will not mean what its actor thinks is told, not refused.
use std::fs;

use serde_json::Value;

use super::shell::{DIGEST, OTHER_DIGEST, Shell};

const REASON: &str = "--reason-code r --reason r";

/// A log with `m@1`, which `ci.key` registered, and another actor's `eve.key`.
fn registered() -> Shell {
    let shell = Shell::with_log();
    shell
        .record(
            "log",
            &format!("--action register --artifact m@1 {REASON} -o p"),
        )
        .expect(0);
    for line in [
        "keygen --kind actor --name eve --out eve.key",
        "keys enrol --log log --actor eve --key eve.key.pub",
    ] {
        shell.run(line).expect(0);
    }
    shell
}

/// Records an event, and returns the codes of its remarks; each is told on standard error too.
#[track_caller]
fn codes(shell: &Shell, log: &str, rest: &str) -> Vec<String> {
    let said = shell
        .run(&format!("record --log {log} {rest} -o p --format json"))
        .expect(0);
    let remarks = said.json()["remarks"].as_array().unwrap().clone();
    for remark in &remarks {
        let message = remark["message"].as_str().unwrap();
        assert!(
            said.stderr.contains(&format!("warning: {message}\n")),
            "{said}"
        );
    }
    let warnings = said.stderr.matches("glasslog: warning: ").count();
    assert_eq!(warnings, remarks.len(), "{said}");
    let code = |remark: &Value| remark["code"].as_str().unwrap().to_owned();
    remarks.iter().map(code).collect()
}

/// Every kind, on a directory and through a server; an event that means what it says has none.
#[test]
fn an_event_that_will_not_mean_what_it_says_is_told() {
    let shell = registered();
    let cases = [
        (
            format!("--signer ci.key --action read --artifact m@1 --digest {DIGEST}"),
            &[][..],
        ),
        (
            format!("--signer ci.key --action read --artifact m --digest {DIGEST}"),
            &[],
        ),
        (
            format!("--signer eve.key --action read --artifact m@1 --digest {DIGEST}"),
            &[],
        ),
        (
            format!("--signer ci.key --action read --artifact n@1 --digest {DIGEST}"),
            &["artifact-not-registered"],
        ),
        (
            format!("--signer ci.key --action read --artifact m@1 --digest {OTHER_DIGEST}"),
            &["contents-differ"],
        ),
        (
            format!("--signer eve.key --action hold --artifact m@1 --digest {DIGEST} {REASON}"),
            &["hold-without-right"],
        ),
        (
            format!(
                "--signer eve.key --action hold --artifact m@1 --digest {DIGEST} {REASON} --admin log/keys/admin"
            ),
            &[],
        ),
        (
            format!(
                "--signer eve.key --action hold --artifact m@1 --digest {DIGEST} {REASON} --admin ci.key"
            ),
            &["not-an-admin", "hold-without-right"],
        ),
        (
            format!("--signer ci.key --action hold --artifact m@1 --digest {DIGEST} {REASON}"),
            &[],
        ),
        (
            format!(
                "--signer ci.key --action read --artifact m@1 --digest {DIGEST} --occurred-at 2999-01-01T00:00:00Z"
            ),
            &["occurred-at-ahead"],
        ),
        (
            format!(
                "--signer ci.key --action read --artifact m@1 --digest {DIGEST} --exception emergency \
                 --exception-approver dan --exception-expires 2020-01-01T00:00:00Z --exception-review 2999-01-01T00:00:00Z"
            ),
            &["exception-expired"],
        ),
        (
            format!(
                "--signer ci.key --action read --artifact m@1 --digest {DIGEST} --ticket= --reason="
            ),
            &["claim-empty", "claim-empty"],
        ),
    ];
    for (line, expected) in &cases {
        assert_eq!(codes(&shell, "log", line), *expected, "{line}");
    }
    let server = shell.serve();
    let url = format!("http://{}", server.address);
    for (line, expected) in &cases {
        let line = format!("{line} --policy log/trust.policy");
        assert_eq!(codes(&shell, &url, &line), *expected, "{line}");
    }
    // Without a policy, nothing is asked of the server.
    let (line, _) = &cases[3];
    assert_eq!(codes(&shell, &url, line), Vec::<String>::new());
}

/// An answer names the event that it answers: one of the right kind, once. The use of what is under a hold is told.
#[test]
fn an_answer_that_answers_nothing_is_told() {
    let shell = registered();
    let event =
        |rest: &str| format!("--signer ci.key --artifact m@1 --digest {DIGEST} {REASON} {rest}");
    let custody = "--from a --to b";
    let transfer = format!("--action transfer {custody}");
    for (index, (rest, expected)) in [
        ("--action hold", &[][..]),
        ("--action deploy", &["under-hold"]),
        ("--action read", &[]),
        ("--action release --acts-on 5", &["acts-on-other"]),
        ("--action release --acts-on 6", &["acts-on-other"]),
        ("--action release --acts-on 0", &["acts-on-other"]),
        ("--action release --acts-on 4", &[]),
        ("--action release --acts-on 4", &["answered-already"]),
        ("--action deploy", &[]),
        ("--action grant", &[]),
        ("--action revoke --acts-on 4", &["acts-on-other"]),
        ("--action revoke --acts-on 13", &[]),
        (&transfer, &[]),
        (
            &format!("--action receive {custody} --acts-on 13"),
            &["acts-on-other"],
        ),
        (&format!("--action receive {custody} --acts-on 16"), &[]),
        (
            &format!("--action receive {custody} --acts-on 16"),
            &["answered-already"],
        ),
        // A stranger's hold has no effect.
        ("--action hold --signer eve.key", &["hold-without-right"]),
        ("--action deploy", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let line = match rest.strip_suffix(" --signer eve.key") {
            Some(rest) => event(rest).replace("ci.key", "eve.key"),
            None => event(rest),
        };
        assert_eq!(
            codes(&shell, "log", &line),
            expected,
            "{}: {rest}",
            index + 4
        );
    }
    let said = shell
        .run("history m@1 --log log --policy log/trust.policy")
        .expect(0);
    let rows: Vec<&str> = said.text().lines().collect();
    for (index, words) in [
        (4, "answered by 10, 11;"),
        (7, "acts on 5, which is no hold;"),
        (8, "acts on 6, which is no hold;"),
        (9, "acts on an event that is not shown;"),
        (10, "acts on 4;"),
        (11, "acts on 4, which 10 answered before;"),
        (13, "answered by 15;"),
        (14, "acts on 4, which is no grant;"),
        (18, "acts on 16;"),
    ] {
        let is_row = |row: &&&str| row.trim_start().starts_with(&format!("{index} "));
        let row = rows.iter().find(is_row).unwrap();
        assert!(row.contains(words), "{words}: {said}");
    }
    // The list of what can be answered says what is.
    let listed = |kind: &str| rows.iter().find(|row| row.starts_with(kind)).unwrap();
    assert!(
        listed("  hold 4,").ends_with("; answered by 10, 11"),
        "{said}"
    );
    assert!(!listed("  hold 20,").contains("answered by"), "{said}");
    // The last rows alone name earlier events too.
    let said = shell
        .run("history m@1 --log log --policy log/trust.policy --last 4")
        .expect(0);
    assert!(said.text().contains("acts on 16"), "{said}");
}

/// A folder under a hold is found as the folder that it is.
#[test]
fn the_use_of_a_held_folder_is_told() {
    let shell = Shell::with_log();
    fs::create_dir_all(shell.path("model")).unwrap();
    fs::write(shell.path("model/w.bin"), "weights").unwrap();
    let event = |rest: &str| format!("--signer ci.key {REASON} --artifact m@1 --file model {rest}");
    for (rest, expected) in [
        ("--action register", &[][..]),
        ("--action hold", &[]),
        ("--action deploy", &["under-hold"]),
        ("--action execute", &["under-hold"]),
        ("--action verify", &[]),
    ] {
        assert_eq!(codes(&shell, "log", &event(rest)), expected, "{rest}");
    }
}

#[test]
fn another_event_under_the_same_id_is_told() {
    let shell = registered();
    let id = "--event-id 019a8c3e-7d1b-7f0e-9b7a-000000000001";
    let read = format!("--signer ci.key --action read --artifact m@1 --digest {DIGEST} {id}");
    assert_eq!(codes(&shell, "log", &read), Vec::<String>::new());
    assert_eq!(
        codes(&shell, "log", &read),
        Vec::<String>::new(),
        "the same event"
    );
    let other = format!("{read} --env prod");
    assert_eq!(codes(&shell, "log", &other), ["event-id-reused"]);
}

/// A dry run needs no log, and tells what needs none.
#[test]
fn a_dry_run_tells_what_needs_no_log() {
    let shell = registered();
    let line = format!("--action read --artifact n@1 --ticket= --dry-run --digest {DIGEST}");
    let said = shell
        .run(&format!("record --log log --signer ci.key {line}"))
        .expect(0);
    assert_eq!(
        said.stderr,
        "glasslog: warning: `--ticket` is empty: a variable of the shell may not be set\n"
    );
}

/// A key of the other role is told as what it is, and the key that is needed.
#[test]
fn a_key_of_the_other_role_is_told_apart_from_a_strangers() {
    let shell = registered();
    shell
        .run("keygen --kind actor --name x --out stranger.key")
        .expect(0);
    for (line, words) in [
        (
            format!(
                "record --signer log/keys/admin --action read --artifact m@1 --digest {DIGEST}"
            ),
            [
                "is an admin's, which signs no access: the key of an actor must sign",
                "`--signer SPEC`",
            ],
        ),
        (
            "acknowledge 9 --reason r --admin eve.key".into(),
            ["there is no entry 9", ""],
        ),
        (
            "keys enrol --actor x --key stranger.key.pub --admin eve.key".into(),
            [
                "is enrolled for the actor `eve`, which signs no event of the admins",
                "`--admin SPEC`",
            ],
        ),
        (
            "keys revoke --key ci.key.pub --reason r --admin eve.key".into(),
            [
                "is enrolled for the actor `eve`, which signs no event of the admins",
                "`--admin SPEC`",
            ],
        ),
        (
            "keys revoke --key ci.key.pub --reason r --admin stranger.key".into(),
            ["is not enrolled", "`glasslog keys enrol`"],
        ),
    ] {
        let code = if line.starts_with("ack") { 4 } else { 5 };
        let said = shell.run(&format!("{line} --log log")).expect(code);
        for words in words {
            assert!(said.stderr.contains(words), "{words}: {said}");
        }
    }
}

/// The event is in a file before it is sent, and the file is gone once the log has answered.
#[test]
fn an_event_is_kept_while_it_is_sent() {
    let shell = registered();
    let kept = |shell: &Shell| {
        let names = fs::read_dir(shell.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("unanswered-")).count()
    };
    shell
        .record("log", "--action read --artifact m@1")
        .expect(0);
    shell
        .record("log", "--action read --artifact m@1 --no-wait")
        .expect(0);
    let conflict = format!(
        "record --log log --signer ci.key --action register --artifact m@1 {REASON} --digest {OTHER_DIGEST}"
    );
    shell.run(&conflict).expect(6);
    assert_eq!(kept(&shell), 0, "each had its answer");
}

/// An event about one file of a registered folder is no event about the folder, and none about a model of its own.
#[test]
fn a_file_of_a_registered_folder_is_told() {
    let shell = Shell::with_log();
    fs::create_dir_all(shell.path("model/sub")).unwrap();
    fs::write(shell.path("model/sub/w.bin"), "weights").unwrap();
    fs::write(shell.path("model/c.json"), "{}").unwrap();
    let event = |rest: &str| format!("--signer ci.key {REASON} {rest}");
    let register = event("--action register --artifact m@1 --file model");
    assert!(codes(&shell, "log", &register).is_empty());
    for (rest, expected) in [
        ("--action deploy --artifact m@1 --file model", &[][..]),
        ("--action read --artifact m@1 --file model/sub/w.bin", &[]),
        (
            "--action deploy --artifact m@1 --file model/sub/w.bin",
            &["file-of-folder"],
        ),
        (
            "--action deploy --artifact w@1 --file model/sub/w.bin",
            &["artifact-not-registered"],
        ),
    ] {
        assert_eq!(codes(&shell, "log", &event(rest)), expected, "{rest}");
    }
    let line = event("--action deploy --artifact w@1 --file model/sub/w.bin -o p");
    let said = shell.run(&format!("record --log log {line}")).expect(0);
    let words = "the file is `sub/w.bin` in the folder that entry 2 registers as `m@1`";
    assert!(said.stderr.contains(words), "{said}");
}
