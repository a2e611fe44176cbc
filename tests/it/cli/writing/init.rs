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
        (&*format!("--origin {ORIGIN} --key k.pub"), 8),
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

    shell.run(&format!("init half --origin {ORIGIN}")).expect(0);
    fs::remove_file(shell.path("half/glasslog.toml")).unwrap();
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
            said.stderr.contains("hint: nothing was published from it"),
            "{said}"
        );
    }
    shell.run("publish nowhere").expect(1);
}
