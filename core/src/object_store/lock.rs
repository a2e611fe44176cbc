//! The object `private/lock`: the writer, the decided entries and the signed head (`docs/formats/object-store.md`, "The
//! lock").
//!
//! ```text
//! glasslog-lock/v1
//! epoch 3
//! change 17
//! holder 00112233445566778899aabbccddeeff 10000 http://10.0.0.5:8000
//! index 12 2-9 <root of the index log, hex>
//! staged 1024 3 3-17 <SHA-256 of the batch, hex>
//!
//! <checkpoint>
//! ```
//! `change` grows with every swap, so no content repeats, and no ETag that is computed from it.

use crate::merkle::hash::Hash;
use crate::note::checkpoint::Checkpoint;
use crate::text::limits::MAX_NOTE;
use crate::text::wire::{hex_decode, hex_encode, parse_decimal};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const MAGIC: &str = "glasslog-lock/v1";

/// Most batches that are decided but not yet under a signed head. It bounds the object, which each change rewrites.
pub const MAX_BATCHES: usize = 256;

/// Longest URL of a holder, in bytes.
const MAX_URL: usize = 512;

/// The content of the lock object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Grows when another writer takes the lease.
    pub epoch: u64,
    /// Grows with every swap.
    pub change: u64,
    /// The writer that sequences entries; `None` if it released the lease.
    pub holder: Option<Holder>,
    /// The newest manifest of the index; `None` before the first.
    pub index: Option<Manifest>,
    /// Batches after the head whose order is decided.
    pub staged: Vec<Batch>,
    /// The newest signed head; `None` while the log is created.
    pub head: Option<Checkpoint>,
}

/// The writer that has the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Random id of the process.
    pub id: [u8; 16],
    /// Longest silence, in milliseconds, before other writers take over.
    pub lease: u64,
    /// URL at which it takes entries.
    pub url: Option<String>,
}

/// The newest manifest of the index, as an entry of the index log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Size of the index log with it.
    pub size: u64,
    /// Root of the index log with it.
    pub root: Hash,
    /// Epoch of the decision.
    pub epoch: u64,
    /// Change of the decision; with the epoch, it names the object.
    pub change: u64,
}

impl Manifest {
    /// Returns the key of the object.
    pub fn key(&self) -> String {
        format!("{}{}-{}", super::MANIFEST, self.epoch, self.change)
    }
}

/// An object with entries whose order is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Index of its first entry.
    pub first: u64,
    /// Number of entries.
    pub count: u64,
    /// Epoch in which it was staged.
    pub epoch: u64,
    /// Change of the decision; with the epoch, it names the object.
    pub change: u64,
    /// SHA-256 of the object.
    pub digest: Hash,
}

impl Batch {
    /// Returns the key of the object.
    pub fn key(&self) -> String {
        format!("{}{}-{}", super::STAGED, self.epoch, self.change)
    }

    /// Returns the index after its last entry.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// The reason why an object is not a lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct LockError {
    problem: &'static str,
}

impl LockError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        "lock-malformed"
    }
}

fn wrong(problem: &'static str) -> LockError {
    LockError { problem }
}

impl Lock {
    /// Makes the first lock of a log, which its creator holds.
    pub fn new(holder: Holder) -> Self {
        Self {
            epoch: 1,
            change: 1,
            holder: Some(holder),
            index: None,
            staged: Vec::new(),
            head: None,
        }
    }

