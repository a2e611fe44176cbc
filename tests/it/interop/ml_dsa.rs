//! ML-DSA-44 beside circl: both sign the same bytes from one seed, and judge the same signatures alike, changed ones included.
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use glasslog_core::crypto::{MlDsaPublicKey, MlDsaSecretKey};
use glasslog_core::text::wire::{hex_decode, hex_encode};
use glasslog_tests::tools::Tools;

/// Places of the hints in a signature: after the challenge and the vector `z`; the counts of the four lists follow.
const HINTS: std::ops::Range<usize> = 32 + 2_304..32 + 2_304 + 80;

/// Runs tasks, one a line, and returns a line for each.
fn run(tools: &Tools, tasks: &str) -> Vec<String> {
    let mut child = Command::new(tools.path("mldsa44"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("its input");
    let tasks = tasks.to_owned();
    let writer = std::thread::spawn(move || input.write_all(tasks.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends").expect("it reads");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("hex");
    text.lines().map(str::to_owned).collect()
}

/// Changes of a good signature, with a name: one bit of each part, and what one signature must not be written as in two ways.
fn changed(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut changed = vec![("nothing".to_owned(), good.to_vec())];
    let mut change = |name: &str, at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        changed.push((format!("{name} {at}"), bytes));
    };
    for at in [0, 31, 32, 1_000, HINTS.start - 1] {
        change("a bit", at, good[at] ^ 1);
    }
    let counts = &good[HINTS.end..];
    let first = usize::from(counts[0]);
    assert!(first >= 2, "the first list has two hints");
    change("a repeated hint", HINTS.start + 1, good[HINTS.start]);
    let used = usize::from(counts[3]);
    assert!(used < 80, "there is padding");
    change("padding", HINTS.start + used, 1);
    change("padding", HINTS.end - 1, 255);
    change("a count beyond the hints", HINTS.end + 3, 81);
    change("a count that goes back", HINTS.end + 1, counts[0] - 1);
    let mut unordered = good.to_vec();
    unordered.swap(HINTS.start, HINTS.start + 1);
    changed.push(("hints out of order".to_owned(), unordered));
    changed
}

#[test]
fn circl_and_ours_sign_and_judge_alike() {
    let Some(tools) = Tools::for_test("ML-DSA-44 beside circl") else {
        return;
    };
    let message = |number: u8| {
        [
            b"subtree/v1\n\0".as_slice(),
            &vec![number; usize::from(number) * 9],
        ]
        .concat()
    };
    let seeds: Vec<[u8; 32]> = (0..6).map(|number| [number; 32]).collect();
    let mut tasks = String::new();
    for (number, seed) in (0..).zip(&seeds) {
        let (seed, message) = (hex_encode(seed), hex_encode(&message(number)));
        writeln!(tasks, "sign {seed} {message}").unwrap();
    }
    let mut verify = String::new();
    let mut ours = Vec::new();
    for ((number, seed), line) in (0..).zip(&seeds).zip(run(tools, &tasks)) {
        let secret = MlDsaSecretKey::from_seed(seed);
        let signature = secret.sign(&message(number)).unwrap();
        let key = secret.public();
        let (their_key, theirs) = line.split_once(' ').unwrap();
        assert_eq!(
            hex_decode(their_key).as_deref(),
            Some(key.as_bytes().as_slice())
        );
        assert_eq!(hex_decode(theirs).as_deref(), Some(signature.as_slice()));
        for (name, signature) in changed(&signature) {
            let judged = MlDsaPublicKey::from_bytes(key.as_bytes()).unwrap();
            let is_good = judged.verify(&message(number), &signature).is_ok();
            assert_eq!(is_good, name == "nothing", "{name}");
            let (key, message) = (hex_encode(key.as_bytes()), hex_encode(&message(number)));
            writeln!(verify, "verify {key} {message} {}", hex_encode(&signature)).unwrap();
            ours.push((name, is_good));
        }
    }
    let theirs = run(tools, &verify);
    assert_eq!(theirs.len(), ours.len());
    for ((name, is_good), theirs) in ours.iter().zip(theirs) {
        assert_eq!(theirs, is_good.to_string(), "{name}");
    }
}
