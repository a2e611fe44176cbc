//! New logs: the pin that is printed, keys of one's own, directories that are in use.
use std::fs;

use glasslog_core::merkle::leaf_hash;
use serde_json::json;

use super::shell::{ORIGIN, Shell};

#[test]
fn init_prints_the_pin_of_the_genesis() {
    let shell = Shell::new();
    let said = shell.run(&format!("init log --origin {ORIGIN}")).expect(0);
    let entries = fs::read(shell.path("log/public/tile/entries/000.p/1")).unwrap();
    let genesis = leaf_hash(&entries[2..]).to_base64();
    assert_eq!(said.text(), format!("genesis {genesis}\n"));
    let pinned = format!("{}\n[genesis]\n{genesis}\n", shell.read("log/trust.policy"));
    fs::write(shell.path("pinned.policy"), pinned).unwrap();
    shell
        .run("verify entry 0 --log log --policy pinned.policy")
        .expect(0);

    let json = shell
        .run(&format!("init json --origin {ORIGIN} --format json"))
        .expect(0)
        .json();
    assert_eq!(json["checkpoint"]["origin"], ORIGIN);
    assert_eq!(
        (&json["result"], &json["checkpoint"]["size"]),
        (&json!("done"), &json!(1))
    );
    assert_eq!(json["genesis"].as_str().unwrap().len(), 44);
}

#[test]
fn init_takes_a_key_that_is_the_logs_own() {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    shell
        .run("keygen --kind witness --name w --out w")
        .expect(0);
    shell
        .run(&format!("init log --origin {ORIGIN} --key k --raw"))
        .expect(0);
    assert_eq!(shell.read("log/keys/log"), shell.read("k"));
    assert!(
        shell
            .read("log/trust.policy")
            .contains(shell.read("k.pub").trim_end())
    );
    for (arguments, code) in [
        ("--origin other.example/log --key k", 2),
        ("--origin ü.example", 2),
        (&*format!("--origin {ORIGIN} --key w"), 2),
        (&*format!("--origin {ORIGIN} --key k.pub"), 2),
        (&*format!("--origin {ORIGIN} --key nowhere"), 1),
        ("--origin a+b", 2),
    ] {
        shell.run(&format!("init other {arguments}")).expect(code);
        assert!(!shell.path("other").exists(), "{arguments}");
    }
}

#[test]
fn init_leaves_a_full_directory_alone() {
    let shell = Shell::new();
    fs::create_dir(shell.path("log")).unwrap();
    fs::write(shell.path("log/file"), "mine").unwrap();
    let said = shell.run(&format!("init log --origin {ORIGIN}")).expect(1);
    assert!(said.stderr.contains("`log` is not empty"), "{said}");
    assert_eq!(fs::read_dir(shell.path("log")).unwrap().count(), 1);

    for directory in ["half/keys", "half/state"] {
        fs::create_dir_all(shell.path(directory)).unwrap();
    }
    for line in [
        format!("init half --origin {ORIGIN}"),
        "publish half".into(),
    ] {
        let said = shell.run(&line).expect(1);
        assert!(
            said.stderr
                .contains("`half` has an incomplete log: `init` was interrupted"),
            "{said}"
        );
        assert!(
            said.stderr
                .contains("hint: if nothing was ever published from it"),
            "{said}"
        );
    }
    shell.run("publish nowhere").expect(1);
}

/// `--witness` writes a policy that needs cosignatures: a history is not decided before, and verified after.
#[test]
fn init_names_the_witnesses_of_the_log() {
    let shell = Shell::new();
    let mut keys = Vec::new();
    for name in ["w1", "w2", "w3"] {
        let made = shell.run(&format!(
            "keygen --kind witness --name {name}.example/w --out {name}"
        ));
        made.expect(0);
        keys.push(shell.read(&format!("{name}.pub")).trim_end().to_owned());
    }
    let flags: Vec<String> = keys.iter().map(|key| format!("--witness {key}")).collect();
    let flags = flags.join(" ");
    for (log, quorum, needed) in [("one", " --quorum 1", 1), ("all", "", 3)] {
        let made = shell.run(&format!("init {log} --origin {ORIGIN} {flags}{quorum}"));
        made.expect(0);
        for cosigned in 0..=needed {
            let said = shell.run(&format!(
                "verify entry 0 --log {log} --policy {log}/trust.policy"
            ));
            assert_eq!(said.code, if cosigned < needed { 5 } else { 0 }, "{said}");
            let next = cosigned + 1;
            if next <= needed {
                let line =
                    format!("witness cosign {log} --key w{next} --state {log}-w{next}.state");
                shell.run(&line).expect(0);
            }
        }
    }
    shell
        .run("keygen --kind auditor --name a.example/1 --out a")
        .expect(0);
    let auditor = shell.read("a.pub");
    for (flags, words) in [
        (
            format!("--witness {}", auditor.trim_end()),
            "has the key of an auditor",
        ),
        (
            format!("--witness {0} --witness {0}", keys[0]),
            "is given twice",
        ),
        ("--witness nonsense".into(), "`--witness nonsense`"),
        (
            format!("--witness {} --quorum 2", keys[0]),
            "asks for more witnesses than the 1",
        ),
        ("--quorum 1".into(), "--witness"),
    ] {
        let said = shell.run(&format!("init other --origin {ORIGIN} {flags}"));
        let said = said.expect(2);
        assert!(said.stderr.contains(words), "{said}");
        assert!(!shell.path("other").exists());
    }
}
