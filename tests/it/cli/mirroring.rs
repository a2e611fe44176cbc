//! `mirror`: the copy is a log like any other, and nothing that its signed root does not commit to gets into it.
use std::fs;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_tests::host::{Host, Reply};
use glasslog_tests::tessera::{self, TesseraLog};
use glasslog_tests::tools::Tools;
use serde_json::json;

use crate::cli::writing::shell::{ORIGIN, Shell};

const COPY: &str = "copy --policy log/trust.policy --once";

/// A raw log `log` of this many entries, signed by the key `k`.
pub(crate) fn raw(entries: usize) -> Shell {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    fill(&shell, "log", 0..entries);
    shell
}

/// Appends entries to a raw log, which is made first if there is none.
pub(crate) fn fill(shell: &Shell, log: &str, numbers: std::ops::Range<usize>) {
    if !shell.path(log).exists() {
        shell
            .run(&format!("init {log} --origin {ORIGIN} --key k --raw"))
            .expect(0);
    }
    let lines: String = numbers.map(|it| format!("entry {it}\n")).collect();
    fs::write(shell.path("entries"), lines).unwrap();
    shell.run(&format!("submit --log {log} entries")).expect(0);
}

pub(crate) fn audit(shell: &Shell, log: &str) {
    let audit = format!("audit {log} --policy log/trust.policy");
    shell.run(&audit).expect(0);
}

#[test]
fn a_copy_is_a_log_like_any_other() {
    let shell = Shell::with_log();
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    shell.run("index log").expect(0);
    let said = shell.run(&format!("mirror log {COPY} --format json"));
    let said = said.expect(0).json();
    assert_eq!(said["checkpoint"]["size"], json!(3));
    assert_eq!(
        (&said["before"], &said["result"]),
        (&json!(0), &json!("done"))
    );
    assert!(said["index"].as_u64() > Some(0), "{said}");
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    shell.run("index log").expect(0);
    let said = shell.run(&format!("mirror log {COPY}")).expect(0);
    assert_eq!(
        said.text(),
        format!("copied {ORIGIN} size 4, 1 new, to copy\n")
    );
    audit(&shell, "copy");
    // The copy travels: no socket is opened, and nothing of the log is needed.
    fs::rename(shell.path("copy"), shell.path("disk")).unwrap();
    let policy = "--policy log/trust.policy --offline";
    for verb in [
        format!("history a@1 --log disk {policy} --full-scan"),
        format!("history a@1 --log disk {policy} --accept-index"),
        format!("verify entry 2 --log disk {policy}"),
        format!("prove --log disk --index 3 -o proof {policy}"),
        format!("bundle a@1 --log disk {policy} -o bundle"),
    ] {
        shell.run(&verb).expect(0);
    }
    let (by_log, by_copy) = (
        shell.run(&format!(
            "history a@1 --log log {policy} --format json --now 2026-11-23T12:00:00Z"
        )),
        shell.run(&format!(
            "history a@1 --log disk {policy} --format json --now 2026-11-23T12:00:00Z"
        )),
    );
    assert_eq!(by_log.expect(0).stdout, by_copy.expect(0).stdout);
}

/// A process that ends with its value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_log_is_copied_while_it_grows() {
    let shell = Shell::with_log();
    let server = shell.serve();
    let follow = format!(
        "mirror {} copy --policy log/trust.policy --every 1s",
        server.url
    );
    let mut mirror = shell.command(&follow);
    let mirror = Running(mirror.stdout(Stdio::null()).spawn().unwrap());
    // The index follows the log, so between the two the log alone is judged.
    let policy = shell.read("log/trust.policy");
    let (log, _) = policy.split_once("[index]").unwrap();
    fs::write(shell.path("log.policy"), log).unwrap();
    for _ in 0..8 {
        shell
            .record(&server.url, "--action read --artifact a@1")
            .expect(0);
        if shell.path("copy/public/checkpoint").exists() {
            shell.run("audit copy --policy log.policy").expect(0);
        }
    }
    let began = Instant::now();
    while !shell.path("copy/public/checkpoint").exists()
        || !shell.read("copy/public/checkpoint").contains("\n10\n")
    {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the mirror follows"
        );
        thread::sleep(Duration::from_millis(50));
    }
    drop(mirror);
    drop(server);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    audit(&shell, "copy");
}

