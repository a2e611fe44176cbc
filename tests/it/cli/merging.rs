//! `mirror merge`: the newest head whose whole tree the replicas have together, and evidence if their heads contradict each other.
use std::fs;

use glasslog_tests::command::Finished;
use serde_json::json;

use crate::cli::mirroring::{audit, fill, raw};
use crate::cli::writing::shell::Shell;

const REST: &str = "-o joined --policy log/trust.policy";

fn copy(shell: &Shell, log: &str, replica: &str) {
    let line = format!("mirror {log} {replica} --policy log/trust.policy --once");
    shell.run(&line).expect(0);
}

fn merge(shell: &Shell, replicas: &str) -> Finished {
    shell.run(&format!("mirror merge {replicas} {REST}"))
}

fn size(shell: &Shell) -> String {
    shell
        .read("joined/public/checkpoint")
        .lines()
        .nth(1)
        .unwrap()
        .to_owned()
}

/// Replicas `old` of 300 entries and `new` of 900.
fn replicas() -> Shell {
    let shell = raw(300);
    copy(&shell, "log", "old");
    fill(&shell, "log", 300..900);
    copy(&shell, "log", "new");
    shell
}

fn bundle(replica: &str, number: u32) -> String {
    format!("{replica}/public/tile/entries/00{number}")
}

