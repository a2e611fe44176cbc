//! `index --lookup`: finds the entries with a leaf hash by an index under `leaf/v1`, for logs with any entries.

use std::collections::{BTreeMap, BTreeSet};

use glasslog_client::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::{AUDITED_PATH, LATEST_PATH, MapFunction};
use glasslog_core::index::read::{IndexProof, Lookup};
use glasslog_core::merkle::Hash;
use glasslog_core::report::CompleteBy;
use glasslog_core::text::limits::MAX_IN_FLIGHT;
use glasslog_core::tiles::{InclusionPlan, Tile};
use glasslog_core::trust::TrustPolicy;
use serde::Serialize;

use super::Args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::source;
use crate::trusted_checkpoint::trusted_checkpoint;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    schema_version: u32,
    result: &'static str,
    leaf_hash: String,
    positions: Vec<u64>,
    /// Number of entries that were searched.
    complete: u64,
    /// Grounds for which no position among them is left out; none if only the index says so.
    complete_by: Option<CompleteBy>,
    /// Entries of the log.
    size: u64,
}

/// Looks up the entries with the leaf hash `hash`.
///
/// # Errors
/// The hash is malformed, the log or index cannot be read or is not trusted, or a file does not match its checkpoint.
pub(super) fn run(args: &Args, hash: &str, console: &Console) -> Result<Exit, Failure> {
    let wanted = Hash::parse_base64(hash)
        .ok_or_else(|| Failure::usage("`--lookup`: expected a leaf hash in base64"))?;
    let policy = args.trust.policy(Some(&args.log))?;
    let log = source::open(&args.log, args.trust.offline)?;
    let index = args.index.as_ref().unwrap_or(&args.log);
    let index = source::open(index, args.trust.offline)?;

    let now = args.trust.options().now;
    let checkpoint = trusted_checkpoint(&*log, &policy, now)?;
    let trust = TrustPolicy::parse(&policy).map_err(|error| malformed(error.code(), &error))?;
    let (_, target) = trust.verify_log(checkpoint.checkpoint(), now);
    let target = target
        .ok_or_else(|| undecided("checkpoint-not-trusted", "the checkpoint is not trusted"))?;
    let audited = match trust.audit() {
        Some(_) => index.read(AUDITED_PATH)?,
        None => None,
    };
    let proof = match audited {
        Some(proof) => proof,
        None => need(&*index, LATEST_PATH)?,
    };
    let proof = IndexProof::parse(&proof).map_err(|error| malformed(error.code(), &error))?;
    let (_, vouched) = proof.vouch(&trust, MapFunction::LeafV1, now);
    let vouched = vouched.map_err(|error| undecided(error.code(), &error.to_string()))?;
    let plan = vouched
        .bind(&target)
        .map_err(|error| false_claim(error.code(), &error))?;
    let found = tiles(&*log, plan.tiles())?;
    let bound = plan
        .finish(&found)
        .map_err(|error| false_claim(error.code(), &error))?;

    let mut lookup = Lookup::new(&bound, BTreeSet::from([wanted]));
    while !lookup.is_done() {
        for file in lookup.next_files(MAX_IN_FLIGHT) {
            let bytes = need(&*index, &file.path())?;
            lookup
                .supply(&file, &bytes)
                .map_err(|error| false_claim(error.code(), &error))?;
        }
    }
    let answer = lookup
        .finish()
        .map_err(|error| false_claim(error.code(), &error))?;
    let positions = answer.positions(&wanted).unwrap_or_default().to_vec();
    for position in &positions {
        let plan = InclusionPlan::new(target.head(), *position)
            .map_err(|error| false_claim(error.code(), &error))?;
        let (leaf, _) = plan
            .finish_with_leaf(&tiles(&*log, plan.tiles())?)
            .map_err(|error| false_claim(error.code(), &error))?;
        if leaf != wanted {
            let told = format!("the entry at {position} has another leaf hash, {leaf}");
            return Err(Failure::new(Exit::False, "index-insertion", told));
        }
    }
    let (size, complete) = (target.head().size, bound.covered().min(target.head().size));
    let complete_by = match (bound.is_audited(), args.trust.accept_index) {
        (true, _) => Some(CompleteBy::AuditedIndex),
        (false, true) => Some(CompleteBy::Index),
        (false, false) => None,
    };
    let is_complete = complete == size && complete_by.is_some();
    let exit = match (positions.is_empty(), is_complete) {
        (false, _) => Exit::Done,
        (true, true) => Exit::Nothing,
        (true, false) => Exit::Undecided,
    };
    let found = Found {
        schema_version: 1,
        result: match exit {
            Exit::Done => "done",
            _ => "unknown",
        },
        leaf_hash: wanted.to_base64(),
        positions,
        complete,
        complete_by,
        size,
    };
    match console.is_json() {
        true => console.result(&found, exit),
        false => {
            for position in &found.positions {
                console.line(position);
            }
            let noun = match found.positions.len() {
                1 => "entry",
                _ => "entries",
            };
            let by = match complete_by {
                Some(CompleteBy::AuditedIndex) => {
                    "complete by the index, which auditors recomputed,"
                }
                Some(_) => "complete as claimed by the index",
                None => "no auditor vouches for the index; complete only as claimed by it",
            };
            console.note(format_args!(
                "{} {noun}; {by} up to {complete} of {size}",
                found.positions.len()
            ));
        }
    }
    if exit == Exit::Undecided && complete_by.is_none() {
        console.hint("`--accept-index` takes the index's own word that it leaves nothing out");
    }
    Ok(exit)
}

fn tiles(source: &dyn Source, tiles: &[Tile]) -> Result<BTreeMap<Tile, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    for tile in tiles {
        let bytes = read_file(source, &LogFile::Tile(*tile))?;
        found.insert(*tile, bytes.ok_or_else(|| missing(&tile.path()))?);
    }
    Ok(found)
}

fn need(source: &dyn Source, path: &str) -> Result<Vec<u8>, Failure> {
    source.read(path)?.ok_or_else(|| missing(path))
}

fn missing(path: &str) -> Failure {
    Failure::unfinished("missing-file", format!("`{path}` is missing"))
        .hint("the index may have been extended meanwhile: try again")
}

fn malformed(code: &'static str, error: &dyn core::fmt::Display) -> Failure {
    Failure::new(Exit::Malformed, code, error.to_string())
}

fn false_claim(code: &'static str, error: &dyn core::fmt::Display) -> Failure {
    Failure::new(Exit::False, code, error.to_string())
}

fn undecided(code: &'static str, problem: &str) -> Failure {
    Failure::new(Exit::Undecided, code, problem)
}