#[test]
fn a_mirror_that_is_killed_goes_on_where_it_was() {
    let shell = raw(12_000);
    for pause in [3, 8, 15, 25, 40] {
        let mut mirror = shell.command(&format!("mirror log {COPY}"));
        let mirror = Running(mirror.stdout(Stdio::null()).spawn().unwrap());
        thread::sleep(Duration::from_millis(pause));
        drop(mirror);
        if shell.path("copy/public/checkpoint").exists() {
            audit(&shell, "copy");
        }
    }
    shell.run(&format!("mirror log {COPY}")).expect(0);
    audit(&shell, "copy");
    fill(&shell, "log", 12_000..12_300);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    audit(&shell, "copy");
}

/// Readers of a copy that has a log without its index would find a file missing that the log has.
#[test]
fn a_first_copy_appears_together_with_its_index() {
    let shell = Shell::with_log();
    shell.run("index log").expect(0);
    let is_asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_asked);
    let host = Host::scripted(&shell.path("log/public"), move |path, _| {
        let is_run = path.starts_with("index/run/");
        seen.fetch_or(is_run, Ordering::SeqCst);
        match is_run {
            true => Reply::Silence,
            false => Reply::File,
        }
    });
    let mut mirror = shell.command(&format!("mirror {} {COPY}", host.url()));
    let mirror = Running(mirror.stdout(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while !is_asked.load(Ordering::SeqCst) {
        let limit = Duration::from_secs(60);
        assert!(began.elapsed() < limit, "the mirror copies the index");
        thread::sleep(Duration::from_millis(5));
    }
    drop(mirror);
    assert!(!shell.path("copy/public/checkpoint").exists());
    shell.run(&format!("mirror log {COPY}")).expect(0);
    audit(&shell, "copy");
}

/// Each lie of the host ends the pass; what is stored then is right, so that an honest host completes it.
#[test]
fn lies_of_a_host_are_not_stored() {
    let shell = raw(600);
    let public = shell.path("log/public");
    let flipped = |path: &str| {
        let mut bytes = fs::read(public.join(path)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        Reply::Bytes(bytes)
    };
    let cut = |path: &str| {
        let bytes = fs::read(public.join(path)).unwrap();
        Reply::Bytes(bytes[..bytes.len() / 2].to_vec())
    };
    let first = "tile/entries/000";
    let last = "tile/entries/002.p/88";
    let edge = "tile/1/000.p/2";
    for (number, (path, reply, code)) in [
        ("checkpoint", Reply::Page, 8),
        ("checkpoint", Reply::Status(404), 1),
        ("checkpoint", Reply::Status(403), 1),
        ("checkpoint", flipped("checkpoint"), 8),
        (first, flipped(first), 3),
        (first, Reply::Page, 3),
        (first, cut(first), 3),
        (first, Reply::Status(404), 1),
        (first, Reply::Status(403), 1),
        (last, flipped(last), 3),
        (last, Reply::Status(404), 1),
        (edge, flipped(edge), 3),
        (edge, cut(edge), 3),
        (edge, Reply::Page, 3),
        (edge, Reply::Status(404), 1),
    ]
    .into_iter()
    .enumerate()
    {
        let (lie, place) = (reply.clone(), path.to_owned());
        let host = Host::scripted(&public, move |path, _| match path == place {
            true => lie.clone(),
            false => Reply::File,
        });
        let copy = format!("copy{number} --policy log/trust.policy --once");
        let said = shell.run(&format!("mirror {} {copy}", host.url()));
        assert_eq!(said.code, code, "{path} {reply:?}: {said}");
        let checkpoint = shell.path(&format!("copy{number}/public/checkpoint"));
        assert!(!checkpoint.exists(), "{path} {reply:?}");
        shell.run(&format!("mirror log {copy}")).expect(0);
        audit(&shell, &format!("copy{number}"));
    }
    // Full leaf tiles are computed from the entries: the copy is right where the log is not.
    let leaves = flipped("tile/0/001");
    let host = Host::scripted(&public, move |path, _| match path {
        "tile/0/001" => leaves.clone(),
        _ => Reply::File,
    });
    shell
        .run(&format!("mirror {} {COPY}", host.url()))
        .expect(0);
    audit(&shell, "copy");
}

#[test]
fn forks_and_rollbacks_are_refused_with_evidence() {
    let shell = raw(300);
    fill(&shell, "older", 0..100);
    fill(&shell, "fork", 0..299);
    fill(&shell, "fork", 400..500);
    fill(&shell, "small-fork", 1..200);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    let before = shell.read("copy/public/checkpoint");
    let said = shell.run(&format!("mirror older {COPY}")).expect(5);
    assert!(
        said.stderr
            .contains("`checkpoint` has size 100, but this mirror has seen size 300"),
        "{said}"
    );
    for (number, fork) in ["fork", "small-fork"].into_iter().enumerate() {
        let said = shell
            .run(&format!("mirror {fork} {COPY} --format json"))
            .expect(7)
            .json();
        assert_eq!(said["error"]["code"], "mirror-inconsistent-heads");
        let name = ["copy.inconsistency", "copy-2.inconsistency"][number];
        let evidence = shell.read(name);
        assert!(evidence.starts_with("glasslog-inconsistency/v1\nold "));
    }
    assert_eq!(shell.read("copy/public/checkpoint"), before);
    audit(&shell, "copy");
    // A following mirror ends as well: no later pass can mend a fork.
    shell
        .run("mirror fork copy --policy log/trust.policy --every 1s")
        .expect(7);
    shell.run(&format!("mirror log {COPY}")).expect(0);
}

/// A head that was accepted is remembered before its entries are copied: the fork is found although nothing was stored.
#[test]
fn a_fork_of_a_head_that_was_not_copied_is_found() {
    let shell = raw(300);
    fill(&shell, "fork", 1..400);
    let host = Host::scripted(&shell.path("log/public"), |path, _| match path {
        "checkpoint" | "tile/0/001.p/44" | "tile/1/000.p/1" => Reply::File,
        _ => Reply::Status(404),
    });
    shell
        .run(&format!("mirror {} {COPY}", host.url()))
        .expect(1);
    shell.run(&format!("mirror fork {COPY}")).expect(7);
    assert!(!shell.path("copy/public/checkpoint").exists());
}

/// Lines that nobody here verified stay behind; the mirror's own line counts for readers who name its key.
#[test]
fn only_verified_lines_and_the_own_one_are_kept() {
    let shell = raw(3);
    shell
        .run("keygen --kind witness --name mirror.example/m1 --out m")
        .expect(0);
    let path = shell.path("log/public/checkpoint");
    let junk = "\u{2014} stranger.example/w AAAAAAAAAAAAAAAA\n";
    fs::write(&path, shell.read("log/public/checkpoint") + junk).unwrap();
    shell.run(&format!("mirror log {COPY} --key m")).expect(0);
    let copied = shell.read("copy/public/checkpoint");
    assert!(!copied.contains("stranger"), "{copied}");
    assert_eq!(copied.matches("\n\u{2014} ").count(), 2, "{copied}");
    assert!(copied.contains("\n\u{2014} mirror.example/m1 "), "{copied}");
    let policy = shell.read("log/trust.policy").replacen(
        "quorum none",
        &format!("witness m {}\nquorum m", shell.read("m.pub").trim_end()),
        1,
    );
    fs::write(shell.path("mirrored.policy"), policy).unwrap();
    let audit = "--policy mirrored.policy --max-checkpoint-age 1h";
    shell.run(&format!("audit copy {audit}")).expect(0);
    shell.run(&format!("audit log {audit}")).expect(5);
}

#[test]
fn what_is_not_a_copy_is_left_alone() {
    let shell = raw(3);
    fs::create_dir(shell.path("mine")).unwrap();
    fs::write(shell.path("mine/file"), "x").unwrap();
    for (line, code) in [
        ("mirror log mine --policy log/trust.policy --once", 2),
        ("mirror log log --policy log/trust.policy --once", 2),
        ("mirror log s3://bucket --policy log/trust.policy --once", 2),
        ("mirror log copy --once", 2),
        ("mirror log copy --policy k.pub --once", 8),
        (
            "mirror log copy --policy log/trust.policy --once --key k",
            2,
        ),
        ("mirror nowhere copy --policy log/trust.policy --once", 1),
    ] {
        shell.run(line).expect(code);
    }
    assert_eq!(fs::read_dir(shell.path("mine")).unwrap().count(), 1);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    // A log that is written here is no copy, whatever its mark says, and nothing advises to mark it.
    fs::write(shell.path("log/state/mirror"), "glasslog-mirror/v1\n").unwrap();
    let said = shell
        .run("mirror copy log --policy log/trust.policy --once")
        .expect(2);
    assert!(!said.stderr.contains("glasslog-mirror/v1"), "{said}");
    fs::remove_file(shell.path("log/state/mirror")).unwrap();
    shell
        .run("init other --origin other.example/log --raw")
        .expect(0);
    shell
        .run("mirror other copy --policy other/trust.policy --once")
        .expect(2);
    audit(&shell, "copy");
}

#[test]
fn a_log_of_another_program_is_copied() {
    let Some(tools) = Tools::for_test("a Tessera log mirrored") else {
        return;
    };
    let log = TesseraLog::write(tools, &[1, 300, 700]);
    let shell = Shell::new();
    let host = Host::faithful(&log.path());
    let policy = log.policy();
    let rest = format!("--policy {}", policy.display());
    shell
        .run(&format!("mirror {} copy {rest} --once", host.url()))
        .expect(0);
    shell.run(&format!("audit copy {rest}")).expect(0);
    let public = shell.path("copy/public");
    tools
        .run("tesserafsck", glasslog_tests::words![public, tessera::VKEY])
        .expect(0);
    tools
        .run("xmodcheck", glasslog_tests::words![public, tessera::VKEY])
        .expect(0);
    let fork = TesseraLog::write_fork(tools, 800);
    shell
        .run(&format!(
            "mirror {} copy {rest} --once",
            fork.path().display()
        ))
        .expect(7);
}

#[test]
fn an_index_that_the_log_had_is_missing_when_it_is_withheld() {
    let shell = Shell::with_log();
    shell.run("index log").expect(0);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    let index = shell.path("log/public/index");
    fs::rename(&index, shell.path("withheld")).unwrap();
    let said = shell.run(&format!("mirror log {COPY}")).expect(1);
    assert!(said.text().contains("1 new"), "{said}");
    let problem = "the log was copied, but `index/checkpoint` is missing";
    assert!(said.stderr.contains(problem), "{said}");
    // A log that never had one lacks nothing.
    shell
        .run("mirror log fresh --policy log/trust.policy --once")
        .expect(0);
    fs::rename(shell.path("withheld"), &index).unwrap();
    shell.run(&format!("mirror log {COPY}")).expect(0);
}

/// A host that replays an older cosignature of the same head does not make the copy look older.
#[test]
fn the_newest_cosignature_of_a_head_stays_in_the_copy() {
    let shell = raw(3);
    shell
        .run("keygen --kind witness --name w.example/w1 --out w")
        .expect(0);
    let policy = shell.read("log/trust.policy").replacen(
        "quorum none",
        &format!("witness w {}\nquorum w", shell.read("w.pub").trim_end()),
        1,
    );
    fs::write(shell.path("log/trust.policy"), policy).unwrap();
    let cosign = |place: &str, key: &str| {
        let copy = format!("mirror log {place} --policy bare --once --key {key}");
        shell.run(&copy).expect(0);
    };
    fs::write(
        shell.path("bare"),
        format!(
            "[log]\nlog {}\nquorum none\n",
            shell.read("k.pub").trim_end()
        ),
    )
    .unwrap();
    cosign("older", "w");
    thread::sleep(Duration::from_millis(1_100));
    cosign("newer", "w");
    shell.run(&format!("mirror newer {COPY}")).expect(0);
    let newer = shell.read("copy/public/checkpoint");
    shell.run(&format!("mirror older {COPY}")).expect(0);
    assert_eq!(shell.read("copy/public/checkpoint"), newer);
    let other = COPY.replace("copy", "other");
    shell.run(&format!("mirror older {other}")).expect(0);
    assert_ne!(shell.read("other/public/checkpoint"), newer);
    shell.run(&format!("mirror newer {other}")).expect(0);
    assert_eq!(shell.read("other/public/checkpoint"), newer);
}

#[test]
fn a_copy_that_lost_its_memory_begins_from_its_checkpoint() {
    let shell = raw(300);
    fill(&shell, "fork", 1..400);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    fs::write(shell.path("copy/state/seen"), "").unwrap();
    let said = shell.run(&format!("mirror log {COPY}")).expect(8);
    assert!(said.stderr.contains("copy/state/seen"), "{said}");
    assert!(said.stderr.contains("remove that file"), "{said}");
    fs::remove_file(shell.path("copy/state/seen")).unwrap();
    shell.run(&format!("mirror fork {COPY}")).expect(7);
    fs::remove_dir_all(shell.path("copy/state")).unwrap();
    let said = shell.run(&format!("mirror log {COPY}")).expect(2);
    assert!(said.stderr.contains("`state/mirror` in it"), "{said}");
    fs::create_dir(shell.path("copy/state")).unwrap();
    fs::write(shell.path("copy/state/mirror"), "glasslog-mirror/v1\n").unwrap();
    shell.run(&format!("mirror fork {COPY}")).expect(7);
    shell.run(&format!("mirror log {COPY}")).expect(0);
    audit(&shell, "copy");
}
