//! The folder that transcripts run in: one good log and what can be wrong with logs, policies, proofs and bundles.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use glasslog_core::event::secret_to_pem;
use glasslog_core::fetch::Bundle;
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::note::{SignatureType, SignerKey, TlogProof};
use glasslog_core::text::wire;

use crate::fixture::{
    Access, COSIGNED, Log, ORIGIN, enrol, forge, genesis, log_key, put, revoke, secret, signer,
    spki, witness,
};
use crate::glasslog;
use crate::tamper::copy_tree;

/// The artifact that histories are about.
const CONTENT: &[u8] = b"weights of resnet50 2.1\n";
/// An artifact that only the last entries touch.
const OTHER: &[u8] = b"weights of bert 1.0\n";
/// Numbers of keys: the admin's, two actors', one that is never enrolled.
const ADMIN: u8 = 10;
const CI: u8 = 11;
const ALICE: u8 = 12;
const STRANGER: u8 = 13;

/// Size of the older checkpoint.
const OLD_SIZE: usize = 100;

/// Makes the world in an empty folder.
pub fn build(folder: &Path) {
    let log = good_log(folder);
    damaged_logs(folder);
    other_logs(folder);
    policies(folder, &log);
    files(folder, &log);
    keys(folder);
    proofs(folder, &log);
    bundles(folder);
}

fn access(action: &'static str, minute: u32) -> Access<'static> {
    Access {
        action,
        name: "resnet50@2.1",
        content: CONTENT,
        actor: "ci@example.org",
        key: CI,
        minute,
        reason: None,
    }
}

/// 300 entries, so that there are full and partial tiles: genesis, keys, a registration, reads of two artifacts, a
/// deployment. With an older checkpoint of 100, whose partial files are still there.
fn good_log(folder: &Path) -> Log {
    let mut log = Log::new(ORIGIN);
    log.add(genesis(ORIGIN, ADMIN));
    log.add(enrol(ORIGIN, "ci@example.org", CI, ADMIN));
    log.add(enrol(ORIGIN, "alice@example.org", ALICE, ADMIN));
    log.add(
        Access {
            actor: "alice@example.org",
            key: ALICE,
            reason: Some("release 2.1"),
            ..access("register", 3)
        }
        .entry(ORIGIN),
    );
    log.add(access("read", 4).entry(ORIGIN));
    let filler = |log: &mut Log, until: usize| {
        while log.entries.len() < until {
            let minute = u32::try_from(log.entries.len()).expect("a small number");
            let bert = Access {
                name: "bert@1.0",
                content: OTHER,
                ..access("read", minute)
            };
            log.add(bert.entry(ORIGIN));
        }
    };
    filler(&mut log, OLD_SIZE);
    log.publish();
    let old = log.checkpoint(&log_key(), &witnesses(2), COSIGNED - 3600);
    put(&folder.join("old.checkpoint"), &old.encode());
    put(&folder.join("good/public/checkpoints/100"), &old.encode());
    filler(&mut log, 299);
    log.add(
        Access {
            reason: Some("canary <b>\u{202e}1%"),
            ..access("deploy", 299)
        }
        .entry(ORIGIN),
    );
    log.publish();
    let checkpoint = log.checkpoint(&log_key(), &witnesses(2), COSIGNED);
    log.write(&folder.join("good/public"), &checkpoint);
    log
}

/// Copies of the good log, each with one thing wrong.
fn damaged_logs(folder: &Path) {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 13] = [
        ("altered-tile", |log| flip(&log.join("tile/0/000"), 1000)),
        ("altered-edge-tile", |log| {
            flip(&log.join("tile/0/001.p/44"), 40)
        }),
        ("altered-entry", |log| {
            flip(&log.join("tile/entries/000"), 3000)
        }),
        ("altered-root", |log| swap(&log.join("checkpoint"), 2)),
        ("altered-signature", |log| swap(&log.join("checkpoint"), 4)),
        ("altered-cosignature", |log| {
            swap(&log.join("checkpoint"), 5)
        }),
        ("altered-old-tile", |log| {
            flip(&log.join("tile/0/000.p/100"), 40)
        }),
        ("missing-tile", |log| remove(&log.join("tile/0/000"))),
        ("missing-entries", |log| {
            remove(&log.join("tile/entries/000"))
        }),
        ("missing-checkpoint", |log| remove(&log.join("checkpoint"))),
        ("truncated-tile", |log| cut(&log.join("tile/0/000"), 8191)),
        ("truncated-entries", |log| {
            cut(&log.join("tile/entries/001.p/44"), 500)
        }),
        ("html-checkpoint", |log| put(&log.join("checkpoint"), PAGE)),
    ];
    for (name, damage) in damages {
        let copy = folder.join(name);
        copy_tree(&folder.join("good/public"), &copy);
        damage(&copy);
    }
    let copy = folder.join("forked-archive");
    copy_tree(&folder.join("good/public"), &copy);
    put(&copy.join("checkpoints/100"), &forked_checkpoint());
    // The log has grown since, and its partial files were collected: the full ones stand in for them.
    let copy = folder.join("collected-partials");
    copy_tree(&folder.join("good/public"), &copy);
    fs::copy(folder.join("old.checkpoint"), copy.join("checkpoint")).expect("files can be copied");
    remove(&copy.join("tile/0/000.p/100"));
    remove(&copy.join("tile/entries/000.p/100"));
    let copy = folder.join("html-tile");
    copy_tree(&folder.join("good/public"), &copy);
    put(&copy.join("tile/0/000"), PAGE);
    let copy = folder.join("stray");
    copy_tree(&folder.join("good/public"), &copy);
    put(&copy.join("tile/0/notes.txt"), b"left behind\n");
    let copy = folder.join("not-a-log");
    fs::create_dir_all(copy).expect("a folder can be made");
}

