//! The keys of a log, from its published entries.

use glasslog_client::source::{Source, read_file};
use glasslog_core::event;
use glasslog_core::fetch::{CHECKPOINT_PATH, LogFile};
use glasslog_core::merkle::{CompactRange, leaf_hash};
use glasslog_core::note::Checkpoint;
use glasslog_core::rules::Keyring;
use glasslog_core::tiles::{bundles_between, parse_entries};
use glasslog_core::trust::TrustPolicy;

use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origin::{check_signed, other_genesis};
use crate::source::{self, missing};

/// The keys of a log as of one of its sizes.
pub(crate) struct PublishedKeys {
    pub(crate) keyring: Keyring,
    pub(crate) size: u64,
}

/// Replays the published entries. They are checked against the checkpoint's root; the checkpoint's signatures are not
/// checked.
///
/// # Errors
/// The log cannot be read, its entries do not match the checkpoint, or it does not begin with a genesis.
pub(crate) fn read_keys(log: &str) -> Result<PublishedKeys, Failure> {
    Ok(read_keys_and(log, u64::MAX)?.0)
}

/// As [`read_keys`], of a log that a policy accepts as `history` does: signature, quorum and pinned genesis.
///
/// # Errors
/// As [`read_keys`], and if the policy does not accept the log.
pub(crate) fn read_trusted_keys(log: &str, policy: &TrustPolicy) -> Result<PublishedKeys, Failure> {
    let source = source::open(log, false)?;
    let checkpoint = read_checkpoint(&*source)?;
    check_signed(policy, &checkpoint, now())?;
    let (published, genesis) = replay(&*source, &checkpoint, 0)?;
    let origin = checkpoint.origin().as_str();
    match (policy.genesis(origin), genesis) {
        (Some(pin), Some(genesis)) if leaf_hash(&genesis) != pin => Err(other_genesis(origin)),
        _ => Ok(published),
    }
}

/// As [`read_keys`]; returns also the entry at `index`, if the log has it.
///
/// # Errors
/// As [`read_keys`].
pub(crate) fn read_keys_and(
    log: &str,
    index: u64,
) -> Result<(PublishedKeys, Option<Vec<u8>>), Failure> {
    let source = source::open(log, false)?;
    let checkpoint = read_checkpoint(&*source)?;
    replay(&*source, &checkpoint, index)
}

/// Reads the entries that a checkpoint commits to; returns the keys, and the entry at `index`, if there is one.
fn replay(
    source: &dyn Source,
    checkpoint: &Checkpoint,
    index: u64,
) -> Result<(PublishedKeys, Option<Vec<u8>>), Failure> {
    let mut wanted = None;
    let head = checkpoint.head();
    let (mut range, mut keyring) = (CompactRange::new(), None);
    for bundle in bundles_between(0, head.size) {
        let bytes = read_file(source, &LogFile::Bundle(bundle))?;
        let bytes = bytes.ok_or_else(|| missing(source, &bundle.full().path()))?;
        let entries = parse_entries(&bytes, bundle.width()).map_err(|error| {
            Failure::new(
                Exit::False,
                error.code(),
                format!("`{}`: {error}", bundle.path()),
            )
        })?;
        for entry in entries {
            take(
                &mut keyring,
                checkpoint.origin().as_str(),
                range.size(),
                entry,
            )?;
            if range.size() == index {
                wanted = Some(entry.to_vec());
            }
            range.push(leaf_hash(entry));
        }
    }
    if range.root() != head.root {
        return Err(Failure::new(
            Exit::False,
            "entries-root",
            "the entries are not those that the checkpoint commits to",
        ));
    }
    let keyring = keyring.ok_or_else(|| {
        Failure::new(
            Exit::Nothing,
            "log-without-keys",
            "the log has no genesis, and so no keys",
        )
    })?;
    let published = PublishedKeys {
        keyring,
        size: head.size,
    };
    Ok((published, wanted))
}

/// Returns the number of entries that a log shows.
///
/// # Errors
/// The checkpoint cannot be read.
pub(crate) fn read_size(log: &str) -> Result<u64, Failure> {
    let source = source::open(log, false)?;
    Ok(read_checkpoint(&*source)?.head().size)
}

fn read_checkpoint(source: &dyn Source) -> Result<Checkpoint, Failure> {
    let bytes = source.read(CHECKPOINT_PATH)?;
    let bytes = bytes.ok_or_else(|| missing(source, CHECKPOINT_PATH))?;
    Checkpoint::parse(&bytes).map_err(|error| {
        let message = format!("`checkpoint`: {error}");
        Failure::new(Exit::Malformed, error.code(), message)
    })
}

fn take(
    keyring: &mut Option<Keyring>,
    origin: &str,
    index: u64,
    entry: &[u8],
) -> Result<(), Failure> {
    let Ok(entry) = event::parse(entry) else {
        return Ok(());
    };
    match keyring {
        Some(keyring) => {
            keyring.apply(index, &entry);
        }
        None if index == 0 => {
            let genesis = Keyring::from_genesis(origin, &entry)
                .map_err(|error| Failure::new(Exit::False, error.code(), error.to_string()))?;
            *keyring = Some(genesis);
        }
        None => {}
    }
    Ok(())
}
