//! `monitor`: what witnesses and other logs of one origin show is compared with what the log shows, and no log waits for another.
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use glasslog_core::note::Origin;
use glasslog_core::witness::monitoring_path;
use glasslog_tests::host::{Host, Reply};

use crate::cli::monitoring::{alerts, raw, with_key};
use crate::cli::writing::shell::{ORIGIN, Shell};

const POLICY: &str = "--policy log/trust.policy --watch none --once";

/// A host that shows the checkpoint of a log as a witness does.
struct Witness {
    host: Host,
    folder: tempfile::TempDir,
}

impl Witness {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            host: Host::faithful(folder.path()),
            folder,
        }
    }

    fn place(&self) -> std::path::PathBuf {
        let origin = Origin::parse(ORIGIN).unwrap();
        self.folder.path().join(monitoring_path(&origin))
    }

    fn shows(&self, bytes: &[u8]) {
        let place = self.place();
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }

    fn shows_head_of(&self, log: &Path) {
        self.shows(&fs::read(log.join("public/checkpoint")).unwrap());
    }
}

/// The exit code, and the kind and message of each new alarm.
fn look(shell: &Shell, witness: &Witness, rest: &str) -> (i32, Vec<(String, String)>) {
    let url = witness.host.url();
    let mut line = format!("monitor log {POLICY} --state m.state --witness {url}");
    if !rest.is_empty() {
        line += &format!(" {rest}");
    }
    let said = shell.run(&line);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let row = |alert: &serde_json::Value| (text(&alert["kind"]), text(&alert["message"]));
    (said.code, alerts(&said).iter().map(row).collect())
}

#[test]
fn a_head_of_a_witness_that_the_log_withholds() {
    let shell = with_key();
    let witness = Witness::start();
    raw(&shell, "log", 0..300);
    raw(&shell, "ahead", 0..300);
    raw(&shell, "ahead", 300..900);
    let lag = "--max-lag 1h";
    let (code, told) = look(&shell, &witness, lag);
    assert_eq!((code, told.len()), (1, 1), "{told:?}");
    assert!(
        told[0].1.contains("it has no checkpoint of this log"),
        "{told:?}"
    );
    witness.shows_head_of(&shell.path("log"));
    assert_eq!(look(&shell, &witness, lag), (0, Vec::new()));
    // A log may publish later than its witnesses cosign, for a while.
    witness.shows_head_of(&shell.path("ahead"));
    assert_eq!(look(&shell, &witness, lag), (0, Vec::new()));
    let (code, told) = look(&shell, &witness, "--max-lag 0s");
    assert_eq!((code, told[0].0.as_str()), (5, "withheld"), "{told:?}");
    assert!(
        told[0]
            .1
            .contains("shows size 300, and another source has shown size 900")
    );
    // It holds, and is told once; the head is remembered although the witness is gone.
    assert_eq!(look(&shell, &witness, "--max-lag 0s"), (5, Vec::new()));
    fs::remove_file(witness.place()).unwrap();
    let (code, told) = look(&shell, &witness, "--max-lag 0s");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((code, told[0].0.as_str()), (1, "unreachable"), "{told:?}");
    raw(&shell, "log", 300..900);
    witness.shows_head_of(&shell.path("ahead"));
    assert_eq!(look(&shell, &witness, "--max-lag 0s"), (0, Vec::new()));
}

#[test]
fn a_head_of_a_witness_that_is_of_another_tree() {
    let shell = with_key();
    let witness = Witness::start();
    raw(&shell, "log", 0..300);
    for (fork, entries) in [("smaller", 1..200), ("equal", 1..301), ("larger", 1..600)] {
        raw(&shell, fork, entries);
    }
    for fork in ["smaller", "equal"] {
        witness.shows_head_of(&shell.path(fork));
        let (code, told) = look(&shell, &witness, "");
        assert_eq!((code, told[0].0.as_str()), (7, "split-view"), "{told:?}");
        shell
            .run("verify inconsistency m.state.inconsistency --policy log/trust.policy")
            .expect(0);
        // It holds for good.
        witness.shows_head_of(&shell.path("log"));
        assert_eq!(look(&shell, &witness, ""), (7, Vec::new()));
        fs::remove_file(shell.path("m.state")).unwrap();
        fs::remove_file(shell.path("m.state.inconsistency")).unwrap();
    }
    // A larger one is kept until the log shows as much, whatever the witness shows or says by then.
    witness.shows_head_of(&shell.path("larger"));
    assert_eq!(look(&shell, &witness, ""), (0, Vec::new()));
    fs::remove_file(witness.place()).unwrap();
    raw(&shell, "log", 300..700);
    let (code, told) = look(&shell, &witness, "");
    assert_eq!((code, told[0].0.as_str()), (7, "split-view"), "{told:?}");
    shell
        .run("verify inconsistency m.state.inconsistency --policy log/trust.policy")
        .expect(0);
}

