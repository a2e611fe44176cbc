//! Messages that say what is wrong, where, and how to go on: the limit, the flag and the way out.
use std::fs::{self, File};

use glasslog_tests::host::{Host, Reply};

use crate::cli::writing::shell::{DIGEST, ORIGIN, Shell};

#[test]
fn record_names_the_flag_the_limit_and_the_way_out() {
    let shell = Shell::with_log();
    let many = "ci.key.pub ".repeat(40);
    for (rest, code, words) in [
        (
            format!("--artifact w@1 --file {}", many.trim_end()),
            8,
            ["`--file` is given 40 times", "32 subjects", "`--file DIR`"],
        ),
        (
            format!("--artifact w@1{}", format!(" --digest {DIGEST}").repeat(33)),
            8,
            [
                "`--digest` is given 33 times",
                "32 subjects",
                "several events",
            ],
        ),
        (
            format!("--artifact caf\u{e9}@1 --digest {DIGEST}"),
            2,
            [
                "`--artifact`: `caf\u{e9}@1` is not a name",
                "1 to 256 printable ASCII",
                "percent-encode",
            ],
        ),
    ] {
        let line = format!("record --log log --signer ci.key --action read {rest}");
        let said = shell.run(&line).expect(code);
        for words in words {
            assert!(said.stderr.contains(words), "{words}: {said}");
        }
    }
    assert_eq!(shell.size(), 2);
}

#[test]
fn submit_names_the_line_of_the_input() {
    let shell = Shell::with_log();
    let read = "--action read --artifact w@1 --dry-run";
    let good = shell.record("log", read).expect(0);
    let good = good.text().trim_end();
    fs::write(shell.path("lines"), format!("{good}\nno event\n{good}\r\n")).unwrap();
    let said = shell.run("submit --log log lines").expect(8);
    assert_eq!(said.text().lines().count(), 3);
    assert!(said.stderr.contains("line 2 of `lines`: "), "{said}");
    assert!(said.stderr.contains("line 3 of `lines`: "), "{said}");
    assert_eq!(
        said.stderr.matches("ends in a carriage return").count(),
        1,
        "{said}"
    );
    // A file of the wrong kind does not flood the terminal.
    fs::write(shell.path("many"), "x\n".repeat(100)).unwrap();
    let said = shell.run("submit --log log many").expect(8);
    assert_eq!(said.stderr.matches(" of `many`: ").count(), 10, "{said}");
}

#[test]
fn a_proxy_that_limits_bodies_is_told_from_the_server() {
    let shell = Shell::with_log();
    let event = shell
        .record("log", "--action read --artifact w@1 --dry-run")
        .expect(0);
    fs::write(shell.path("event"), &event.stdout).unwrap();
    let proxy = Host::scripted(&shell.path("log"), |_, _| Reply::Status(413));
    let said = shell
        .run(&format!("submit --log {} event", proxy.url()))
        .expect(1);
    assert!(
        said.stderr
            .contains(&format!("`{}add`: the server answered 413", proxy.url())),
        "{said}"
    );
    assert!(said.stderr.contains("`client_max_body_size 0`"), "{said}");
}

#[test]
fn a_policy_with_a_byte_order_mark_is_told_so() {
    let shell = Shell::with_log();
    let policy = shell.read("log/trust.policy");
    fs::write(shell.path("marked"), format!("\u{feff}{policy}")).unwrap();
    let said = shell.run("history w@1 --log log --policy marked").expect(8);
    assert!(
        said.text().contains("begins with a byte order mark"),
        "{said}"
    );
}

/// A file is refused by its length, before it is read.
#[test]
fn inspect_names_the_limit_of_a_huge_file() {
    let shell = Shell::new();
    File::create(shell.path("huge"))
        .unwrap()
        .set_len(2 << 30)
        .unwrap();
    let said = shell.run("inspect huge").expect(8);
    assert!(
        said.stderr.contains("`huge` is longer than 16777472 bytes"),
        "{said}"
    );
    assert!(said.took.as_secs() < 5, "{said}");
}

