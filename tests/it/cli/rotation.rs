//! The change of a log's key, from the operator's verb to the readers who follow it, and what neither may do.
use std::fs;
use std::path::PathBuf;

use glasslog_tests::command::Finished;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::words;

const ORIGIN: &str = "models.example.com/access";

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let made = glasslog(words!["init", world.at("log"), "--origin", ORIGIN]).expect(0);
        let text = made.text();
        let mut lines = text.lines();
        let genesis = lines.find_map(|line| line.strip_prefix("genesis "));
        let policy = fs::read_to_string(world.at("log/trust.policy")).unwrap();
        fs::write(world.at("unpinned.policy"), &policy).unwrap();
        let pinned = format!("{policy}\n[genesis]\n{}\n", genesis.unwrap());
        fs::write(world.at("reader.policy"), pinned).unwrap();
        fs::write(world.at("model"), "weights").unwrap();
        let key = world.at("ci.key");
        let name = "ci@example.com";
        glasslog(words![
            "keygen", "--kind", "actor", "--name", name, "--out", key
        ])
        .expect(0);
        glasslog(words![
            "keys",
            "enrol",
            "--log",
            world.at("log"),
            "--actor",
            name,
            "--key",
            world.at("ci.key.pub")
        ])
        .expect(0);
        world.keygen("next", ORIGIN);
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn keygen(&self, name: &str, origin: &str) {
        let out = self.at(&format!("{name}.key"));
        glasslog(words![
            "keygen", "--kind", "log", "--name", origin, "--out", out
        ])
        .expect(0);
    }

    fn record(&self, proof: &str) -> Finished {
        glasslog(words![
            "record",
            "--log",
            self.at("log"),
            "--signer",
            self.at("ci.key"),
            "--action",
            "read",
            "--artifact",
            "model@1",
            "--file",
            self.at("model"),
            "-o",
            self.at(proof)
        ])
    }

    fn rotate(&self, key: &str) -> Finished {
        glasslog(words![
            "log",
            "rotate",
            self.at("log"),
            "--key",
            self.at(&format!("{key}.key")),
            "--reason",
            "a new machine",
            "--yes"
        ])
    }

    fn update(&self, more: &[&str]) -> Finished {
        self.update_file("reader.policy", more)
    }

    fn update_file(&self, file: &str, more: &[&str]) -> Finished {
        let arguments = words!["trust", "update", self.at(file), "--log", self.at("log")];
        glasslog(arguments.into_iter().chain(more.iter().map(Into::into)))
    }

    fn history(&self, policy: &str) -> Finished {
        glasslog(words![
            "history",
            "model@1",
            "--log",
            self.at("log"),
            "--policy",
            self.at(policy)
        ])
    }

    fn audit(&self, policy: &str) -> Finished {
        let policy = self.at(policy);
        glasslog(words!["audit", self.at("log"), "--policy", policy])
    }

    fn policy(&self) -> String {
        fs::read_to_string(self.at("reader.policy")).unwrap()
    }

    /// The id of the key of a file, as it is in names of files.
    fn id(&self, file: &str) -> String {
        let key = fs::read_to_string(self.at(file)).unwrap();
        key.split('+').nth(1).unwrap().to_owned()
    }
}

/// The id of the first log's key in a policy.
fn first_key(policy: &str) -> &str {
    let mut lines = policy.lines();
    let line = lines.find(|line| line.starts_with("log ")).unwrap();
    line.split('+').nth(1).unwrap()
}

