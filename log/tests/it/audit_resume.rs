//! Audits that continue from the state of an earlier one give the result of a fresh audit, and read only new files.

use crate::support::{NOW, entries, scratch};
use glasslog_client::Error;
use glasslog_client::audit::{Audited, Keeper, Settings, audit};
use glasslog_client::source::{Answer, Source};
use glasslog_core::fetch::Query;
use glasslog_core::report::{CheckCode, Class, Report};
use glasslog_core::verify::Options;
use glasslog_core::verify::audit::state::AuditState;
use glasslog_log::index::Indexer;
use glasslog_log::{Layout, Log, NewLog};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// A public tree that records which files were read.
struct Tree {
    public: PathBuf,
    read: Mutex<BTreeSet<String>>,
}

impl Source for Tree {
    fn read(&self, path: &str) -> Answer {
        self.read.lock().unwrap().insert(path.to_string());
        Ok(fs::read(self.public.join(path)).ok())
    }
}

impl Tree {
    fn of(log: &Path) -> Self {
        Self {
            public: Layout::new(log).public_file(""),
            read: Mutex::default(),
        }
    }

    fn list(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.public.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let path = path.strip_prefix(&self.public).unwrap();
                        found.push(path.to_str().unwrap().to_string());
                    }
                }
            }
        }
        found
    }

    fn bundles_read(&self) -> usize {
        let read = self.read.lock().unwrap();
        read.iter()
            .filter(|path| path.starts_with("tile/entries/"))
            .count()
    }
}

/// The result of an audit, and every state that it saved.
struct Outcome {
    audited: Audited,
    states: Vec<Vec<u8>>,
    bundles: usize,
}

impl Outcome {
    fn report(&self) -> &Report {
        self.audited.query.report().unwrap()
    }
}

fn run(log: &Path, state: Option<Option<&[u8]>>, every: Duration) -> Outcome {
    let tree = Tree::of(log);
    let policy = fs::read(Layout::new(log).trust_policy()).unwrap();
    let settings = Settings {
        policy: &policy,
        options: Options {
            now: NOW,
            require: None,
            max_checkpoint_age: None,
            full_scan: false,
            accept_index: false,
            state: false,
        },
        listing: Some(tree.list()),
        threads: 2,
    };
    let mut states = Vec::new();
    let mut save = |state: &AuditState| {
        states.push(state.encode());
        Ok::<_, Error>(())
    };
    let mut keeper = state.map(|bytes| {
        let state = bytes.map(|bytes| AuditState::parse(bytes).unwrap());
        Keeper::new(state, every, &mut save)
    });
    let audited = audit(&tree, settings, keeper.as_mut(), &()).unwrap();
    Outcome {
        audited,
        states,
        bundles: tree.bundles_read(),
    }
}

const NEVER: Duration = Duration::from_secs(3_600);

fn fresh(log: &Path) -> Outcome {
    run(log, None, NEVER)
}

fn resumed(log: &Path, state: &[u8]) -> Outcome {
    run(log, Some(Some(state)), NEVER)
}

/// Checks for the same verdict by the same checks, and the same counts of entries; counts of one run alone may differ.
fn assert_same(fresh: &Outcome, resumed: &Outcome, what: &str) {
    let (one, other) = (fresh.report(), resumed.report());
    assert_eq!(one.class(), other.class(), "{what}: {}", other.to_json());
    let checks = |report: &Report| -> Vec<_> {
        let checks = report.checks.iter();
        let own = [CheckCode::AuditState, CheckCode::Consistency];
        checks
            .filter(|check| !own.contains(&check.code))
            .map(|check| (check.code.as_str(), check.outcome))
            .collect()
    };
    assert_eq!(checks(one), checks(other), "{what}");
    let counts = |report: &Report| {
        let mut counts = report.members.counts.unwrap();
        counts.tiles = 0;
        counts
    };
    assert_eq!(counts(one), counts(other), "{what}");
    let fraud = |outcome: &Outcome| outcome.audited.fraud.clone();
    assert_eq!(fraud(fresh), fraud(resumed), "{what}");
}

fn grow(log: &Path, size: u64) {
    let mut open = Log::open(log).unwrap();
    let first = open.size();
    open.append(entries(first, size - first, 0)).unwrap();
    open.publish(NOW).unwrap();
}

#[test]
fn an_audit_resumed_at_every_step_comes_to_what_a_fresh_one_does() {
    let folder = scratch();
    let log = folder.path().join("log");
    NewLog::raw("log.example/audit").create(&log, NOW).unwrap();
    // Size of the log; size that the index covers, and whether its runs are joined.
    let steps = [
        (0, true, false),
        (1, true, false),
        (255, true, false),
        (256, false, false),
        (300, true, false),
        (4_096, true, false),
        (4_100, true, true),
        (9_000, false, false),
        (12_500, true, true),
        (12_501, false, false),
        (16_384, true, true),
        (16_384, true, true),
        (20_000, true, false),
        (66_000, true, true),
    ];
    let mut state: Option<Vec<u8>> = None;
    for (step, (size, follows, joins)) in steps.into_iter().enumerate() {
        grow(&log, size);
        let mut indexer = Indexer::open(&log).unwrap();
        if follows {
            indexer.publish(NOW).unwrap();
        }
        if joins {
            while indexer.join(NOW).unwrap() {}
        }
        drop(indexer);
        let fresh = fresh(&log);
        // An audit can continue from every state that was saved on the way.
        let outcome = run(&log, Some(state.as_deref()), Duration::ZERO);
        assert_same(&fresh, &outcome, &format!("step {step}"));
        let expected = match size {
            0 => Class::Nothing,
            _ => Class::Verified,
        };
        assert_eq!(
            outcome.report().class(),
            expected,
            "{}",
            outcome.report().to_json()
        );
        assert!(outcome.audited.is_kept, "step {step}");
        let (last, partial) = outcome.states.split_last().unwrap();
        let every = (partial.len() / 2).max(1);
        for (number, partial) in partial.iter().enumerate().step_by(every) {
            let again = resumed(&log, partial);
            assert_same(&fresh, &again, &format!("step {step}, state {number}"));
            assert_eq!(again.states.last(), Some(last), "the same in the end");
        }
        state = Some(last.clone());
        let again = resumed(&log, last);
        assert_same(&fresh, &again, &format!("step {step}, nothing new"));
        assert_eq!(
            again.states.last(),
            Some(last),
            "nothing new, nothing changed"
        );
        // The index reads at most the last unit again.
        assert!(again.bundles <= 17, "{} bundles read", again.bundles);
    }
}
