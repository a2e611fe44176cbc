//! Simulated power loss: unsynced data is lost, kept, or torn, in any combination; everything that a client saw must stay.
//!
//! A log is written on a disk that reports every change. The model keeps, for each file, the durable content and the writes
//! since; for each directory, the durable names and the changes since. At a crash each unsynced change of a name happened or
//! did not, independently of the others; of unsynced content each sector was written or is zero, and the end may be missing.
//! A journalling file system allows less damage.

use crate::seen::Seen;
use crate::support::{NOW, Random, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::merkle::{Hash, TreeHead};
use glasslog_log::directory::{Change, Disk};
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{ARCHIVE_INTERVAL, Layout, Log, NewLog};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The events in order: changes to the disk, and results that clients saw.
enum Event {
    Changed(Change),
    Acknowledged(u64, Hash),
    Published(TreeHead),
}

#[derive(Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    now: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    File(usize),
    Directory,
}

/// One change of a name in a directory: to a file or a directory, or its removal.
type Named = (PathBuf, Option<Node>);

/// A file system, with its state now and its possible states after a power loss.
#[derive(Default)]
struct Model {
    inodes: Vec<Inode>,
    now: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    /// Unsynced changes of names, by directory.
    unsynced: BTreeMap<PathBuf, Vec<Named>>,
}

impl Model {
    /// Makes everything on the disk durable.
    fn load(root: &Path) -> Self {
        let mut model = Self::default();
        let mut directories = vec![root.to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                let node = if path.is_dir() {
                    directories.push(path.clone());
                    Node::Directory
                } else {
                    let bytes = fs::read(&path).unwrap();
                    model.inodes.push(Inode {
                        durable: bytes.clone(),
                        now: bytes,
                    });
                    Node::File(model.inodes.len() - 1)
                };
                model.now.insert(path.clone(), node);
                model.durable.insert(path, node);
            }
        }
        model
    }

    fn name(&mut self, path: &Path, node: Option<Node>) {
        match node {
            Some(node) => self.now.insert(path.to_owned(), node),
            None => self.now.remove(path),
        };
        let directory = path.parent().unwrap().to_owned();
        let changes = self.unsynced.entry(directory).or_default();
        changes.push((path.to_owned(), node));
    }

    fn inode(&mut self, path: &Path) -> &mut Inode {
        match self.now.get(path) {
            Some(Node::File(number)) => &mut self.inodes[*number],
            _ => panic!("no file `{}`", path.display()),
        }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::MakeDirectory(path) => self.name(path, Some(Node::Directory)),
            Change::Write(path, bytes) => {
                self.inodes.push(Inode {
                    durable: Vec::new(),
                    now: bytes.clone(),
                });
                let number = self.inodes.len() - 1;
                self.name(path, Some(Node::File(number)));
            }
            Change::Append(path, bytes) => self.inode(path).now.extend(bytes),
            Change::Truncate(path, length) => self.inode(path).now.truncate(*length as usize),
            Change::SyncFile(path) => {
                let inode = self.inode(path);
                inode.durable = inode.now.clone();
            }
            Change::SyncDirectory(path) => {
                for (path, node) in self.unsynced.remove(path).unwrap_or_default() {
                    match node {
                        Some(node) => self.durable.insert(path, node),
                        None => self.durable.remove(&path),
                    };
                }
            }
            Change::Link(from, to) => {
                let node = self.now.get(from).copied();
                self.name(to, node);
            }
            Change::Rename(from, to) => {
                let node = self.now.get(from).copied();
                self.name(to, node);
                self.name(from, None);
            }
            Change::Remove(path) => self.name(path, None),
            other => panic!("the model does not know {other:?}"),
        }
    }

    /// Writes one of the states that a power loss now can leave to `root`; the log was at `from`.
    fn crash(&self, random: &mut Random, from: &Path, root: &Path) {
        let mut names = self.durable.clone();
        // Some crashes lose nearly all changes, some nearly none.
        let kept = [0, 10, 50, 90, 100][random.below(5) as usize];
        for (path, node) in self.unsynced.values().flatten() {
            if random.below(100) < kept {
                match node {
                    Some(node) => names.insert(path.clone(), *node),
                    None => names.remove(path),
                };
            }
        }
        let mut there = BTreeSet::from([from.to_owned()]);
        // A directory sorts before its contents; the contents of a lost directory are lost.
        for (path, node) in names {
            if !there.contains(path.parent().unwrap()) {
                continue;
            }
            let target = root.join(path.strip_prefix(from).unwrap());
            match node {
                Node::Directory => {
                    fs::create_dir(&target).unwrap();
                    there.insert(path);
                }
                Node::File(number) => {
                    fs::write(&target, self.torn(&self.inodes[number], random, kept)).unwrap();
                    // The model keeps no modes, and a log refuses keys that others can read.
                    fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
                }
            }
        }
    }

    fn torn(&self, inode: &Inode, random: &mut Random, kept: u64) -> Vec<u8> {
        if inode.durable == inode.now || random.below(100) >= kept.max(30) {
            return inode.durable.clone();
        }
        let mut bytes = inode.now.clone();
        if random.below(2) == 0 {
            let least = inode.durable.len().min(bytes.len()) as u64;
            let length = least + random.below(bytes.len() as u64 - least + 1);
            bytes.truncate(length as usize);
        }
        for (number, sector) in bytes.chunks_mut(512).enumerate() {
            let is_durable = inode
                .durable
                .get(number * 512..number * 512 + sector.len())
                .is_some_and(|durable| durable == sector);
            if !is_durable && random.below(4) == 0 {
                // A durable sector that is written again keeps its old content or gets the new one, as a whole.
                let start = inode
                    .durable
                    .len()
                    .saturating_sub(number * 512)
                    .min(sector.len());
                sector[start..].fill(0);
            }
        }
        bytes
    }
}

