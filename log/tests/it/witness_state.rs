//! The state of a witness under simulated power losses: unsynced writes are lost, kept or torn sector by sector, in any
//! combination, at any moment; a head that was committed is never forgotten, and an honest state is never called restored.

use crate::support::{NOW, Random};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::{Checkpoint, KeyId, KeyName, Note, Origin, Signature};
use glasslog_core::witness::Memory;
use glasslog_log::witness::{Mark, Restored, State, StateError};
use redb::{Database, StorageBackend};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

/// Bytes that a disk writes as a whole.
const SECTOR: usize = 512;

enum Pending {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// A file that loses power after a number of operations.
#[derive(Default)]
struct File {
    durable: Vec<u8>,
    now: Vec<u8>,
    pending: Vec<Pending>,
    operations_left: u64,
}

impl File {
    fn of(bytes: Vec<u8>, operations_left: u64) -> Self {
        Self {
            durable: bytes.clone(),
            now: bytes,
            pending: Vec::new(),
            operations_left,
        }
    }

    fn step(&mut self) -> io::Result<()> {
        let Some(left) = self.operations_left.checked_sub(1) else {
            return Err(io::Error::other("the power is gone"));
        };
        self.operations_left = left;
        Ok(())
    }

    /// Returns one of the contents that the file may have when the power is back.
    fn after_power_loss(&self, random: &mut Random) -> Vec<u8> {
        // Some losses take nearly all writes, some nearly none.
        let kept = [0, 10, 50, 90, 100][random.below(5) as usize];
        let mut bytes = self.durable.clone();
        for pending in &self.pending {
            match pending {
                Pending::Length(length) => {
                    if random.below(100) < kept {
                        bytes.resize(*length, 0);
                    }
                }
                Pending::Write(offset, data) => {
                    for (number, sector) in data.chunks(SECTOR).enumerate() {
                        let start = offset + number * SECTOR;
                        if random.below(100) >= kept {
                            continue;
                        }
                        if bytes.len() < start + sector.len() {
                            bytes.resize(start + sector.len(), 0);
                        }
                        bytes[start..start + sector.len()].copy_from_slice(sector);
                    }
                }
            }
        }
        bytes
    }
}

#[derive(Clone, Default)]
struct Disk(Arc<Mutex<File>>);

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let file = self.0.lock().unwrap();
        let start = offset as usize;
        let bytes = file.now.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| io::Error::other("beyond the end"))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut file = self.0.lock().unwrap();
        file.step()?;
        let length = length as usize;
        file.now.resize(length, 0);
        file.pending.push(Pending::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut file = self.0.lock().unwrap();
        file.step()?;
        for pending in std::mem::take(&mut file.pending) {
            match pending {
                Pending::Length(length) => file.durable.resize(length, 0),
                Pending::Write(offset, data) => {
                    let end = offset + data.len();
                    if file.durable.len() < end {
                        file.durable.resize(end, 0);
                    }
                    file.durable[offset..end].copy_from_slice(&data);
                }
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut file = self.0.lock().unwrap();
        file.step()?;
        let (start, end) = (offset as usize, offset as usize + data.len());
        if file.now.len() < end {
            file.now.resize(end, 0);
        }
        file.now[start..end].copy_from_slice(data);
        file.pending.push(Pending::Write(start, data.to_vec()));
        Ok(())
    }
}

/// The mark on another disk, which loses power at the same moment as the database.
#[derive(Clone)]
struct MarkDisk {
    state: Disk,
    mark: Arc<Mutex<File>>,
}

impl Mark for MarkDisk {
    fn place(&self) -> String {
        "mark".into()
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.mark.lock().unwrap().now.clone();
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.state.0.lock().unwrap().step()?;
        let mut mark = self.mark.lock().unwrap();
        mark.now = bytes.to_vec();
        mark.pending = vec![Pending::Write(0, bytes.to_vec())];
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.state.0.lock().unwrap().step()?;
        let mut mark = self.mark.lock().unwrap();
        mark.durable = mark.now.clone();
        mark.pending.clear();
        Ok(())
    }
}

fn memory(origin: &str, size: u64) -> Memory {
    let root = leaf_hash(format!("{origin} {size}").as_bytes());
    let name = KeyName::parse(origin).unwrap();
    let line = Signature::new(name, KeyId::from_bytes([1; 4]), vec![1; 64]).unwrap();
    let note = Note::new(format!("{origin}\n{size}\n{root}\n"), vec![line]).unwrap();
    Memory {
        checkpoint: Checkpoint::parse(&note.encode()).unwrap(),
        time: NOW + size,
    }
}

fn origin(number: u64) -> String {
    format!("log{number}.example")
}

fn open(disk: &Disk, mark: &Arc<Mutex<File>>) -> Result<State, StateError> {
    let database = Database::builder()
        .set_cache_size(1 << 20)
        .create_with_backend(disk.clone());
    let database = database.map_err(|error| StateError::Database {
        problem: error.to_string(),
    })?;
    let mark = MarkDisk {
        state: disk.clone(),
        mark: Arc::clone(mark),
    };
    State::of(database, Box::new(mark), &[], Restored::Refused)
}

/// Checks that everything that was answered is remembered, and that what was not answered is whole or absent.
fn check(state: &State, answered: &BTreeMap<String, u64>, asked: &BTreeMap<String, u64>) {
    let reader = state.reader();
    for (name, asked) in asked {
        let found = reader.memory(&Origin::parse(name).unwrap()).unwrap();
        let size = found.as_ref().map_or(0, |memory| memory.head().size);
        let least = answered.get(name).copied().unwrap_or(0);
        assert!(
            size >= least,
            "{name}: {least} was answered, {size} is remembered"
        );
        assert!(size <= *asked);
        if let Some(found) = found {
            assert_eq!(found, memory(name, size));
        }
    }
}

/// Runs this many power losses, one after another, over the same disk.
fn survive(losses: u64, seed: u64) {
    let mut random = Random(seed);
    let (mut disk, mut mark) = (Disk::default(), Arc::new(Mutex::new(File::default())));
    let (mut answered, mut asked) = (BTreeMap::new(), BTreeMap::new());
    let mut opened = 0;
    let mut commits = 0;
    for loss in 0..losses {
        if loss % 500 == 0 {
            // A new state, which gets its name when it is whole: from then on power may be lost at any moment.
            (disk, mark) = (Disk::default(), Arc::new(Mutex::new(File::default())));
            disk.0.lock().unwrap().operations_left = u64::MAX;
            drop(open(&disk, &mark).unwrap());
            (answered, asked) = (BTreeMap::new(), BTreeMap::new());
        }
        disk.0.lock().unwrap().operations_left = random.below(120);
        match open(&disk, &mark) {
            Ok(mut state) => {
                opened += 1;
                check(&state, &answered, &asked);
                loop {
                    let changed: BTreeMap<String, u64> = (0..1 + random.below(4))
                        .map(|_| {
                            let name = origin(random.below(40));
                            let before = asked.get(&name).copied().unwrap_or(0);
                            (name, before + 1)
                        })
                        .collect();
                    asked.extend(changed.clone());
                    let committed = state.commit(|batch| {
                        changed
                            .iter()
                            .try_for_each(|(name, size)| batch.remember(&memory(name, *size)))
                    });
                    if committed.is_err() {
                        break;
                    }
                    commits += 1;
                    answered.extend(changed);
                }
            }
            Err(StateError::Database { .. } | StateError::Mark { .. }) => {}
            Err(error) => panic!("loss {loss}: an honest state is refused: {error}"),
        }
        let left = disk.0.lock().unwrap().after_power_loss(&mut random);
        let marked = mark.lock().unwrap().after_power_loss(&mut random);
        disk = Disk(Arc::new(Mutex::new(File::of(left, u64::MAX))));
        mark = Arc::new(Mutex::new(File::of(marked, u64::MAX)));
        if loss % 10 == 9 {
            // With power, everything opens.
            let state = open(&disk, &mark).unwrap_or_else(|error| panic!("loss {loss}: {error}"));
            check(&state, &answered, &asked);
        }
    }
    println!("{losses} power losses, {opened} states opened, {commits} commits");
    assert!(opened > losses / 4 && commits > losses / 2);
}

#[test]
fn a_committed_head_survives_every_power_loss() {
    let is_long = std::env::var_os("GLASSLOG_LONG_TESTS").is_some();
    let each = if is_long { 25_000 } else { 400 };
    std::thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || survive(each, seed));
        }
    });
}