fn damage(shell: &Shell, path: &str) {
    let mut bytes = fs::read(shell.path(path)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(shell.path(path), bytes).unwrap();
}

#[test]
fn replicas_complete_each_other() {
    let shell = replicas();
    let said = shell
        .run(&format!("mirror merge new old {REST} --format json"))
        .expect(0)
        .json();
    assert_eq!(
        (&said["result"], &said["checkpoint"]["size"]),
        (&json!("done"), &json!(900))
    );
    assert_eq!(said["heads"].as_array().unwrap().len(), 2, "{said}");
    audit(&shell, "joined");
    // Nothing changes the second time; a replica that has less is no failure.
    merge(&shell, "old").expect(0);
    assert_eq!(size(&shell), "900");
    fs::remove_dir_all(shell.path("joined")).unwrap();
    // Each lacks what another one has, also where the newest is damaged.
    copy(&shell, "log", "third");
    fs::remove_file(shell.path(&bundle("new", 0))).unwrap();
    damage(&shell, &bundle("new", 2));
    fs::remove_file(shell.path(&bundle("third", 1))).unwrap();
    fs::remove_file(shell.path("third/public/tile/1/000.p/3")).unwrap();
    merge(&shell, "third old new").expect(0);
    assert_eq!(size(&shell), "900");
    audit(&shell, "joined");
}

#[test]
fn the_newest_whole_head_is_kept() {
    let shell = replicas();
    for (number, code) in [(2, 1), (1, 3)] {
        let path = bundle("new", number);
        let good = fs::read(shell.path(&path)).unwrap();
        match code {
            1 => fs::remove_file(shell.path(&path)).unwrap(),
            _ => damage(&shell, &path),
        }
        let said = merge(&shell, "old new").expect(code);
        assert!(
            said.stderr.contains("`new` knows a head of size 900, but"),
            "{said}"
        );
        assert!(said.text().contains("size 300"), "{said}");
        assert_eq!(size(&shell), "300");
        audit(&shell, "joined");
        fs::write(shell.path(&path), good).unwrap();
        // The file turned up: the copy goes on.
        if code == 1 {
            merge(&shell, "old new").expect(0);
            audit(&shell, "joined");
        }
        fs::remove_dir_all(shell.path("joined")).unwrap();
    }
}

#[test]
fn forks_among_replicas_are_convicted() {
    let shell = replicas();
    fill(&shell, "fork", 1..400);
    // Its index has another key, and is not copied.
    let bare = format!(
        "[log]\nlog {}\nquorum none\n",
        shell.read("k.pub").trim_end()
    );
    fs::write(shell.path("bare"), bare).unwrap();
    shell
        .run("mirror fork forked --policy bare --once")
        .expect(0);
    // A plain public tree is a replica too, and so is the memory of a head that was never copied.
    copy(&shell, "log", "memory");
    fs::copy(
        shell.path("forked/state/seen"),
        shell.path("memory/state/seen"),
    )
    .unwrap();
    for replica in ["forked", "fork", "memory"] {
        let said = merge(&shell, &format!("old new {replica}")).expect(7);
        assert!(
            said.stderr
                .contains("evidence written to `joined.inconsistency`"),
            "{said}"
        );
        shell
            .run("verify inconsistency joined.inconsistency --policy log/trust.policy")
            .expect(0);
        // No view of a log that showed two is left to be read.
        assert!(!shell.path("joined/public/checkpoint").exists());
        shell
            .run("history a@1 --log joined --policy log/trust.policy")
            .expect(1);
        fs::remove_file(shell.path("joined.inconsistency")).unwrap();
        // A copy that was there before stays as it was, also if a smaller head of the others continues it.
        copy(&shell, "old", "joined");
        merge(&shell, &format!("new {replica}")).expect(7);
        assert_eq!(size(&shell), "300");
        audit(&shell, "joined");
        fs::remove_file(shell.path("joined.inconsistency")).unwrap();
        fs::remove_dir_all(shell.path("joined")).unwrap();
    }
    // The same for two heads of one size.
    fill(&shell, "fork", 400..900);
    shell
        .run("mirror fork equal --policy bare --once")
        .expect(0);
    for replicas in ["new equal", "equal new"] {
        merge(&shell, replicas).expect(7);
        assert!(!shell.path("joined/public/checkpoint").exists());
        fs::remove_file(shell.path("joined.inconsistency")).unwrap();
        fs::remove_dir_all(shell.path("joined")).unwrap();
    }
}

#[test]
fn cosignatures_of_equal_heads_are_joined() {
    let shell = raw(3);
    let mut witnesses = String::new();
    for name in ["w1", "w2"] {
        shell
            .run(&format!(
                "keygen --kind witness --name w.example/{name} --out {name}"
            ))
            .expect(0);
        let line = format!("mirror log by-{name} --policy log/trust.policy --key {name} --once");
        shell.run(&line).expect(0);
        witnesses += &format!(
            "witness {name} {}\n",
            shell.read(&format!("{name}.pub")).trim_end()
        );
    }
    let (log, junk) = (
        shell.read("k.pub"),
        "\u{2014} stranger.example/w AAAAAAAAAAAAAAAA\n",
    );
    let policy = format!(
        "[log]\nlog {}\n{witnesses}group any any w1 w2\nquorum any\n",
        log.trim_end()
    );
    fs::write(shell.path("both"), policy).unwrap();
    let path = shell.path("by-w2/public/checkpoint");
    fs::write(&path, shell.read("by-w2/public/checkpoint") + junk).unwrap();
    shell
        .run("mirror merge by-w1 by-w2 -o joined --policy both")
        .expect(0);
    let joined = shell.read("joined/public/checkpoint");
    for (line, count) in [("w.example/w1 ", 1), ("w.example/w2 ", 1), ("stranger", 0)] {
        assert_eq!(joined.matches(line).count(), count, "{joined}");
    }
}

#[test]
fn what_is_no_replica_is_refused() {
    let shell = replicas();
    fs::create_dir(shell.path("empty")).unwrap();
    fs::write(shell.path("page"), "<!doctype html>").unwrap();
    for (line, code) in [
        ("mirror merge old new --policy log/trust.policy", 2),
        ("mirror merge -o joined --policy log/trust.policy", 2),
        ("mirror merge old -o log --policy log/trust.policy", 2),
        (
            "mirror merge empty old -o joined --policy log/trust.policy",
            1,
        ),
        (
            "mirror merge nowhere old -o joined --policy log/trust.policy",
            1,
        ),
        ("mirror merge old new -o joined --policy k.pub", 8),
        (
            "mirror merge old new -o joined --policy log/trust.policy --key k",
            2,
        ),
    ] {
        let said = shell.run(line);
        assert_eq!(said.code, code, "{line}: {said}");
    }
    // A damaged checkpoint of one replica keeps the others from nothing.
    fs::remove_dir_all(shell.path("joined")).unwrap_or_default();
    fs::copy(shell.path("page"), shell.path("new/public/checkpoint")).unwrap();
    fs::remove_file(shell.path("new/state/seen")).unwrap();
    let said = merge(&shell, "old new").expect(8);
    assert!(
        said.stderr.contains("`new` has a checkpoint, but"),
        "{said}"
    );
    assert_eq!(size(&shell), "300");
}