/// Writes a log with `work` on a watched disk; returns the state before, and the events.
fn record(path: &Path, work: impl FnOnce(&Disk, &dyn Fn(Event))) -> (Model, Vec<Event>) {
    NewLog::raw("example.com/raw").create(path, NOW).unwrap();
    let model = Model::load(path);
    let events = Arc::new(Mutex::new(Vec::new()));
    let changes = Arc::clone(&events);
    let disk = Disk::watched(move |change| changes.lock().unwrap().push(Event::Changed(change)));
    work(&disk, &|event| events.lock().unwrap().push(event));
    drop(disk);
    let events = Arc::try_unwrap(events).ok().unwrap().into_inner().unwrap();
    (model, events)
}

/// Crashes after every `step`th event and opens the log that is left.
fn crash_everywhere(path: &Path, mut model: Model, events: &[Event], step: usize) -> usize {
    // CI tries some of the moments, with one crash at each; `GLASSLOG_POWER_LOSSES=5` tries all of them, five times each.
    let samples = std::env::var("GLASSLOG_POWER_LOSSES").ok();
    let samples = samples.and_then(|number| number.parse().ok());
    let (step, samples) = samples.map_or((step, 1), |samples: u64| (1, samples));
    let mut seen = Seen::default();
    let mut crashes = 0;
    let mut random = Random(0x0070_6f77_6572);
    for (number, event) in events.iter().enumerate() {
        match event {
            Event::Acknowledged(index, leaf) => seen.acknowledged.push((*index, *leaf)),
            Event::Published(head) => seen.heads.push(*head),
            Event::Changed(change) => model.apply(change),
        }
        if number % step != 0 {
            continue;
        }
        for sample in 0..samples {
            let left = scratch();
            model.crash(&mut random, path, left.path());
            let what = format!("event {number}, sample {sample}");
            let opened = Log::open(left.path());
            let mut log = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
            seen.heads.push(
                log.publish(NOW)
                    .unwrap_or_else(|error| panic!("{what}: {error}")),
            );
            let public = PublicLog::read(&Layout::new(left.path()).public(), &log_key(left.path()));
            seen.check_heads(&public, &what);
            seen.heads.pop();
            seen.check_entries(&public, &what);
            // The log continues, and everything that the recovery made durable is durable.
            log.append(entries(1_000_000, 3, 20)).unwrap();
            log.publish(NOW).unwrap();
            drop(log);
            Log::open(left.path()).unwrap_or_else(|error| panic!("{what}, again: {error}"));
            crashes += 1;
        }
    }
    crashes
}