#[test]
fn readers_follow_each_change_of_the_key() {
    let world = World::new();
    let first = world.policy();
    let old = first_key(&first);
    world.record("1.proof").expect(0);
    let done = world.rotate("next").expect(0);
    let next = world.id("next.key.pub");
    assert_eq!(
        done.text(),
        format!("`{ORIGIN}` is signed by `{ORIGIN}+{next}` from size 4 on\n")
    );
    // The tree at which the key changed is signed by both.
    world.history("reader.policy").expect(0);
    world.history("log/trust.policy").expect(0);
    assert!(world.at(&format!("log/keys/log.{old}")).exists());
    assert!(world.at(&format!("log/public/log-key/{old}")).exists());
    world.record("2.proof").expect(0);
    let refused = world.history("reader.policy").expect(5);
    assert!(
        refused
            .stderr
            .contains("`glasslog trust update` follows the change")
    );
    // Nothing is written before it is wanted.
    let shown = world.update(&["--dry-run"]).expect(0);
    assert!(shown.text().ends_with("was not changed\n"));
    assert_eq!(world.policy(), first);
    let json = world
        .update(&["--dry-run", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(json["changed"], false);
    assert_eq!(json["rotations"][0]["size"], 4);
    assert_eq!(json["rotations"][0]["reason"], "a new machine");
    assert_eq!(json["changes"].as_array().unwrap().len(), 3);
    let changed = world.update(&[]).expect(0);
    assert!(changed.text().starts_with(&format!(
        "at size 4 the log changed its key from `{ORIGIN}+{old}` to `{ORIGIN}+{next}`\n"
    )));
    world.history("reader.policy").expect(0);
    world.audit("reader.policy").expect(0);
    assert!(
        world
            .policy()
            .contains(&format!("key {ORIGIN}+{old} up-to-size 4\n"))
    );
    assert!(
        world
            .policy()
            .contains(&format!("key {ORIGIN}+{next} from-size 4\n"))
    );
    // Twice more, and a reader who missed both catches up at once.
    for name in ["third", "fourth"] {
        world.keygen(name, ORIGIN);
        world.rotate(name).expect(0);
        world.record(&format!("{name}.proof")).expect(0);
    }
    world.history("reader.policy").expect(5);
    let text = world.update(&[]).expect(0);
    assert_eq!(text.text().matches("the log changed its key").count(), 2);
    world.history("reader.policy").expect(0);
    world.audit("reader.policy").expect(0);
    let before = world.policy();
    let same = world.update(&[]).expect(0);
    assert!(same.text().contains("is up to date"));
    assert_eq!(world.policy(), before);
    // The first reader's file works from the beginning too.
    fs::write(world.at("reader.policy"), &first).unwrap();
    let all = world.update(&[]).expect(0);
    assert_eq!(all.text().matches("the log changed its key").count(), 3);
    assert_eq!(world.policy(), before);
}

/// A thief of the log's key can make a log with that key and admins of their own.
#[test]
fn a_file_without_pin_and_witnesses_is_changed_on_demand_alone() {
    let world = World::new();
    let place = world.at("unpinned.policy");
    let first = fs::read_to_string(&place).unwrap();
    world.rotate("next").expect(0);
    world.record("1.proof").expect(0);
    let refused = world.update_file("unpinned.policy", &[]).expect(5);
    assert!(
        refused
            .stderr
            .contains("neither pins a genesis nor asks for witnesses")
    );
    assert!(
        refused
            .stderr
            .contains("`--unpinned` follows the old key alone")
    );
    assert_eq!(fs::read_to_string(&place).unwrap(), first);
    let warned = world
        .update_file("unpinned.policy", &["--unpinned"])
        .expect(0);
    assert!(
        warned
            .stderr
            .contains("a thief of that key could have made this change")
    );
    world.history("unpinned.policy").expect(0);
    // A file that pins the genesis needs no such flag, and there it gives no warning.
    let followed = world.update(&["--unpinned"]).expect(0);
    assert!(!followed.stderr.contains("warning"));
}

/// An actor whose key is reported compromised registered an artifact that is named like the log.
#[test]
fn the_history_of_the_log_is_not_an_actors() {
    let world = World::new();
    let named = format!("{ORIGIN}@1");
    let (log, key, file) = (world.at("log"), world.at("ci.key"), world.at("model"));
    glasslog(words![
        "record",
        "--log",
        log,
        "--signer",
        key,
        "--action",
        "register",
        "--reason",
        "a new model",
        "--artifact",
        named,
        "--file",
        file,
        "-o",
        world.at("1.proof")
    ])
    .expect(0);
    glasslog(words![
        "keys",
        "revoke",
        "--log",
        log,
        "--key",
        world.at("ci.key.pub"),
        "--reason",
        "stolen",
        "--compromised-since",
        "2"
    ])
    .expect(0);
    let history = |artifact: &str| {
        let policy = world.at("log/trust.policy");
        glasslog(words![
            "history", artifact, "--log", log, "--policy", policy
        ])
    };
    history(ORIGIN).expect(5);
    world.rotate("next").expect(0);
    let shown = history(ORIGIN).expect(0);
    assert!(shown.text().contains("compromised"), "{}", shown.text());
    history(&named).expect(5);
}

#[test]
fn a_file_stays_as_it_is_if_a_change_does_not_hold() {
    let world = World::new();
    let first = world.policy();
    let old = first_key(&first);
    world.rotate("next").expect(0);
    world.record("1.proof").expect(0);
    let head = world.at(&format!("log/public/log-key/{old}"));
    let kept = fs::read_to_string(&head).unwrap();
    let unchanged = |code: i32| {
        let refused = world.update(&[]).expect(code);
        assert!(refused.stderr.contains("the file was not changed"));
        assert_eq!(world.policy(), first);
    };
    // The new key did not sign.
    let lines: Vec<&str> = kept.lines().collect();
    fs::write(&head, format!("{}\n", lines[..5].join("\n"))).unwrap();
    unchanged(3);
    // The old key did not sign.
    fs::write(
        &head,
        format!("{}\n\n{}\n", lines[..3].join("\n"), lines[5]),
    )
    .unwrap();
    unchanged(5);
    // No statement leads on.
    fs::remove_file(&head).unwrap();
    unchanged(5);
    fs::write(&head, &kept).unwrap();
    world.update(&[]).expect(0);
}

#[test]
fn a_key_changes_only_by_the_verb_and_never_back() {
    let world = World::new();
    // No key of another log, none of a witness, and nothing without `--yes`.
    world.keygen("other", "other.example.com/access");
    let refused = world.rotate("other").expect(2);
    assert!(
        refused
            .stderr
            .contains("is the key of `other.example.com/access`")
    );
    let witness = world.at("witness.key");
    glasslog(words![
        "keygen", "--kind", "witness", "--name", ORIGIN, "--out", witness
    ])
    .expect(0);
    world.rotate("witness").expect(2);
    let unsure = words![
        "log",
        "rotate",
        world.at("log"),
        "--key",
        world.at("next.key"),
        "--reason",
        "x"
    ];
    glasslog(unsure).expect(2);
    // The admins have to sign.
    let stranger = words![
        "log",
        "rotate",
        world.at("log"),
        "--key",
        world.at("next.key"),
        "--reason",
        "x",
        "--yes",
        "--admin",
        world.at("ci.key")
    ];
    let refused = glasslog(stranger).expect(5);
    assert!(refused.stderr.contains("0 admins of this log signed it"));
    world.record("0.proof").expect(0);
    let backup = fs::read(world.at("log/keys/log")).unwrap();
    world.rotate("next").expect(0);
    let same = world.rotate("next").expect(6);
    assert!(same.stderr.contains("signs with that key already"));
    // A key from a backup signs nothing more.
    let current = fs::read(world.at("log/keys/log")).unwrap();
    fs::write(world.at("log/keys/log"), backup).unwrap();
    let refused = world.record("1.proof").expect(1);
    assert!(refused.stderr.contains("another key is in `keys/log`"));
    fs::write(world.at("log/keys/log"), current).unwrap();
    world.record("1.proof").expect(0);
    // Nor does the log change back to it, and the refusal leaves the log as it was.
    let ended = format!("log/keys/log.{}", first_key(&world.policy()));
    fs::rename(world.at(&ended), world.at("first.key")).unwrap();
    let refused = world.rotate("first").expect(6);
    assert!(refused.stderr.contains("was signed by that key before"));
    world.record("2.proof").expect(0);
    world.keygen("third", ORIGIN);
    world.rotate("third").expect(0);
    world.record("3.proof").expect(0);
}

/// A statement cannot be taken back: a policy that cannot take the new key is found before.
#[test]
fn policies_that_cannot_take_the_new_key_stop_the_change_before_it_begins() {
    let world = World::new();
    world.record("0.proof").expect(0);
    let place = world.at("log/trust.policy");
    let good = fs::read_to_string(&place).unwrap();
    let id = first_key(&good);
    let limited = format!("{good}[validity]\nkey {ORIGIN}+{id} up-to-size 100\n");
    for policy in [&*limited, "no policy"] {
        fs::write(&place, policy).unwrap();
        let refused = world.rotate("next").expect(8);
        assert!(refused.stderr.contains("trust.policy"), "{refused}");
        world.record(&format!("{}.proof", policy.len())).expect(0);
    }
    fs::write(&place, good).unwrap();
    world.rotate("next").expect(0);
    world.record("1.proof").expect(0);
}
