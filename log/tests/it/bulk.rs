//! Many signed events at once: each gets the same answer as alone.

use crate::event_entries::{access, actor_key, admin_key, key_event};
use crate::support::{NOW, scratch};
use glasslog_core::event::{Action, Envelope};
use glasslog_log::{Log, NewLog};
use std::path::Path;

const ORIGIN: &str = "example.com/bulk";

/// Makes a log in which two actors are enrolled.
fn log(path: &Path, admin: &Path) -> Log {
    let mut log = Log::open(path).unwrap();
    for (actor, seed) in [("ci", 1), ("cd", 2)] {
        let enrolment = key_event(ORIGIN, &admin_key(admin), actor, &actor_key(seed), None);
        log.append(vec![enrolment]).unwrap().remove(0).unwrap();
    }
    log
}

/// Returns the event with one bit of its signature changed.
fn forged(entry: &[u8], byte: usize) -> Vec<u8> {
    let envelope = Envelope::parse(entry).unwrap();
    let mut signature = envelope.signatures()[0].clone();
    signature.sig[byte % 64] ^= 1;
    Envelope::unsigned(envelope.payload().to_vec())
        .with_signature(signature)
        .unwrap()
        .encode()
}

#[test]
fn bulk_answers_are_those_of_each_event_alone() {
    let directory = scratch();
    let (bulk, single) = (
        directory.path().join("bulk"),
        directory.path().join("single"),
    );
    NewLog::events(ORIGIN).create(&bulk, NOW).unwrap();
    NewLog::events(ORIGIN).create(&single, NOW).unwrap();
    let (ci, cd, stranger) = (actor_key(1), actor_key(2), actor_key(3));
    let read = |actor, key, number| access(ORIGIN, actor, key, Action::Read, number);
    let entries: Vec<Vec<u8>> = (0..2_500)
        .map(|number| match number % 100 {
            13 => forged(&read("ci", &ci, number), number as usize),
            37 => read("ci", &cd, number),
            55 => read("ci", &stranger, number),
            71 => read("cd", &cd, number - 1),
            72 => b"not an event".to_vec(),
            _ if number % 2 == 0 => read("ci", &ci, number),
            _ => read("cd", &cd, number),
        })
        .collect();
    let together = log(&bulk, &bulk).append(entries.clone()).unwrap();
    let mut one = log(&single, &single);
    let mut refused = 0;
    for (number, (entry, together)) in entries.into_iter().zip(together).enumerate() {
        let alone = one.append(vec![entry]).unwrap().remove(0);
        assert_eq!(together, alone, "entry {number}");
        refused += usize::from(alone.is_err());
    }
    assert!((90..=130).contains(&refused), "{refused} were refused");
}