#[test]
fn keygen_names_the_path_that_was_asked_for() {
    let shell = Shell::new();
    let said = shell
        .run("keygen --kind actor --name ci --out nowhere/ci.key")
        .expect(1);
    assert!(said.stderr.contains("`nowhere/ci.key"), "{said}");
    assert!(!said.stderr.contains(".glasslog."), "{said}");
}

#[test]
fn a_lost_index_is_not_the_readers_to_make() {
    let shell = Shell::with_log();
    fs::remove_file(shell.path("log/public/index/latest.tlog-proof")).unwrap();
    let said = shell
        .run("history w@1 --log log --policy log/trust.policy --accept-index")
        .expect(1);
    assert!(
        said.stderr
            .contains("or its file was lost: only the log's operator can make it"),
        "{said}"
    );
}

#[test]
fn a_clock_that_is_behind_is_named_with_the_difference() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name w.example/1 --out w1")
        .expect(0);
    let witness = format!("witness w1 {}quorum w1", shell.read("w1.pub"));
    let policy = shell
        .read("log/trust.policy")
        .replacen("quorum none", &witness, 1);
    fs::write(shell.path("witnessed"), policy).unwrap();
    let cosigned = shell.run("witness cosign log --key w1 --state w1.state --format json");
    let time = cosigned.expect(0).json()["time"].as_u64().unwrap();
    let behind = glasslog_core::text::time::format(time - 600);
    let line = format!(
        "verify entry 0 --log log --policy witnessed --max-checkpoint-age 1h --now {behind}"
    );
    let said = shell.run(&line).expect(5);
    let words = format!("the clock reads {behind}, 600 seconds before witness `w1` cosigned");
    assert!(said.text().contains(&words), "{said}");
    let ahead = glasslog_core::text::time::format(time + 400 * 365 * 86_400);
    let line = line.replace(&behind, &ahead);
    let said = shell.run(&line).expect(5);
    assert!(
        said.text().contains(&format!("the clock reads {ahead}")),
        "{said}"
    );
}

