//! The keys of a log, from its published entries.
use glasslog_core::event;
use glasslog_core::merkle::{CompactRange, leaf_hash};
use glasslog_core::note::Checkpoint;
use glasslog_core::rules::Keyring;
use glasslog_core::tiles::{bundles_between, parse_entries};

use crate::driver;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;

/// The keys of a log as its published entries say, up to one size.
pub(super) struct Published {
    pub(super) keyring: Keyring,
    pub(super) size: u64,
}

/// Replays the published entries. They are checked against the checkpoint's root, but nobody's signature on that is.
///
/// # Errors
/// Files that cannot be read, are not what the checkpoint commits to, or begin with no genesis.
pub(super) fn read_keys(log: &str) -> Result<Published, Failure> {
    let source = Source::open(log, false)?;
    let read = |path: &str| {
        driver::read(&source, path)?
            .ok_or_else(|| Failure::unfinished("missing-file", format!("`{path}` is missing")))
    };
    let checkpoint = Checkpoint::parse(&read("checkpoint")?).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            error.code(),
            format!("`checkpoint`: {error}"),
        )
    })?;
    let head = checkpoint.head();
    let (mut range, mut keyring) = (CompactRange::new(), None);
    for bundle in bundles_between(0, head.size) {
        // A partial bundle may have given way to the full one (tlog-tiles, "Partial Tiles").
        let (held, bytes) = match driver::read(&source, &bundle.path())? {
            Some(bytes) => (bundle, bytes),
            None => (bundle.full(), read(&bundle.full().path())?),
        };
        let entries = parse_entries(&bytes, held.width()).map_err(|error| {
            Failure::new(
                Exit::False,
                error.code(),
                format!("`{}`: {error}", held.path()),
            )
        })?;
        for entry in entries.into_iter().take(bundle.width().into()) {
            take(
                &mut keyring,
                checkpoint.origin().as_str(),
                range.size(),
                entry,
            )?;
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
            "genesis-missing",
            "the log has no genesis, and so no keys",
        )
    })?;
    Ok(Published {
        keyring,
        size: head.size,
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