const PAGE: &[u8] = b"<!doctype html><title>Not found</title>\n";

/// Logs that are whole, and about which something is to be said.
fn other_logs(folder: &Path) {
    let mut empty = Log::new(ORIGIN);
    write(folder, "empty", &mut empty, &log_key());

    // Served by a host that truncates, or forks: another log of the same size as the older checkpoint.
    let mut fork = Log::new(ORIGIN);
    fork.add(genesis(ORIGIN, ADMIN));
    while fork.entries.len() < OLD_SIZE + 1 {
        fork.add(enrol(
            ORIGIN,
            &format!("actor{}@example.org", fork.entries.len()),
            50,
            ADMIN,
        ));
    }
    write(folder, "fork", &mut fork, &log_key());

    let mut short = Log::new(ORIGIN);
    short.add(genesis(ORIGIN, ADMIN));
    write(folder, "short", &mut short, &log_key());

    let mut strange = Log::new(ORIGIN);
    strange.add(genesis(ORIGIN, ADMIN));
    strange.add(enrol(ORIGIN, "ci@example.org", CI, ADMIN));
    strange.add(access("read", 2).entry(ORIGIN));
    strange.add(
        Access {
            key: STRANGER,
            ..access("read", 3)
        }
        .entry(ORIGIN),
    );
    write(folder, "unknown-key", &mut strange, &log_key());

    let mut revoked = Log::new(ORIGIN);
    revoked.add(genesis(ORIGIN, ADMIN));
    revoked.add(enrol(ORIGIN, "ci@example.org", CI, ADMIN));
    let enrolment = revoked.entries[1].clone();
    revoked.add(revoke(ORIGIN, "ci@example.org", CI, ADMIN, &enrolment));
    revoked.add(access("read", 3).entry(ORIGIN));
    write(folder, "revoked-key", &mut revoked, &log_key());

    // An event whose signature is wrong, by a key that is known.
    let mut forged = Log::new(ORIGIN);
    forged.add(genesis(ORIGIN, ADMIN));
    forged.add(enrol(ORIGIN, "ci@example.org", CI, ADMIN));
    forged.add(forge(&access("read", 2).entry(ORIGIN)));
    write(folder, "forged-event", &mut forged, &log_key());

    // Somebody else's log: any bytes, no genesis.
    let mut raw = Log::new("raw.example.org/log");
    for entry in ["one", "two", "three"] {
        raw.add(entry.as_bytes().to_vec());
    }
    write(folder, "raw", &mut raw, &raw_key());
}

fn write(folder: &Path, name: &str, log: &mut Log, key: &SignerKey) {
    log.publish();
    let checkpoint = log.checkpoint(key, &witnesses(2), COSIGNED);
    log.write(&folder.join(name), &checkpoint);
}

fn raw_key() -> SignerKey {
    signer("raw.example.org/log", SignatureType::Ed25519, 2)
}

/// A checkpoint of the older size that the log signed, and that is not of this log's entries.
fn forked_checkpoint() -> Vec<u8> {
    let mut fork = Log::new(ORIGIN);
    for index in 0..OLD_SIZE {
        fork.add(index.to_string().into_bytes());
    }
    fork.checkpoint(&log_key(), &witnesses(2), COSIGNED - 3600)
        .encode()
}

fn witnesses(count: u8) -> Vec<SignerKey> {
    (1..=count).map(witness).collect()
}