#[test]
fn witnesses_that_lie_forget_or_fail() {
    let shell = with_key();
    let witness = Witness::start();
    raw(&shell, "log", 0..3);
    raw(&shell, "older", 0..2);
    let good = fs::read(shell.path("log/public/checkpoint")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let (note, line) = text.split_once("\n\n").unwrap();
    let at = line.len() - 4;
    let flipped = format!(
        "{note}\n\n{}{}{}",
        &line[..at],
        if &line[at..=at] == "A" { "B" } else { "A" },
        &line[at + 1..]
    );
    let unknown = line.replace(ORIGIN, "stranger.example/x");
    let unsigned = format!("{note}\n\n{unknown}");
    let other = text.replacen(ORIGIN, "other.example/log", 1);
    witness.shows(&good);
    assert_eq!(look(&shell, &witness, ""), (0, Vec::new()));
    let older = fs::read(shell.path("older/public/checkpoint")).unwrap();
    for (shown, code, kind) in [
        (&b"<!doctype html>"[..], 8, "malformed"),
        (other.as_bytes(), 8, "malformed"),
        (flipped.as_bytes(), 3, "false"),
        (unsigned.as_bytes(), 5, "not-accepted"),
        (&older, 5, "rollback"),
    ] {
        witness.shows(shown);
        let (exit, told) = look(&shell, &witness, "");
        assert_eq!((exit, told.len()), (code, 1), "{kind}: {told:?}");
        assert_eq!(told[0].0, kind, "{told:?}");
        assert!(
            told[0].1.starts_with("witness `http://127.0.0.1:"),
            "{told:?}"
        );
        // The log is followed all the same, and a good head ends the alarm.
        witness.shows(&good);
        assert_eq!(look(&shell, &witness, ""), (0, Vec::new()));
    }
    let gone = "--witness http://127.0.0.1:1/ --max-rate 5";
    let (code, told) = look(&shell, &witness, gone);
    assert_eq!((code, told[0].0.as_str()), (1, "unreachable"), "{told:?}");
    for (wrong, code) in [
        ("--witness nowhere", 2),
        ("--max-rate 0", 2),
        ("--max-lag soon", 2),
    ] {
        assert_eq!(look(&shell, &witness, wrong).0, code, "{wrong}");
    }
}

/// A mirror that stands still is behind the log; both are told of under their own names.
#[test]
fn a_log_that_is_behind_another_of_its_origin() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    shell
        .run("mirror log copy --policy log/trust.policy --once")
        .expect(0);
    let both = |lag| format!("monitor log copy log {POLICY} --state m.state --max-lag {lag}");
    assert_eq!(shell.run(&both("0s")).expect(0).text(), "");
    raw(&shell, "log", 3..5);
    assert_eq!(shell.run(&both("1h")).expect(0).text(), "");
    let said = shell.run(&both("0s")).expect(5);
    let told = alerts(&said);
    assert_eq!(told.len(), 1, "{said}");
    assert_eq!(
        (&told[0]["kind"], &told[0]["log"]),
        (&"withheld".into(), &"copy".into())
    );
    shell
        .run("mirror log copy --policy log/trust.policy --once")
        .expect(0);
    assert_eq!(shell.run(&both("0s")).expect(0).text(), "");
}

/// A host that accepts requests and never answers holds up its own log alone.
#[test]
fn a_slow_log_delays_no_other() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    let slow = Host::scripted(&shell.path("log/public"), |_, _| Reply::Silence);
    let url = slow.url();
    let follow = format!("monitor {url} log --policy log/trust.policy --state m.state --every 1s");
    let mut monitor = shell
        .command(&follow)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(monitor.stdout.take().unwrap()).lines();
    let began = Instant::now();
    let mut next = |wanted: u64| {
        let alert: serde_json::Value =
            serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(alert["index"].as_u64(), Some(wanted), "{alert}");
    };
    (0..3).for_each(&mut next);
    // The second look at the fast log does not wait for the first one at the slow log.
    raw(&shell, "log", 3..4);
    next(3);
    assert!(
        began.elapsed() < Duration::from_secs(14),
        "{:?}",
        began.elapsed()
    );
    monitor.kill().unwrap();
    monitor.wait().unwrap();
}
