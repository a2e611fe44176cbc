//! `private/lock`: who writes, which entries are decided, which head is signed (`docs/formats/object-store.md`, "The lock").
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
//! `change` grows with every swap, so that no content, and no ETag made of it, ever comes back.

use core::fmt;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::hash::Hash;
use glasslog_core::limits::MAX_NOTE;
use glasslog_core::wire::{hex_decode, hex_encode, parse_decimal};

const MAGIC: &str = "glasslog-lock/v1";

/// Most batches that are decided and not yet under a signed head: bounds the object, which is written at each change.
pub const MAX_BATCHES: usize = 256;

/// Longest address of a holder.
const MAX_URL: usize = 512;

/// The content of the lock object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Grows whenever another writer takes the lease.
    pub epoch: u64,
    /// Grows with every swap.
    pub change: u64,
    /// Who sequences; `None` when it let go.
    pub holder: Option<Holder>,
    /// The newest manifest of the index, once there is one.
    pub index: Option<Manifest>,
    /// Entries whose order is decided, after the head.
    pub staged: Vec<Batch>,
    /// The newest signed head; `None` in a log that is being made.
    pub head: Option<Checkpoint>,
}

/// The writer that has the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Drawn at random by each process.
    pub id: [u8; 16],
    /// How long it may be silent, in milliseconds, before others take over.
    pub lease: u64,
    /// Where it takes entries.
    pub url: Option<String>,
}

/// The newest manifest of the index, as an entry of the index log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Size of the index log with it.
    pub size: u64,
    /// Root of the index log with it.
    pub root: Hash,
    /// Epoch in which it was decided.
    pub epoch: u64,
    /// Change that decided it: with the epoch, the name of its object.
    pub change: u64,
}

impl Manifest {
    /// The object's key.
    pub fn key(&self) -> String {
        format!("{}{}-{}", super::MANIFEST, self.epoch, self.change)
    }
}

/// An object with entries whose order is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Index of its first entry.
    pub first: u64,
    /// How many entries it has.
    pub count: u64,
    /// Epoch in which it was staged.
    pub epoch: u64,
    /// Change that decided it: with the epoch, its name.
    pub change: u64,
    /// SHA-256 of the object.
    pub digest: Hash,
}

impl Batch {
    /// The object's key.
    pub fn key(&self) -> String {
        format!("{}{}-{}", super::STAGED, self.epoch, self.change)
    }

    /// One past its last entry.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// A lock object that is not one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    problem: &'static str,
}

impl LockError {
    /// A stable name for this class of errors.
    pub fn code(&self) -> &'static str {
        "lock-malformed"
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problem)
    }
}

impl core::error::Error for LockError {}

fn wrong(problem: &'static str) -> LockError {
    LockError { problem }
}

impl Lock {
    /// The first lock of a log, which its maker holds.
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

    /// Size of the newest signed head.
    pub fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head().size)
    }

    /// One past the last entry whose index is decided.
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

    /// Parses a lock. Nothing in it is trusted yet: the head is judged by the log's key.
    ///
    /// # Errors
    /// When the bytes are not exactly what [`encode`](Self::encode) makes, or batches do not follow each other.
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