    /// Returns the size of the newest signed head.
    pub fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head().size)
    }

    /// Returns the index after the last decided entry.
    pub fn end(&self) -> u64 {
        self.staged.last().map_or(self.size(), Batch::end)
    }

    /// Encodes the lock.
    pub fn encode(&self) -> Vec<u8> {
        let holder = match &self.holder {
            None => "none".to_owned(),
            Some(holder) => {
                let url = holder.url.as_deref().map(|url| format!(" {url}"));
                let id = hex_encode(&holder.id);
                format!("{id} {}{}", holder.lease, url.unwrap_or_default())
            }
        };
        let mut text = format!(
            "{MAGIC}\nepoch {}\nchange {}\nholder {holder}\n",
            self.epoch, self.change
        );
        if let Some(index) = &self.index {
            text += &format!(
                "index {} {}-{} {}\n",
                index.size,
                index.epoch,
                index.change,
                index.root.to_hex()
            );
        }
        for batch in &self.staged {
            text += &format!(
                "staged {} {} {}-{} {}\n",
                batch.first,
                batch.count,
                batch.epoch,
                batch.change,
                batch.digest.to_hex()
            );
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend(self.head.iter().flat_map(Checkpoint::encode));
        bytes
    }

    /// Parses a lock. Its contents are not trusted yet: the caller verifies the head by the key of the log.
    ///
    /// # Errors
    /// [`LockError`] if the bytes are not exactly those of [`encode`](Self::encode), or a batch does not follow the one
    /// before.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        if bytes.len() > 2 * MAX_NOTE {
            return Err(wrong("it is too long"));
        }
        let end = bytes
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or(wrong("it has no empty line"))?;
        let (above, below) = bytes.split_at(end);
        let text = str::from_utf8(above).map_err(|_| wrong("it is not text"))?;
        let head = match below.get(2..).unwrap_or_default() {
            b"" => None,
            head => {
                let head = Checkpoint::parse(head);
                Some(head.map_err(|_| wrong("its head is not a checkpoint"))?)
            }
        };
        let mut lines = text.split('\n');
        if lines.next() != Some(MAGIC) {
            return Err(wrong("it does not begin with `glasslog-lock/v1`"));
        }
        let mut field = |name: &'static str, problem| {
            let line = lines.next().ok_or(wrong(problem))?;
            line.strip_prefix(name).ok_or(wrong(problem))
        };
        let epoch = parse_decimal(field("epoch ", "it has no epoch")?);
        let change = parse_decimal(field("change ", "it has no change")?);
        let holder = parse_holder(field("holder ", "it has no holder")?)?;
        let mut lock = Self {
            epoch: epoch.ok_or(wrong("its epoch is not a number"))?,
            change: change.ok_or(wrong("its change is not a number"))?,
            holder,
            index: None,
            staged: Vec::new(),
            head,
        };
        let mut lines = lines.peekable();
        if let Some(line) = lines.next_if(|line| line.starts_with("index ")) {
            let index = parse_manifest(line).ok_or(wrong("its index line does not parse"))?;
            lock.index = Some(index);
        }
        for line in lines {
            let batch = parse_batch(line).ok_or(wrong("a staged line does not parse"))?;
            if lock.staged.len() == MAX_BATCHES || batch.count == 0 {
                return Err(wrong("it has too many batches, or an empty one"));
            }
            let follows = match lock.staged.last() {
                Some(last) => batch.first == last.end(),
                None => batch.first <= lock.size() && batch.end() > lock.size(),
            };
            if !follows || batch.end() == u64::MAX {
                return Err(wrong("its batches do not follow each other"));
            }
            lock.staged.push(batch);
        }
        match lock.encode() == bytes {
            true => Ok(lock),
            false => Err(wrong("it is not in canonical form")),
        }
    }
}

