//! Entries to submit: raw ones of one size, or events that were signed before the clock starts.

use crate::event_entries::{access, actor_key, admin_key, key_event};
use glasslog_core::event::Action;
use glasslog_log::{Log, NewLog};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

const ORIGIN: &str = "bench.example/write";
const ACTOR: &str = "ci@bench.example";
/// Seed of the actor's key: it is the same in every run, so that events are signed once for all runs.
const ACTOR_SEED: u8 = 9;
/// The size of entries in other logs' benchmarks.
const ENTRY: usize = 512;
/// Events that one thread signs and sends on together: few enough that a million take little memory.
const SIGNED_AT_ONCE: u64 = 10_000;

/// Makes a log that takes such entries; a log of events has the actor enrolled.
pub(crate) fn make(directory: &Path, is_raw: bool) {
    let new = match is_raw {
        true => NewLog::raw(ORIGIN),
        false => NewLog::events(ORIGIN),
    };
    new.create(directory, 0).unwrap();
    if !is_raw {
        let admin = admin_key(directory);
        let enrolment = key_event(ORIGIN, &admin, ACTOR, &actor_key(ACTOR_SEED), None);
        let mut log = Log::open(directory).unwrap();
        log.append(vec![enrolment]).unwrap().remove(0).unwrap();
        log.publish(0).unwrap();
    }
}

/// Signs `count` events, one a line, unless the file has so many already.
pub(crate) fn sign(file: &Path, count: u64) {
    let known = fs::read(file).unwrap_or_default();
    let lines = known.iter().filter(|byte| **byte == b'\n').count();
    if lines as u64 >= count {
        return;
    }
    let signed = |numbers: Range<u64>| {
        let key = actor_key(ACTOR_SEED);
        let mut text = Vec::new();
        for number in numbers {
            text.extend(access(ORIGIN, ACTOR, &key, Action::Read, number));
            text.push(b'\n');
        }
        text
    };
    let mut file = BufWriter::new(File::create(file).unwrap());
    for first in (0..count).step_by(2 * SIGNED_AT_ONCE as usize) {
        let middle = first + SIGNED_AT_ONCE;
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| signed(middle..middle + SIGNED_AT_ONCE));
            (signed(first..middle), other.join().unwrap())
        });
        file.write_all(&one).unwrap();
        file.write_all(&other).unwrap();
    }
    file.flush().unwrap();
}

/// Entries by number, all different.
pub(crate) enum Entries {
    Raw,
    Events {
        text: Vec<u8>,
        /// Offset of the start of each event; the last element is the end.
        begins: Vec<usize>,
    },
}

impl Entries {
    /// Opens raw entries, or the events in a file.
    pub(crate) fn read(kind: &str) -> Self {
        if kind == "raw" {
            return Self::Raw;
        }
        let text = fs::read(kind).unwrap();
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let begins = [0].into_iter().chain(ends.map(|(at, _)| at + 1)).collect();
        Self::Events { text, begins }
    }

    /// Returns the entry with this number; `None` after the last event.
    pub(crate) fn get(&self, number: u64) -> Option<Vec<u8>> {
        match self {
            Self::Raw => {
                let mut entry = vec![b'.'; ENTRY];
                entry[..16].copy_from_slice(format!("{number:016}").as_bytes());
                Some(entry)
            }
            Self::Events { text, begins } => {
                let number = number as usize;
                let (begin, next) = (*begins.get(number)?, *begins.get(number + 1)?);
                Some(text[begin..next - 1].to_vec())
            }
        }
    }
}
