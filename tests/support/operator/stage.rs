//! An operator with a real log, a real index, and both keys: what it signs is up to it.
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use glasslog_core::event::{KeyKind, LookupKey};
use glasslog_core::index::format::{AUDITED_PATH, LATEST_PATH, Manifest, MapFunction};
use glasslog_core::merkle::{Hash, InclusionProof, ProofError, Subtree, leaf_hash, tree_root};
use glasslog_core::note::audit_statement::{self, AuditStatement};
use glasslog_core::note::{
    Checkpoint, Origin, SignatureType, SignedCheckpoint, SignerKey, TlogProof,
};
use glasslog_core::tiles::Edge;

use super::forged_run::ForgedRun;
use super::{index, number};
use crate::fixture::{
    Access, COSIGNED, Log, ORIGIN, acknowledge, digest, enrol, genesis, log_key, revoke, signer,
};

/// Origin of the index.
pub(super) const INDEX: &str = "models.example.com/access/index";

/// The artifact with a history: registered at 4, then read at 10, 50, 90 … 290.
pub(super) const RESNET: &str = "resnet50@2.1";
/// Its content.
pub(super) const WEIGHTS: &[u8] = b"weights of resnet50 2.1\n";
/// An artifact that one entry alone is about.
pub(super) const ONCE: &str = "once@1";
/// Its content.
pub(super) const ONCE_WEIGHTS: &[u8] = b"read once\n";
/// The entry about it.
pub(super) const ONCE_AT: u64 = 200;
/// An artifact that was read with a key that had been revoked.
pub(super) const STOLEN: &str = "stolen@1";
/// Its content.
pub(super) const STOLEN_WEIGHTS: &[u8] = b"read by a thief\n";
/// Indices of the revocation of that key, and of its use.
pub(super) const REVOKED_AT: u64 = 60;
/// An entry that is no event.
pub(super) const MALFORMED_AT: u64 = 70;
const MALFORMED: &[u8] = b"no event";
/// The admins know of it, so it decides nothing.
const ACKNOWLEDGED_AT: u64 = 71;

/// Numbers of keys.
const ADMIN: u8 = 10;
const CI: u8 = 11;
const ALICE: u8 = 12;
const MALLORY: u8 = 14;
/// Numbers of the index's key, and of the log's.
const INDEX_SEED: u8 = 3;
pub(super) const LOG_SEED: u8 = 1;

/// Entries of the log, and how its newest manifest cuts them.
pub(super) const SIZE: u64 = 300;
pub(super) const RUNS: [Range<u64>; 3] = [0..128, 128..256, 256..300];
/// Entries when the manifest before was made, and how it cut them.
pub(super) const EARLIER: u64 = 150;
const EARLIER_RUNS: [Range<u64>; 2] = [0..100, 100..150];
/// Entries of the long log, whose malformed list has several chunks.
pub(super) const LONG: u64 = 17_000;
/// Entries of the longer log: more come after [`EARLIER`] than a reader scans.
const LONGER: u64 = 66_000;

/// The key of the index.
pub(super) fn index_key() -> SignerKey {
    signer(INDEX, SignatureType::Ed25519, INDEX_SEED)
}

/// A checkpoint with the signature of this key.
pub(super) fn signed(checkpoint: &Checkpoint, key: &SignerKey) -> SignedCheckpoint {
    SignedCheckpoint::new(checkpoint, &[key.verifier()]).expect("the key signed it")
}

/// The auditor.
pub(super) fn auditor() -> SignerKey {
    signer("auditor.example.org", SignatureType::IndexAuditV1, 120)
}

/// Hash of a lookup key.
pub(super) fn key(kind: KeyKind, id: &str) -> Hash {
    LookupKey::new(kind, id).hash()
}

/// The key by which both a history of the artifact and `verify file` look for it.
pub(super) fn resnet() -> Hash {
    key(KeyKind::Digest, &format!("sha256:{}", digest(WEIGHTS)))
}

/// An operator at work.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    pub(super) log: Log,
    /// The keys of each entry, which take longer to find than all else.
    pub(super) keys: Arc<Vec<Vec<Hash>>>,
    /// The log's public checkpoint.
    pub(super) checkpoint: Checkpoint,
    /// Files beside those of the log.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Files that are not served.
    pub(super) missing: BTreeSet<String>,
    pub(super) manifests: Vec<Vec<u8>>,
    /// Under which origin the index is signed, with which key, and whether the auditor cosigns.
    pub(super) origin: &'static str,
    pub(super) seed: u8,
    pub(super) is_cosigned: bool,
}

impl Operator {
    fn new() -> Self {
        let log = Log::new(ORIGIN);
        Self {
            checkpoint: log.checkpoint(&log_key(), &[], COSIGNED),
            log,
            keys: Arc::default(),
            files: BTreeMap::new(),
            missing: BTreeSet::new(),
            manifests: Vec::new(),
            origin: INDEX,
            seed: INDEX_SEED,
            is_cosigned: true,
        }
    }

