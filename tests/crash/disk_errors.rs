//! A server whose kernel answers `EIO` or `ENOSPC`, from some system call on: nothing that it acknowledged is lost, no head
//! that it showed is taken back, and what it says names the failure.
//!
//! strace puts the errors in place of system calls of the running server, so that everything from the kernel's answer up
//! is real. Where strace is not installed, or may not trace, the test says so.

use crate::alone;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::tree::PublicLog;
use glasslog_core::note::{Checkpoint, VerifierKey};
use glasslog_tests::glasslog::{self, glasslog};
use glasslog_tests::http::try_request;
use glasslog_tests::ours::OurLog;
use glasslog_tests::served::Served;
use glasslog_tests::skip::skipped;
use glasslog_tests::words;

/// Calls to a disk that only a writer makes in a server.
const CALLS: [&str; 4] = [
    "fdatasync",
    "fsync",
    "link,linkat",
    "rename,renameat,renameat2",
];
/// Numbers of the first call that fails: the server makes several for each entry.
const FIRST: [u32; 3] = [1, 2, 5];
const ERRORS: [(&str, &str); 2] = [
    ("EIO", "Input/output error"),
    ("ENOSPC", "no space left on the device"),
];
/// Far more entries than it takes until a call fails.
const ENTRIES: usize = 200;

/// Traces a process from now on; `None` if that is not possible here.
fn inject(process: u32, calls: &str, error: &str, first: u32) -> Option<Child> {
    let mut strace = Command::new("strace")
        .args([
            "-f",
            "-p",
            &process.to_string(),
            "-e",
            &format!("trace={calls}"),
        ])
        .arg(format!("--inject={calls}:error={error}:when={first}+"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut lines = BufReader::new(strace.stderr.take()?).lines();
    let is_attached = lines.any(|line| line.is_ok_and(|line| line.contains(" attached")));
    // Its trace is of no interest, but it must be able to write it.
    std::thread::spawn(move || lines.for_each(drop));
    if is_attached {
        return Some(strace);
    }
    let _ = strace.wait();
    None
}

/// Submits entries until one is not acknowledged; returns how the first is answered that is not.
fn submit(address: SocketAddr, acknowledged: &mut Vec<(u64, String)>) -> Option<u16> {
    for number in 0..ENTRIES {
        let entry = format!("entry {number} of a broken disk");
        let path = ["/add?ack=durable", "/add"][number % 2];
        let answer = try_request(address, "POST", path, entry.as_bytes()).ok()?;
        let index = String::from_utf8(answer.body).ok();
        match index.and_then(|index| index.trim().parse().ok()) {
            Some(index) if answer.status == 200 => acknowledged.push((index, entry)),
            _ => return Some(answer.status),
        }
    }
    panic!("no call failed");
}

/// Checks that every acknowledged entry is still there.
fn check(log: &Path, key: &VerifierKey, shown: &Checkpoint, acknowledged: &[(u64, String)]) {
    let public = PublicLog::read(&log.join("public"), key);
    assert!(
        public.extends(&shown.head()),
        "a head that was shown is gone"
    );
    for (index, entry) in acknowledged {
        let found = public.entries.get(usize::try_from(*index).unwrap());
        assert_eq!(
            found.map(Vec::as_slice),
            Some(entry.as_bytes()),
            "entry {index}"
        );
    }
    glasslog(words!["audit", log, "--policy", log.join("trust.policy")]).expect(0);
}

#[test]
fn errors_of_the_kernel_lose_nothing() {
    let _alone = alone();
    let mut kept = 0;
    for (at, (calls, first)) in CALLS
        .iter()
        .flat_map(|calls| FIRST.map(|first| (calls, first)))
        .enumerate()
    {
        let (error, words) = ERRORS[at % 2];
        let what = format!("{error} of {calls}, from call {first} on");
        let log = OurLog::raw(&[3]);
        let root = log.root();
        let key = VerifierKey::parse(&log.vkey()).unwrap();
        let said = log.beside("said");
        let mut serve = glasslog::command();
        serve.arg("serve").arg(&root);
        let errors = fs::File::create(&said).unwrap();
        let mut server = Served::start(serve, errors).expect("it listens");

        let mut acknowledged = Vec::new();
        let Some(mut strace) = inject(server.id(), calls, error, first) else {
            return skipped("errors_of_the_kernel_lose_nothing: strace cannot trace here");
        };
        let status = submit(server.address, &mut acknowledged);
        assert!(
            matches!(status, None | Some(500..=503)),
            "{what}: {status:?}"
        );
        let shown = Checkpoint::parse(&fs::read(log.checkpoint()).unwrap()).unwrap();
        assert_eq!(server.wait(), Some(1), "{what}");
        strace.wait().unwrap();
        let said = fs::read_to_string(&said).unwrap();
        assert!(said.contains(words), "{what}: {said}");

        // The disk is well again.
        let mut serve = glasslog::command();
        serve.arg("serve").arg(&root);
        let mut server = Served::start(serve, Stdio::inherit()).expect("it listens again");
        let answer = try_request(server.address, "POST", "/add", b"after it").unwrap();
        assert_eq!(answer.status, 200, "{what}");
        server.terminate();
        check(&root, &key, &shown, &acknowledged);
        println!(
            "{what}: {} entries kept, then {status:?}",
            acknowledged.len()
        );
        kept += acknowledged.len();
    }
    assert!(
        kept > 0,
        "some entries were acknowledged before a call failed"
    );
}