fn parse_holder(text: &str) -> Result<Option<Holder>, LockError> {
    if text == "none" {
        return Ok(None);
    }
    let mut words = text.splitn(3, ' ');
    let mut word = || words.next();
    let id = word()
        .and_then(hex_decode)
        .and_then(|id| id.try_into().ok());
    let lease = word().and_then(parse_decimal);
    let url = word().map(str::to_owned);
    let is_plain = |url: &String| {
        (1..=MAX_URL).contains(&url.len()) && url.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match (id, lease) {
        (Some(id), Some(lease)) if url.as_ref().is_none_or(is_plain) => {
            Ok(Some(Holder { id, lease, url }))
        }
        _ => Err(wrong("its holder does not parse")),
    }
}

fn parse_manifest(line: &str) -> Option<Manifest> {
    let mut words = line.strip_prefix("index ")?.split(' ');
    let size = parse_decimal(words.next()?)?;
    let (epoch, change) = words.next()?.split_once('-')?;
    let root: [u8; 32] = hex_decode(words.next()?)?.try_into().ok()?;
    let is_whole = words.next().is_none() && size > 0;
    is_whole.then_some(Manifest {
        size,
        root: Hash::from_bytes(root),
        epoch: parse_decimal(epoch)?,
        change: parse_decimal(change)?,
    })
}

fn parse_batch(line: &str) -> Option<Batch> {
    let mut words = line.strip_prefix("staged ")?.split(' ');
    let first = parse_decimal(words.next()?)?;
    let count = parse_decimal(words.next()?)?;
    let (epoch, change) = words.next()?.split_once('-')?;
    let digest: [u8; 32] = hex_decode(words.next()?)?.try_into().ok()?;
    words.next().is_none().then_some(Batch {
        first,
        count,
        epoch: parse_decimal(epoch)?,
        change: parse_decimal(change)?,
        digest: Hash::from_bytes(digest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    const CHECKPOINT: &[u8] = include_bytes!("../../../fuzz/seeds/checkpoint/log");

    fn lock() -> Lock {
        Lock {
            epoch: 3,
            change: 17,
            holder: Some(Holder {
                id: [0xab; 16],
                lease: 10_000,
                url: Some("http://10.0.0.5:8000".to_owned()),
            }),
            index: Some(Manifest {
                size: 12,
                root: Hash::from_bytes([1; 32]),
                epoch: 2,
                change: 9,
            }),
            staged: [(2, 3, 16), (5, 1, 17)]
                .map(|(first, count, change)| Batch {
                    first,
                    count,
                    epoch: 3,
                    change,
                    digest: Hash::from_bytes([2; 32]),
                })
                .to_vec(),
            head: Some(Checkpoint::parse(CHECKPOINT).unwrap()),
        }
    }

    #[test]
    fn locks_round_trip() {
        let held = lock();
        assert_eq!(
            (held.size(), held.end()),
            (3, 6),
            "a batch may begin under the head"
        );
        let free = Lock {
            holder: None,
            index: None,
            staged: Vec::new(),
            ..held.clone()
        };
        let silent = Lock::new(Holder {
            id: [0; 16],
            lease: 1,
            url: None,
        });
        for lock in [held, free, silent] {
            assert_eq!(Lock::parse(&lock.encode()), Ok(lock));
        }
    }

    #[test]
    fn what_is_not_exactly_a_lock_is_refused() {
        let text = String::from_utf8(lock().encode()).unwrap();
        for (from, to, problem) in [
            ("glasslog-lock/v1", "glasslog-lock/v2", "it does not begin"),
            ("epoch 3\n", "", "it has no epoch"),
            ("epoch 3", "epoch three", "its epoch is not a number"),
            ("change 17\n", "", "it has no change"),
            ("change 17", "change -1", "its change is not a number"),
            ("change 17", "change 017", "its change is not a number"),
            ("holder ", "owner ", "it has no holder"),
            ("holder ab", "holder xy", "its holder does not parse"),
            (" 10000 ", " ", "its holder does not parse"),
            ("http://10.", "http://10. ", "its holder does not parse"),
            ("holder ab", "holder AB", "its holder does not parse"),
            ("index 12 ", "index 0 ", "its index line does not parse"),
            (" 2-9 ", " 2 9 ", "its index line does not parse"),
            ("staged 2 ", "staged  ", "a staged line does not parse"),
            (" 3-17 ", " 3-17 00 ", "a staged line does not parse"),
            (" 3 3-16", " 0 3-16", "it has too many batches, or an empty"),
            ("staged 2 ", "staged 4 ", "its batches do not follow"),
            ("staged 2 3", "staged 0 3", "its batches do not follow"),
            ("staged 5 ", "staged 6 ", "its batches do not follow"),
            (
                "staged 5 1 ",
                "staged 5 18446744073709551610 ",
                "its batches",
            ),
            ("\n\n", "\n\n\n", "its head is not a checkpoint"),
            ("\n\n", "\n\u{e9}\n\n", "a staged line does not parse"),
        ] {
            let wrong = text.replacen(from, to, 1);
            assert_ne!(wrong, text, "{from} stands in the lock");
            let error = Lock::parse(wrong.as_bytes()).expect_err(to).to_string();
            assert!(error.starts_with(problem), "{from} -> {to}: {error}");
        }
        assert_eq!(
            Lock::parse(b"glasslog-lock/v1\n"),
            Err(wrong("it has no empty line"))
        );
        let long = [text.as_bytes(), &[b'x'; 2 * MAX_NOTE]].concat();
        assert_eq!(Lock::parse(&long), Err(wrong("it is too long")));
        let binary = [b"\xff\n\n", text.as_bytes()].concat();
        assert_eq!(Lock::parse(&binary), Err(wrong("it is not text")));
    }

    #[test]
    fn the_batches_of_a_lock_are_bounded() {
        let mut lock = lock();
        let many = (0..u64::try_from(MAX_BATCHES).unwrap()).map(|nth| Batch {
            first: 3 + nth,
            count: 1,
            ..lock.staged[0].clone()
        });
        lock.staged = many.collect();
        assert_eq!(Lock::parse(&lock.encode()).as_ref(), Ok(&lock));
        let first = lock.end();
        lock.staged.push(Batch {
            first,
            ..lock.staged[0].clone()
        });
        let error = Lock::parse(&lock.encode()).expect_err("257 batches");
        assert!(error.to_string().starts_with("it has too many batches"));
    }
}