fn append(log: &mut Log, batch: Vec<Vec<u8>>, tell: &dyn Fn(Event)) {
    for receipt in log.append(batch).unwrap() {
        let receipt = receipt.unwrap();
        tell(Event::Acknowledged(receipt.index, receipt.leaf_hash));
    }
}

#[test]
fn what_anyone_saw_survives_a_power_loss_at_any_moment() {
    let directory = scratch();
    let path = directory.path().join("log");
    let (model, events) = record(&path, |disk, tell| {
        let mut first = 0;
        // The second and third logs begin with files that closing the previous log made durable.
        for counts in [&[3, 250, 0, 40][..], &[1, 260], &[500, 1, 1]] {
            let mut log = Log::open_with(disk.clone(), &path).unwrap();
            for (round, count) in counts.iter().enumerate() {
                append(&mut log, entries(first, *count, 20), tell);
                first += count;
                let now = NOW + ARCHIVE_INTERVAL * round as u64;
                tell(Event::Published(log.publish(now).unwrap()));
            }
        }
    });
    let crashes = crash_everywhere(&path, model, &events, 5);
    assert!(crashes > 60, "only {crashes} crashes were tried");
}

/// Entries so large that journals are sealed and deleted.
#[test]
fn sealed_journals_survive_a_power_loss() {
    let directory = scratch();
    let path = directory.path().join("log");
    let (model, events) = record(&path, |disk, tell| {
        for round in 0..3 {
            let mut log = Log::open_with(disk.clone(), &path).unwrap();
            append(&mut log, entries(round * 100, 70, 65_000), tell);
            tell(Event::Published(log.publish(NOW).unwrap()));
            append(&mut log, entries(round * 100 + 70, 2, 65_000), tell);
        }
    });
    crash_everywhere(&path, model, &events, 11);
}

/// The stages of the sequencer write at the same time; the order of their changes is the order of one run.
#[test]
fn a_sequencer_survives_a_power_loss_at_any_moment() {
    let directory = scratch();
    let path = directory.path().join("log");
    let (model, events) = record(&path, |disk, tell| {
        let log = Log::open_with(disk.clone(), &path).unwrap();
        let (sequencer, running) = Sequencer::start(log, Limits::default());
        let submissions: Vec<_> = (0..40)
            .map(|number| {
                let acknowledgement = match number % 3 {
                    0 => Acknowledgement::Published,
                    _ => Acknowledgement::Durable,
                };
                let entries = entries(number * 20, 20, 20);
                let pending = sequencer.submit(entries, acknowledgement, ()).unwrap();
                if number % 4 != 0 {
                    return Some(pending);
                }
                hear(pending.wait().unwrap(), tell);
                None
            })
            .collect();
        for pending in submissions.into_iter().flatten() {
            hear(pending.wait().unwrap(), tell);
        }
        drop(sequencer);
        running.join().unwrap();
    });
    let crashes = crash_everywhere(&path, model, &events, 4);
    assert!(crashes > 20, "only {crashes} crashes were tried");
}

fn hear(answer: glasslog_log::sequencer::Answer, tell: &dyn Fn(Event)) {
    for receipt in answer.outcomes {
        let receipt = receipt.unwrap();
        tell(Event::Acknowledged(receipt.index, receipt.leaf_hash));
    }
    if let Some(checkpoint) = answer.checkpoint {
        tell(Event::Published(checkpoint.head()));
    }
}
