//! A file that is given where another kind is wanted is named for what it is, by every verb that takes such a file; nothing of
//! it is changed.
use std::fs;
use std::process::Stdio;

use glasslog_tests::served::Served;

use crate::cli::writing::shell::Shell;

/// Each kind of file, and its words.
const KINDS: [(&str, &str); 15] = [
    ("bundle", "a bundle"),
    ("evidence", "the evidence of an inconsistency"),
    ("fraud", "a fraud proof"),
    ("proof", "a proof of an entry"),
    ("audit.state", "the state of `glasslog audit --resume`"),
    ("monitor.state", "the state of `glasslog monitor`"),
    (
        "copy/state/mirror",
        "the mark of a copy that `glasslog mirror` keeps",
    ),
    ("witness.db", "the database of `glasslog witness serve`"),
    (
        "witness.db.generation",
        "the generation file of `glasslog witness serve`",
    ),
    ("checkpoint", "a checkpoint"),
    ("policy", "a trust policy"),
    ("proof.entry", "a signed event"),
    ("witness.key.pub", "the public key of a witness"),
    ("ci.key.pub", "the public key of an actor or admin"),
    ("list", "a list of logs for `glasslog witness serve --logs`"),
];

/// Each kind of secret key, and its words.
const KEYS: [(&str, &str); 4] = [
    ("log.key", "the secret key of a log or index"),
    ("witness.key", "the secret key of a witness"),
    ("auditor.key", "the secret key of an auditor"),
    ("ci.key", "the secret key of an actor or admin"),
];

/// A folder with a file of each kind.
fn with_every_kind() -> Shell {
    let shell = Shell::with_log();
    for kind in ["log", "witness", "auditor"] {
        let line = format!("keygen --kind {kind} --name {kind}.example/1 --out {kind}.key");
        shell.run(&line).expect(0);
    }
    fs::copy(shell.path("log/trust.policy"), shell.path("policy")).unwrap();
    for line in [
        "bundle proof --log log --policy policy -o bundle",
        "monitor log --policy policy --state monitor.state --once",
        "audit log --policy policy --resume audit.state",
        "mirror log copy --policy policy --once",
    ] {
        let said = shell.run(line);
        assert!(matches!(said.code, 0 | 4), "{said}");
    }
    shell
        .record("log", "--action read --artifact m@1 -o proof")
        .expect(0);
    fs::copy(
        shell.path("log/public/checkpoint"),
        shell.path("checkpoint"),
    )
    .unwrap();
    fs::write(shell.path("evidence"), "glasslog-inconsistency/v1\n").unwrap();
    fs::write(shell.path("fraud"), "glasslog-index-fraud/v1\n").unwrap();
    fs::write(shell.path("list"), "logs/v0\n").unwrap();
    let line = "witness serve --state witness.db --key witness.key --policy policy";
    drop(Served::start(shell.command(line), Stdio::null()).expect("it listens"));
    shell
}

/// Each place of a file, as a command line in which `@` stands for it, with the kinds that it takes.
const PLACES: [(&str, &[&str]); 19] = [
    ("verify bundle @ --policy policy", &["bundle"]),
    ("verify bundle bundle --policy @", &["policy"]),
    (
        "history m@1 --log log --policy policy --since @",
        &["bundle"],
    ),
    ("history m@1 --log log --policy @", &["policy"]),
    (
        "verify proof @ --entry proof.entry --policy policy",
        &["proof"],
    ),
    ("verify fraud @ --policy policy", &["fraud"]),
    ("verify inconsistency @ --policy policy", &["evidence"]),
    (
        "verify consistency --old @ --log log --policy policy",
        &["checkpoint"],
    ),
    ("trust show @", &["policy"]),
    ("audit log --policy policy --resume @", &["audit.state"]),
    (
        "monitor log --policy policy --once --state @",
        &["monitor.state"],
    ),
    (
        "witness cosign log --key witness.key --state @",
        &["checkpoint"],
    ),
    (
        "witness serve --listen 127.0.0.1:0 --key witness.key --policy policy --state @",
        &["witness.db"],
    ),
    (
        "witness serve --listen 127.0.0.1:0 --key witness.key --state new.db --logs @",
        &["list"],
    ),
    (
        "record --log log --signer @ --action read --artifact m@1 --file list -o p",
        &[],
    ),
    (
        "keys enrol --log log --actor ci@example.org --key @",
        &["ci.key.pub"],
    ),
    ("keys revoke --log log --reason r --key @", &["ci.key.pub"]),
    ("doctor --witness-state @", &["witness.db"]),
    ("index log --audited @", &["proof"]),
];

#[test]
fn each_place_names_a_file_of_another_kind() {
    let shell = with_every_kind();
    let contents = |name: &str| fs::read(shell.path(name)).unwrap();
    for (line, taken) in PLACES {
        for (name, words) in KINDS.iter().filter(|(name, _)| !taken.contains(name)) {
            let before = contents(name);
            let (first, rest) = line.split_once('@').map_or((line, ""), |_| {
                // A version also has the sign; the place is a word of its own.
                line.split_once(" @").unwrap()
            });
            let said = shell.run(&format!("{first} {name}{rest}"));
            // A doctor's findings are exit 1; a key where another key is wanted is a usage error.
            let is_of_keys = line.contains("--key @") || line.contains("--signer @");
            let code = match line.starts_with("doctor") {
                true => 1,
                false if is_of_keys && name.ends_with(".key.pub") => 2,
                false => 8,
            };
            assert_eq!(said.code, code, "{line}: {said}");
            let told = format!("{}{}", said.text(), said.stderr);
            assert!(
                told.contains(&format!("`{name}` is {words}, not ")),
                "{line}: {said}"
            );
            assert!(!told.contains("a public file was changed"), "{said}");
            assert_eq!(contents(name), before, "{line}");
        }
    }
}