/// Trust policies, good and bad.
fn policies(folder: &Path, log: &Log) {
    let vkey = |key: &SignerKey| key.verifier().to_string();
    let names = |count: u8| {
        (1..=count)
            .map(|number| format!("witness w{number} {}\n", vkey(&witness(number))))
            .collect::<String>()
    };
    let pin = |hash: Hash| format!("[genesis]\n{hash}\n");
    let key = vkey(&log_key());
    let two = format!("log {key}\n{}group two 2 w1 w2\nquorum two\n", names(2));
    let texts = [
        ("trust.policy", format!("[log]\n{two}{}", pin(log.leaf(0)))),
        ("plain.policy", format!("log {key}\nquorum none\n")),
        (
            "strict.policy",
            format!(
                "log {key}\n{}group three 3 w1 w2 w3\nquorum three\n",
                names(3)
            ),
        ),
        (
            "other-key.policy",
            format!(
                "log {}\nquorum none\n",
                vkey(&signer(ORIGIN, SignatureType::Ed25519, 99))
            ),
        ),
        (
            "other-log.policy",
            format!("log {}\nquorum none\n", vkey(&raw_key())),
        ),
        (
            "other-genesis.policy",
            format!("[log]\n{two}{}", pin(log.leaf(1))),
        ),
        ("malformed.policy", format!("log {key}\nquorum two\n")),
    ];
    let conditions = [
        ("recent", format!("log {ORIGIN} max-age 5m")),
        ("rotated", format!("log {ORIGIN} up-to-size 299")),
        (
            "expired",
            format!("log {ORIGIN} until 2026-11-23T11:00:00Z"),
        ),
        (
            "ended",
            format!("log {ORIGIN} final 300 {}", log.head().root),
        ),
        (
            "ended-otherwise",
            format!("log {ORIGIN} final 300 {}", log.leaf(0)),
        ),
        (
            "ended-later",
            format!("log {ORIGIN} final 301 {}", log.leaf(0)),
        ),
    ];
    for (name, line) in conditions {
        let text = format!("[log]\n{two}[validity]\n{line}\n");
        put(&folder.join(format!("{name}.policy")), text.as_bytes());
    }
    let later = unknown_key("witness9.example.org");
    let text = format!(
        "log {key}\n{}witness w9 {later}\ngroup two 2 w1 w2 w9\nquorum two\n",
        names(2)
    );
    put(&folder.join("later-key.policy"), text.as_bytes());
    for (name, text) in texts {
        put(&folder.join(name), text.as_bytes());
    }
    put(&folder.join("good/trust.policy"), two.as_bytes());
}

/// A verifier key of a type that this version does not know.
fn unknown_key(name: &str) -> String {
    let material = [0x55; 48];
    let id = sha256(&[name.as_bytes(), b"\n", &material].concat());
    let id = wire::hex_encode(id.as_bytes().get(..4).unwrap_or_default());
    format!("{name}+{id}+{}", wire::base64_encode(&material))
}

/// Secret keys beside two log directories: one guarded, one open to all.
fn keys(folder: &Path) {
    for (log, mode) in [("good", 0o600), ("open-keys", 0o644)] {
        let key = folder.join(log).join("keys/log");
        put(&key, log_key().encode().as_bytes());
        fs::set_permissions(&key, fs::Permissions::from_mode(mode))
            .expect("permissions can be set");
    }
    copy_tree(
        &folder.join("good/public"),
        &folder.join("open-keys/public"),
    );
}

/// Proofs, entries, checkpoints and artifacts.
fn files(folder: &Path, log: &Log) {
    put(&folder.join("model.bin"), CONTENT);
    put(&folder.join("unknown.bin"), b"never seen\n");
    put(&folder.join("4.json"), &log.entries[4]);
    put(&folder.join("5.json"), &log.entries[5]);
    put(&folder.join("299.json"), &log.entries[299]);
    put(
        &folder.join("witness.vkey"),
        format!("{}\n", witness(1).verifier()).as_bytes(),
    );
    put(
        &folder.join("log.secret"),
        format!("{}\n", log_key().encode().as_str()).as_bytes(),
    );
    put(
        &folder.join("actor.pub"),
        spki(CI).to_pem("ci@example.org").as_bytes(),
    );
    put(
        &folder.join("actor.secret"),
        secret_to_pem(&secret(CI), "ci@example.org").as_bytes(),
    );
    put(&folder.join("garbage"), b"\x00\x01\xff garbage\n");
}