/// An event that claims a time far outside of the one when witnesses saw it come is shown with a remark.
#[test]
fn a_claimed_time_outside_of_its_bracket_is_remarked() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name w.example/1 --out w1")
        .expect(0);
    let witness = format!("witness w1 {}quorum w1", shell.read("w1.pub"));
    let policy = shell
        .read("log/trust.policy")
        .replacen("quorum none", &witness, 1);
    fs::write(shell.path("witnessed"), policy).unwrap();
    let cosign = || {
        shell
            .run("witness cosign log --key w1 --state w1.state")
            .expect(0)
    };
    let record = |time: &str| {
        let read = format!("--action read --artifact w@1 -o proof --occurred-at {time}");
        shell.record("log", &read).expect(0);
    };
    record("1999-01-01T00:00:00Z");
    cosign();
    shell
        .run("bundle w@1 --log log --policy witnessed -o w")
        .expect(0);
    record("1999-01-01T00:00:00Z");
    record("2999-01-01T00:00:00Z");
    cosign();
    let line = "history w@1 --log log --policy witnessed --format json";
    let notes = |line: &str| {
        let report = shell.run(line).expect(0).json();
        let events = report["events"].as_array().unwrap().clone();
        let notes = events.iter().map(|event| event["notes"].to_string());
        notes.collect::<Vec<_>>()
    };
    // The writer does not know the witness, and keeps nothing that it cosigned.
    assert_eq!(notes(line), ["[]", "[]", r#"["claimed-late"]"#]);
    let since = format!("{line} --since w");
    assert_eq!(
        notes(&since),
        ["[]", r#"["claimed-early"]"#, r#"["claimed-late"]"#]
    );
    let said = shell.run("history w@1 --log log --policy witnessed");
    assert!(said.text().contains("claimed late"), "{said} {ORIGIN}");
    // A writer that knows it does: then the history alone tells.
    fs::copy(shell.path("witnessed"), shell.path("log/trust.policy")).unwrap();
    record("1999-01-01T00:00:00Z");
    cosign();
    assert_eq!(notes(line)[3], r#"["claimed-early"]"#);
    let said = shell.run("history w@1 --log log --policy witnessed");
    assert!(said.text().contains(" after 20"), "{said}");
    fs::remove_file(shell.path("log/public/checkpoints/list")).unwrap();
    assert_eq!(notes(line)[3], "[]");
}

/// An `https` address of a server without TLS is told as such, by verbs that read and by verbs that write.
#[test]
fn an_https_address_of_a_plain_server_is_told() {
    let shell = Shell::with_log();
    let server = shell.serve();
    let url = format!("https://{}/", server.address);
    for line in [
        format!("keys list --log {url}"),
        format!("submit --log {url} ci.key.pub"),
    ] {
        let said = shell.run(&line).expect(1);
        assert!(
            said.stderr
                .contains("the server does not speak TLS at this port"),
            "{said}"
        );
        assert!(
            said.stderr.contains("its address begins with `http://`"),
            "{said}"
        );
    }
}

/// A period is a second at least, and a value that is empty or begins with a dash is told as such, before anything is made.
#[test]
fn values_that_cannot_be_meant_are_refused() {
    let shell = Shell::with_log();
    let (mirror, monitor) = (
        "mirror log copy --policy log/trust.policy",
        "monitor log --policy log/trust.policy --state state",
    );
    for period in ["0", "0s", "500ms"] {
        for line in [
            format!("{mirror} --every {period}"),
            format!("{monitor} --every {period}"),
            format!("{monitor} --once --max-silence {period}"),
            format!("{monitor} --once --exec true --exec-timeout {period}"),
        ] {
            let said = shell.run(&line).expect(2);
            assert!(said.stderr.contains(&format!("'{period}'")), "{said}");
            assert!(said.stderr.contains("less than a second"), "{said}");
        }
    }
    for line in [
        format!("{monitor} --once --exec "),
        "monitor  --policy log/trust.policy --state state --once".to_owned(),
        "mirror  copy --policy log/trust.policy --once".to_owned(),
        "audit  --policy log/trust.policy".to_owned(),
        "index ".to_owned(),
        "witness cosign  --key ci.key --state state".to_owned(),
    ] {
        let said = shell.run(&line).expect(2);
        assert!(said.stderr.contains("a value is required for"), "{said}");
    }
    for verb in ["history m@1", "verify consistency --old state", "keys list"] {
        let line = format!("{verb} --policy log/trust.policy --log ");
        let said = shell.run(&line).expect(2);
        let words = "invalid value '' for '--log <LOG>': it is empty";
        assert!(said.stderr.contains(words), "{said}");
    }
    for witness in ["ftp://w.example", "w.example", "127.0.0.1:80"] {
        let said = shell
            .run(&format!("{monitor} --once --witness {witness}"))
            .expect(2);
        assert!(said.stderr.contains(witness), "{said}");
        assert!(said.stderr.contains("http://"), "{said}");
    }
    let said = shell
        .run("history w@1 --log log --policy log/trust.policy --max-checkpoint-age -1h")
        .expect(2);
    let hint = "a value that begins with `-` is joined to its flag: `--max-checkpoint-age=-1h`";
    assert!(said.stderr.contains(hint), "{said}");
    for made in ["copy", "state"] {
        assert!(!shell.path(made).exists(), "{made}");
    }
}

/// An address that no server answers at, or that holds a password, is told how to go on.
#[test]
fn an_address_that_cannot_be_read_is_told_how_to_go_on() {
    let shell = Shell::with_log();
    for (url, code, hint) in [
        (
            "http://127.0.0.1:1/",
            1,
            "check the address, and that its server runs",
        ),
        (
            "http://me:secret@x.example/",
            2,
            "remove what stands before `@`",
        ),
    ] {
        let said = shell.run(&format!("keys list --log {url}")).expect(code);
        assert!(said.stderr.contains(hint), "{said}");
        assert!(!said.stderr.contains("secret"), "{said}");
    }
}

#[test]
fn keygen_over_a_key_says_how_to_go_on() {
    let shell = Shell::with_log();
    let before = shell.read("ci.key");
    for kind in ["actor", "log"] {
        let said = shell
            .run(&format!("keygen --kind {kind} --name x --out ci.key"))
            .expect(1);
        assert!(said.stderr.contains("exists already"), "{said}");
        assert!(said.stderr.contains("hint: name another file"), "{said}");
    }
    assert_eq!(shell.read("ci.key"), before);
}

/// A variable with the version may be empty, and what is bound to a name is bound for good: `m@` is refused before anything is
/// signed, and wherever it is asked for.
#[test]
fn an_empty_version_is_refused() {
    let shell = Shell::with_log();
    let policy = "--policy log/trust.policy";
    fs::write(shell.path("f"), "f").unwrap();
    shell.run(&format!("bundle m --log log {policy} -o b"));
    for line in [
        "record --log log --signer ci.key --action register --reason r --file f --artifact m@"
            .to_owned(),
        "record --log log --signer ci.key --action read --file f --dry-run --artifact name:m@"
            .to_owned(),
        format!("history m@ --log log {policy}"),
        format!("history @scope/m@ --log log {policy}"),
        format!("bundle m@ --log log {policy} -o c"),
        format!("verify file f --artifact m@ --log log {policy}"),
        format!("verify bundle b --artifact m@ {policy}"),
    ] {
        let said = shell.run(&line).expect(2);
        assert!(said.stderr.contains("m@` has an empty version"), "{said}");
        assert!(
            said.stderr.contains("or the name alone, without `@`"),
            "{said}"
        );
    }
    assert_eq!(shell.size(), 2);
}

/// A refusal of the operating system is told in words, with a way to go on, by every verb that meets it.
#[test]
fn places_that_cannot_be_used_are_told_with_a_remedy() {
    let shell = Shell::with_log();
    fs::write(shell.path("f"), "f").unwrap();
    fs::create_dir(shell.path("empty")).unwrap();
    for (kind, key) in [("index", "i"), ("witness", "w")] {
        let line = format!("keygen --kind {kind} --name {key}.example/1 --out {key}.key");
        shell.run(&line).expect(0);
    }
    let policy = "--policy log/trust.policy";
    let read = "record --log log --signer ci.key --action read --artifact m@1";
    let below_a_file = "one of the directories of the path is a file";
    let no_log = "this is not a log's address or directory";
    for (line, hint) in [
        ("init f/x --origin a.example/log".to_owned(), below_a_file),
        (
            "keygen --kind log --name a.example/log --out f/x".to_owned(),
            below_a_file,
        ),
        (format!("mirror log f/x --once {policy}"), below_a_file),
        (format!("audit log --resume f/x {policy}"), below_a_file),
        (
            format!("monitor log --once --state f/x {policy}"),
            below_a_file,
        ),
        (format!("bundle m --log log -o f/x {policy}"), below_a_file),
        (
            format!("index log --out f/x --key i.key {policy}"),
            below_a_file,
        ),
        (format!("{read} --file f -o f/x"), below_a_file),
        (format!("{read} --file f/x"), below_a_file),
        (
            "witness cosign log --key w.key --state f/x".to_owned(),
            below_a_file,
        ),
        ("inspect f/x".to_owned(), below_a_file),
        ("inspect empty".to_owned(), "a file is wanted"),
        (format!("verify bundle empty {policy}"), "a file is wanted"),
        ("submit --log log empty".to_owned(), "a file is wanted"),
        (
            format!("index log --out f --key i.key {policy}"),
            "a file has that name already",
        ),
        (format!("mirror empty c --once {policy}"), no_log),
        ("prove --log empty --index 0 -o p".to_owned(), no_log),
        ("keys list --log empty".to_owned(), no_log),
        (
            format!("index empty --out own --key i.key {policy}"),
            no_log,
        ),
        (
            "trust update log/trust.policy --log empty".to_owned(),
            no_log,
        ),
        (
            "witness cosign empty --key w.key --state s".to_owned(),
            "`glasslog init` makes a log",
        ),
        ("doctor --log empty".to_owned(), no_log),
        (
            "serve log --listen 192.0.2.1:0".to_owned(),
            "port 0 takes a free one",
        ),
    ] {
        let said = shell.run(&line).expect(1);
        assert!(said.stderr.contains(hint), "{line}: {said}");
        assert!(!said.stderr.contains("os error"), "{line}: {said}");
    }
    assert_eq!(shell.size(), 2);
    for place in ["c", "p", "own", "s"] {
        assert!(!shell.path(place).exists(), "{place}");
    }
}
