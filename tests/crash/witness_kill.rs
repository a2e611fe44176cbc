//! Kills `witness serve` with SIGKILL while logs ask it for cosignatures: after each start it remembers every head that it
//! cosigned, and goes on from there.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use glasslog_core::note::Checkpoint;
use glasslog_core::witness::monitoring_path;
use glasslog_tests::command::finish;
use glasslog_tests::glasslog;
use glasslog_tests::http::{request, try_request};
use glasslog_tests::random::Random;
use glasslog_tests::served::Served;
use glasslog_tests::test_log::TestLog;

use crate::alone;

/// Logs that ask at once, so that a commit has several heads.
const LOGS: u8 = 8;
/// Kills; the long form has more.
const KILLS: usize = 12;
/// Longest life of a server in milliseconds.
const LONGEST_LIFE: u64 = 250;

#[test]
fn a_killed_witness_forgets_no_head() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut keygen = glasslog::command();
    keygen
        .args([
            "keygen",
            "--kind",
            "witness",
            "--name",
            "w.example",
            "--out",
        ])
        .arg(at("key"));
    finish(&mut keygen).expect(0);
    let logs: Vec<TestLog> = (1..=LOGS)
        .map(|number| TestLog::new(&format!("log{number}.example"), number))
        .collect();
    let list: String = logs
        .iter()
        .map(|log| format!("vkey {}\n", log.verifier()))
        .collect();
    fs::write(at("logs"), format!("logs/v0\n{list}")).unwrap();
    let serve = || {
        let mut serve: Command = glasslog::command();
        serve.args([
            "witness",
            "serve",
            "--max-client-connections",
            "1024",
            "--state",
        ]);
        serve.arg(at("db")).arg("--key").arg(at("key"));
        serve.arg("--logs").arg(at("logs"));
        Served::start(serve, Stdio::null()).expect("it listens")
    };
    let is_long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let kills = if is_long { 10 * KILLS } else { KILLS };
    let mut random = Random(0x77_69_74);
    let mut answered = [0u64; LOGS as usize];
    for kill in 0..kills {
        let mut served = serve();
        let address = served.address;
        // Each answered head is remembered, and each remembered one is a head of the log.
        for (log, answered) in logs.iter().zip(&mut answered) {
            let path = format!("/{}", monitoring_path(log.origin()));
            let shown = request(address, "GET", &path, b"");
            if shown.status == 404 {
                assert_eq!(*answered, 0, "kill {kill}: a cosigned head is forgotten");
                continue;
            }
            let shown = Checkpoint::parse(&shown.body).unwrap();
            let size = shown.head().size;
            assert!(
                size >= *answered,
                "kill {kill}: {answered} were cosigned, {size} remembered"
            );
            assert_eq!(shown.note().text(), log.checkpoint(size, 0).note().text());
            *answered = size;
        }
        let life = Duration::from_millis(random.below(LONGEST_LIFE));
        thread::scope(|scope| {
            for (log, answered) in logs.iter().zip(&mut answered) {
                scope.spawn(move || {
                    loop {
                        let body = log.request(*answered, *answered + 1, 0);
                        match try_request(address, "POST", "/add-checkpoint", &body) {
                            Ok(answer) if answer.status == 200 => *answered += 1,
                            Ok(answer) => panic!("{answer:?}"),
                            Err(_) => return,
                        }
                    }
                });
            }
            thread::sleep(life);
            served.kill();
        });
    }
    println!("{kills} kills, {answered:?} heads");
    assert!(answered.iter().sum::<u64>() > kills as u64);
}