/// Proofs of the good log, and what is wrong with others.
fn proofs(folder: &Path, log: &Log) {
    let consistency = log.consistency(OLD_SIZE);
    let lines: Vec<String> = consistency
        .hashes()
        .iter()
        .map(|hash| format!("{hash}\n"))
        .collect();
    put(&folder.join("old-new.proof"), lines.concat().as_bytes());
    put(
        &folder.join("wrong.proof"),
        lines.iter().rev().cloned().collect::<String>().as_bytes(),
    );
    put(&folder.join("empty.proof"), b"");
    put(&folder.join("fork-100/checkpoint"), &forked_checkpoint());

    let checkpoint = log.checkpoint(&log_key(), &witnesses(2), COSIGNED);
    let proof = TlogProof::new(Vec::new(), 4, log.inclusion(4), checkpoint).expect("a proof");
    let text = String::from_utf8(proof.encode()).expect("a proof is text");
    let first = log.inclusion(4).hashes()[0].to_string();
    let signature = text
        .lines()
        .find(|line| line.starts_with("\u{2014} models"))
        .expect("a signature");
    for (name, changed) in [
        ("wrong-index", text.replace("index 4\n", "index 5\n")),
        ("leading-zero", text.replace("index 4\n", "index 04\n")),
        ("wrong-hash", text.replace(&first, &log.leaf(0).to_string())),
        ("short", text.replace(&format!("{first}\n"), "")),
        (
            "wrong-signature",
            text.replace(signature, &swapped(signature)),
        ),
    ] {
        assert_ne!(changed, text, "{name} is to differ");
        put(
            &folder.join(format!("{name}.tlog-proof")),
            changed.as_bytes(),
        );
    }
}

/// Bundles that are not what `glasslog bundle` writes.
fn bundles(folder: &Path) {
    let words = "bundle resnet50@2.1 --log good -o good.bundle --policy trust.policy --now 2026-11-23T12:00:00Z";
    let made = glasslog::command()
        .args(words.split(' '))
        .current_dir(folder)
        .output()
        .expect("glasslog runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let good = fs::read(folder.join("good.bundle")).expect("a bundle was written");
    let files = bundle_files(&good);
    let put = |name: &str, bytes: &[u8]| put(&folder.join(format!("{name}.bundle")), bytes);
    let of = |files: &[(String, Vec<u8>)]| {
        let mut bytes = b"glasslog-bundle/v1\nhistory resnet50@2.1\n".to_vec();
        for (path, content) in files {
            bytes.extend_from_slice(format!("{path} {}\n", content.len()).as_bytes());
            bytes.extend_from_slice(content);
        }
        bytes
    };
    assert_eq!(of(&files), good, "a bundle is what its format says");

    let mut altered = files.clone();
    altered.last_mut().expect("a file").1[40] ^= 1;
    put("altered", &of(&altered));
    put("missing", &of(&files[..files.len() - 1]));
    put("truncated", &good[..good.len() - 1]);
    put("trailing", &[good.as_slice(), b"\n"].concat());
    put(
        "duplicate",
        &of(&[files.clone(), vec![files[0].clone()]].concat()),
    );
    put(
        "unasked",
        &of(&[files.clone(), vec![("tile/0/009".into(), vec![0; 32])]].concat()),
    );
    put(
        "other-query",
        &String::from_utf8_lossy(&good[..40])
            .replace("history", "inspect")
            .into_bytes(),
    );
    put("empty", b"");
}

/// The files of a bundle.
fn bundle_files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let bundle = Bundle::parse(bytes).expect("a bundle");
    let mut files: Vec<(String, Vec<u8>)> = bundle
        .files()
        .map(|(path, content)| (path.to_owned(), content.to_vec()))
        .collect();
    let position = |path: &str| {
        let line = format!("{path} ");
        bytes
            .windows(line.len())
            .position(|window| window == line.as_bytes())
    };
    files.sort_by_key(|(path, _)| position(path));
    files
}

/// A line with two characters in the middle swapped.
fn swapped(line: &str) -> String {
    let mut bytes = line.as_bytes().to_vec();
    swap_middle(&mut bytes);
    String::from_utf8(bytes).expect("base64 is text")
}

fn swap_middle(line: &mut [u8]) {
    let middle = line.len() - 20;
    let other = (middle + 1..line.len())
        .find(|&at| line[at] != line[middle])
        .expect("two characters differ");
    line.swap(middle, other);
}

fn flip(path: &Path, at: usize) {
    change(path, |bytes| bytes[at] ^= 1);
}

/// Swaps two characters in the middle of a line, so that it stays canonical base64 and means something else.
fn swap(path: &Path, line: usize) {
    change(path, |bytes| {
        let text = String::from_utf8(bytes.clone()).expect("a checkpoint is text");
        let start: usize = text.lines().take(line).map(|line| line.len() + 1).sum();
        let length = text.lines().nth(line).expect("the line is there").len();
        swap_middle(&mut bytes[start..start + length]);
    });
}

fn cut(path: &Path, length: usize) {
    change(path, |bytes| bytes.truncate(length));
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let before = bytes.clone();
    change(&mut bytes);
    assert_ne!(bytes, before, "{} was to change", path.display());
    put(path, &bytes);
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