    /// The log of 300 entries, and an index log with the honest manifest of its first 150.
    pub(super) fn prepared() -> Self {
        static OPERATOR: OnceLock<Operator> = OnceLock::new();
        OPERATOR.get_or_init(|| Self::prepare(false)).clone()
    }

    /// The same, but an entry is signed with the key that was revoked before.
    pub(super) fn robbed() -> Self {
        static OPERATOR: OnceLock<Operator> = OnceLock::new();
        OPERATOR.get_or_init(|| Self::prepare(true)).clone()
    }

    fn prepare(robbed: bool) -> Self {
        let mut operator = Self::new();
        for at in 0..SIZE {
            if at == EARLIER {
                operator.publish_log();
                let runs = EARLIER_RUNS.map(|range| operator.run(range));
                operator.publish(&runs);
            }
            let entry = operator.entry(at, robbed);
            operator.add(entry);
        }
        operator.publish_log();
        operator
    }

    /// A log whose first 40 entries are events, and all others noise; its malformed list is long.
    pub(super) fn long() -> Self {
        static OPERATOR: OnceLock<Operator> = OnceLock::new();
        OPERATOR.get_or_init(|| Self::noisy(LONG)).clone()
    }

    /// The same, beyond the reading budget.
    pub(super) fn longer() -> Self {
        static OPERATOR: OnceLock<Operator> = OnceLock::new();
        OPERATOR.get_or_init(|| Self::noisy(LONGER)).clone()
    }

    fn noisy(size: u64) -> Self {
        let mut operator = Self::new();
        for at in 0..size {
            let entry = match at {
                0..40 => operator.entry(at, false),
                _ => format!("noise {at}").into_bytes(),
            };
            if at == EARLIER {
                operator.publish_log();
                let runs = EARLIER_RUNS.map(|range| operator.run(range));
                operator.publish(&runs);
            }
            operator.add(entry);
        }
        operator.publish_log();
        operator
    }

    /// The true run of the whole long log.
    pub(super) fn long_run() -> ForgedRun {
        static RUN: OnceLock<ForgedRun> = OnceLock::new();
        RUN.get_or_init(|| Self::long().run(0..LONG)).clone()
    }

    /// The true index of the whole longer log, cosigned by the auditor or not.
    pub(super) fn longer_indexed(is_cosigned: bool) -> Self {
        let mut operator = Self::longer();
        operator.is_cosigned = is_cosigned;
        let run = operator.run(0..LONGER);
        operator.publish(std::slice::from_ref(&run));
        operator.sealed()
    }

    fn entry(&self, at: u64, robbed: bool) -> Vec<u8> {
        let filler = format!("model{}@1", at % 97);
        let access = Access {
            action: "read",
            name: &filler,
            content: filler.as_bytes(),
            actor: "ci@example.org",
            key: CI,
            minute: u32::try_from(at).expect("a small number"),
            reason: None,
        };
        let resnet = Access {
            name: RESNET,
            content: WEIGHTS,
            ..access
        };
        let entry = match at {
            0 => return genesis(ORIGIN, ADMIN),
            1 => return enrol(ORIGIN, "ci@example.org", CI, ADMIN),
            2 => return enrol(ORIGIN, "alice@example.org", ALICE, ADMIN),
            3 => return enrol(ORIGIN, "mallory@example.org", MALLORY, ADMIN),
            REVOKED_AT => {
                let enrolment = &self.log.entries[3];
                return revoke(ORIGIN, "mallory@example.org", MALLORY, ADMIN, enrolment);
            }
            MALFORMED_AT => return MALFORMED.to_vec(),
            ACKNOWLEDGED_AT => return acknowledge(ORIGIN, MALFORMED_AT, MALFORMED, ADMIN),
            4 => Access {
                action: "register",
                actor: "alice@example.org",
                key: ALICE,
                reason: Some("release 2.1"),
                ..resnet
            },
            140 if robbed => Access {
                name: STOLEN,
                content: STOLEN_WEIGHTS,
                actor: "mallory@example.org",
                key: MALLORY,
                ..access
            },
            ONCE_AT => Access {
                name: ONCE,
                content: ONCE_WEIGHTS,
                ..access
            },
            _ if at % 40 == 10 => resnet,
            _ => access,
        };
        entry.entry(ORIGIN)
    }

    fn add(&mut self, entry: Vec<u8>) {
        let keys = MapFunction::AccessV2.keys(&entry).into_iter().collect();
        Arc::make_mut(&mut self.keys).push(keys);
        self.log.add(entry);
    }

    /// Publishes the log as it is.
    pub(super) fn publish_log(&mut self) {
        self.log.publish();
        self.checkpoint = self.log.checkpoint(&log_key(), &[], COSIGNED);
    }

    /// Keys and offsets of a range, as they are.
    pub(super) fn pairs(&self, range: Range<u64>) -> Vec<(Hash, u32)> {
        let keys = &self.keys[index(range.start)..index(range.end)];
        (0..)
            .zip(keys)
            .flat_map(|(offset, keys)| keys.iter().map(move |key| (*key, offset)))
            .collect()
    }

