//! Status of a log in a bucket (`docs/formats/object-store.md`, "Objects").

use super::{Heads, Status, Writer, age, head_in, indexed, last_error};
use crate::config::Config;
use crate::cosigning::{Role, standings, state};
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::object_store::protocol::{PRIVATE, PUBLIC};
use crate::object_store::{Client, StoreSettings};
use crate::sequencer::LAST_ERROR;
use crate::writer::close::CLOSED;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{Lock, STAGED, payload};
use glasslog_core::tiles::TILE_FOLDER;
use std::collections::{HashMap, HashSet};

/// Reads the status of a log in the bucket of `settings`, without its lease; its policy is in the directory of `layout`.
pub(super) fn read(
    settings: &StoreSettings,
    disk: &Disk,
    layout: &Layout,
    config: &Config,
) -> Result<Status, LogError> {
    let client = Client::open(settings, &layout.config())?;
    let private = |name: &str| client.read(&format!("{PRIVATE}{name}"));
    let (lock, heads) = heads(&client)?;
    let checkpoint = format!("{PUBLIC}{CHECKPOINT_PATH}");
    let published = heads.public.map_or(0, |head| head.size);
    let size = lock.end().max(published);
    let latest = format!("{PUBLIC}{LATEST_PATH}");
    let manifest = client.read(&latest)?;
    Ok(Status {
        witnesses: standings(
            config,
            Role::Log,
            (disk, layout),
            private(state::OF_LOG)?.map(|object| object.bytes),
        )?,
        // The builder's state is in the directory.
        index_witnesses: standings(
            config,
            Role::Index,
            (disk, layout),
            disk.read(&layout.private(state::OF_INDEX))?,
        )?,
        origin: config.origin.clone(),
        size,
        published,
        backlog_bytes: backlog_bytes(&client, &lock, published)?,
        lag: match size > published {
            true => Some(age(client.changed(&checkpoint)?)),
            false => None,
        },
        indexed: manifest
            .map(|object| indexed(&object.bytes, client.locate(&latest).into()))
            .transpose()?,
        superseded_partials: superseded(&client)?,
        is_closed: private(CLOSED)?.is_some(),
        writer: lock.holder.map(Writer::Lease),
        contradiction: heads.contradiction(),
        last_error: last_error(private(LAST_ERROR)?.map(|object| object.bytes)),
    })
}

/// Reads the lock, and both heads.
pub(super) fn heads(client: &Client) -> Result<(Lock, Heads), LogError> {
    // The lock is read first: the checkpoint is never beyond its head, and may only have caught up since.
    let (_, lock) = client.read_lock()?;
    let signed = |lock: &Lock| lock.head.as_ref().map(Checkpoint::head);
    let path = format!("{PUBLIC}{CHECKPOINT_PATH}");
    let public = client.read(&path)?;
    let public = public.map(|object| head_in(&object.bytes, client.locate(&path).into()));
    let heads = Heads {
        signed: signed(&lock),
        public: public.transpose()?,
    };
    let heads = heads.settled(|| Ok(signed(&client.read_lock()?.1)))?;
    Ok((lock, heads))
}

/// Returns the bytes of the staged entries that are not published, from a listing: complete batches.
fn backlog_bytes(client: &Client, lock: &Lock, published: u64) -> Result<u64, LogError> {
    let waiting = lock.staged.iter().filter(|batch| batch.end() > published);
    let counts: HashMap<String, u64> = waiting.map(|batch| (batch.key(), batch.count)).collect();
    if counts.is_empty() {
        return Ok(0);
    }
    // A batch that is not listed any more was published meanwhile.
    let listed = client.list_objects(STAGED)?.into_iter();
    let bytes = listed.filter_map(|object| Some(payload(object.length, *counts.get(&object.key)?)));
    Ok(bytes.sum())
}

/// Counts the partial files whose full ones exist.
fn superseded(client: &Client) -> Result<u64, LogError> {
    let keys = client.list(&format!("{PUBLIC}{TILE_FOLDER}"))?;
    let all: HashSet<&str> = keys.iter().map(String::as_str).collect();
    let full = keys
        .iter()
        .filter_map(|key| Some(key.rsplit_once(".p/")?.0));
    Ok(full.filter(|key| all.contains(key)).count() as u64)
}