#[test]
fn each_place_of_a_key_names_a_key_of_another_role() {
    let shell = with_every_kind();
    for (line, kind) in [
        ("witness cosign log --state w --key", "a witness"),
        (
            "witness serve --listen 127.0.0.1:0 --state new.db --policy policy --key",
            "a witness",
        ),
        ("mirror log other --policy policy --once --key", "a witness"),
        ("audit log --policy policy --cosign", "an auditor"),
        ("init new --origin log.example/1 --key", "a log"),
        ("index log --policy policy --out own --key", "an index"),
    ] {
        let role = kind.rsplit(' ').next().unwrap();
        for (name, words) in KEYS {
            let is_right =
                words.ends_with(kind) || (name == "log.key" && matches!(role, "log" | "index"));
            if is_right {
                continue;
            }
            let said = shell.run(&format!("{line} {name}"));
            assert_eq!(said.code, 2, "{line}: {said}");
            assert!(
                said.stderr.contains(&format!("`{name}` is {words}, not ")),
                "{line}: {said}"
            );
            let hint = format!("`glasslog keygen --kind {role}` makes a key");
            assert!(said.stderr.contains(&hint), "{line}: {said}");
        }
        for (name, words) in KINDS {
            let code = if name.ends_with(".key.pub") { 2 } else { 8 };
            let said = shell.run(&format!("{line} {name}")).expect(code);
            let told = format!("`{name}` is {words}, not the secret key of {kind}");
            assert!(said.stderr.contains(&told), "{line}: {said}");
        }
    }
    for place in ["own", "new", "other", "w"] {
        assert!(!shell.path(place).exists(), "{place}");
    }
}

/// An index that the log's own key signs would be a second log of its name: a proof of a fork against its operator.
#[test]
fn the_key_of_a_log_signs_no_index() {
    let shell = Shell::with_log();
    let line = "index log --policy log/trust.policy --key log/keys/log --out own";
    let said = shell.run(line).expect(2);
    assert!(
        said.stderr.contains("would be a second log of that name"),
        "{said}"
    );
    assert!(!shell.path("own").exists());
}

/// The kind is a hint in places where any bytes can be right.
#[test]
fn entries_and_lines_of_another_kind_are_hinted_at() {
    let shell = with_every_kind();
    let said = shell
        .run("verify proof proof --entry bundle --policy policy")
        .expect(3);
    let hint = "the entry that was given is a bundle: `--entry` takes the one";
    assert!(said.stderr.contains(hint), "{said}");
    let said = shell.run("submit --log log bundle").expect(8);
    let hint = "`bundle` is a bundle: `submit` takes signed events, one a line";
    assert!(said.stderr.contains(hint), "{said}");
    for verb in [
        "publish",
        "log status",
        "serve --listen 127.0.0.1:0",
        "index",
    ] {
        let said = shell.run(&format!("{verb} bundle"));
        assert!(matches!(said.code, 1 | 2), "{said}");
        assert!(!said.stderr.contains("Not a directory (os error"), "{said}");
    }
    let said = shell
        .run("mirror log bundle --policy policy --once")
        .expect(2);
    assert!(
        said.stderr.contains("`bundle` is a file, not a directory"),
        "{said}"
    );
    let said = shell.run("inspect monitor.state").expect(8);
    assert!(
        said.stderr.contains("the state of `glasslog monitor`"),
        "{said}"
    );
    // A state is never written over a file of a log, or a key.
    for place in ["log/public/checkpoint", "ci.key"] {
        for line in [
            "witness cosign log --key witness.key --state",
            "monitor log --policy policy --once --state",
            "audit log --policy policy --resume",
        ] {
            let before = shell.read(place);
            let said = shell.run(&format!("{line} {place}")).expect(1);
            assert!(said.stderr.contains("which no output replaces"), "{said}");
            assert_eq!(shell.read(place), before);
        }
    }
}

/// An index of another key in the directory of a log would be served with it, or take the place of its own.
#[test]
fn no_index_of_another_key_is_made_in_the_directory_of_a_log() {
    let shell = Shell::with_log();
    let line = "keygen --kind index --name i.example/1 --out i.key";
    shell.run(line).expect(0);
    let listed = || {
        let names = fs::read_dir(shell.path("log/public")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (listed(), shell.read("log/public/index/checkpoint"));
    for out in [
        "log",
        "./log/",
        "log/public",
        "log/public/index",
        "log/new/deep",
    ] {
        let line = format!("index log --policy log/trust.policy --key i.key --out {out}");
        let said = shell.run(&line).expect(2);
        let words = "is in the directory of the log `";
        assert!(said.stderr.contains(words), "{said}");
        assert!(
            said.stderr.contains("`--out` takes a directory of its own"),
            "{said}"
        );
    }
    assert_eq!(
        (listed(), shell.read("log/public/index/checkpoint")),
        before
    );
    assert!(!shell.path("log/new").exists());
    let line = "index log --policy log/trust.policy --key i.key --out own";
    shell.run(line).expect(0);
    shell.run(line).expect(0);
}