    /// The true run of a range.
    pub(super) fn run(&self, range: Range<u64>) -> ForgedRun {
        let pairs = self.pairs(range.clone());
        ForgedRun::of(MapFunction::AccessV2, range, pairs)
    }

    /// The true runs of the whole log.
    pub(super) fn runs(&self) -> [ForgedRun; 3] {
        RUNS.map(|range| self.run(range))
    }

    /// The runs of the whole log, made of the true pairs without those that `keep` rejects, by key and position.
    pub(super) fn runs_without(&self, lose: impl Fn(&Hash, u64) -> bool) -> [ForgedRun; 3] {
        RUNS.map(|range| {
            let mut pairs = self.pairs(range.clone());
            pairs.retain(|(key, offset)| !lose(key, range.start + u64::from(*offset)));
            ForgedRun::of(MapFunction::AccessV2, range, pairs)
        })
    }

    /// Publishes these runs and a manifest of them.
    pub(super) fn publish(&mut self, runs: &[ForgedRun]) {
        self.add_files(runs);
        let manifest = self.manifest(runs);
        self.publish_manifest(manifest.encode());
    }

    pub(super) fn add_files(&mut self, runs: &[ForgedRun]) {
        for run in runs {
            self.files.extend(run.files());
        }
    }

    /// The manifest of these runs and the log's checkpoint.
    pub(super) fn manifest(&self, runs: &[ForgedRun]) -> Manifest {
        let heads = runs.iter().map(ForgedRun::head).collect();
        let checkpoint = signed(&self.checkpoint, &log_key());
        Manifest::new(MapFunction::AccessV2, heads, &checkpoint).expect("the runs cover it")
    }

    /// Appends anything to the index log, and publishes that.
    pub(super) fn publish_manifest(&mut self, manifest: Vec<u8>) {
        self.manifests.push(manifest);
        self.seal();
    }

    /// The same index, signed as the operator does now.
    pub(super) fn sealed(mut self) -> Self {
        self.seal();
        self
    }

    /// Signs the index log as it is, and writes its files.
    pub(super) fn seal(&mut self) {
        let mut edge = Edge::new();
        let mut files = Vec::new();
        for manifest in &self.manifests {
            edge.append(manifest, |file| files.push(file))
                .expect("the manifest fits");
        }
        files.extend(edge.partials(0));
        for file in files {
            self.files
                .insert(format!("index/{}", file.path), file.bytes);
        }
        let newest = self.manifests.len() - 1;
        let proof = self.index_proof(newest, self.manifests[newest].clone());
        self.files
            .insert("index/checkpoint".into(), proof.checkpoint().encode());
        for path in [LATEST_PATH, AUDITED_PATH] {
            self.files.insert(path.into(), proof.encode());
        }
    }

    /// The proof of a manifest in the index log, with anything as extra data.
    pub(super) fn index_proof(&self, manifest: usize, extra: Vec<u8>) -> TlogProof {
        let mut edge = Edge::new();
        for manifest in &self.manifests {
            edge.append(manifest, |_| {}).expect("the manifest fits");
        }
        let leaves: Vec<Hash> = self
            .manifests
            .iter()
            .map(|entry| leaf_hash(entry))
            .collect();
        let read = |subtree: Subtree| -> Result<Hash, ProofError> {
            let width = 1 << subtree.level;
            let start = index(subtree.index) * width;
            Ok(tree_root(&leaves[start..start + width]))
        };
        let proof = InclusionProof::prove(number(manifest), edge.size(), read)
            .expect("a manifest of the index");
        let origin = Origin::parse(self.origin).expect("an origin");
        let signer = signer(self.origin, SignatureType::Ed25519, self.seed);
        let mut checkpoint =
            Checkpoint::sign(&origin, edge.head(), &signer).expect("the key is named so");
        if self.is_cosigned {
            let newest = self.manifests.last().map(|newest| Manifest::parse(newest));
            let log = match newest {
                Some(Ok(newest)) => newest.checkpoint().clone(),
                _ => self.checkpoint.clone(),
            };
            let statement = AuditStatement {
                time: COSIGNED,
                log: log.origin().clone(),
                head: log.head(),
            };
            let signature = audit_statement::sign(&checkpoint, &auditor(), &statement)
                .expect("the auditor signs");
            checkpoint = checkpoint
                .with_signature(signature)
                .expect("a new signature");
        }
        TlogProof::new(extra, number(manifest), proof, checkpoint).expect("a proof")
    }

    /// Everything that is served.
    pub(super) fn served(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files.clone();
        for file in self.log.files() {
            // Cases that damage a file of the log put theirs in its place.
            let entry = files.entry(file.path.clone());
            entry.or_insert_with(|| file.bytes.clone());
        }
        let checkpoint = files.entry("checkpoint".into());
        checkpoint.or_insert_with(|| self.checkpoint.encode());
        files.retain(|path, _| !self.missing.contains(path));
        files
    }
}
