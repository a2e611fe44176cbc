//! A log with a genesis, its index, and policies that name the index.

use std::collections::BTreeMap;
use std::ops::Range;

use glasslog_core::fetch::Query;
use glasslog_core::index::build::{Run, build, build_from_entries, partition};
use glasslog_core::index::format::{AUDITED_PATH, LATEST_PATH, Manifest, MapFunction};
use glasslog_core::merkle::{
    Hash, InclusionProof, ProofError, Subtree, TreeHead, leaf_hash, tree_root,
};
use glasslog_core::note::audit_statement::{self, AuditStatement};
use glasslog_core::note::{
    Checkpoint, Origin, SignatureType, SignedCheckpoint, SignerKey, TlogProof,
};
use glasslog_core::report::Report;
use glasslog_core::verify::{HistoryQuery, Options};

use crate::support::{LOG, MALLORY, ORIGIN, TIME, TestLog, note_key, options};

pub(crate) const INDEX_ORIGIN: &str = "models.example.com/access/index";

/// Seeds of keys, beside those of the log.
pub(crate) const INDEX: u8 = 20;
pub(crate) const AUDITOR: u8 = 21;

pub(crate) fn index_key() -> SignerKey {
    note_key(INDEX_ORIGIN, SignatureType::Ed25519, INDEX)
}

pub(crate) fn auditor() -> SignerKey {
    note_key("auditor.example.org", SignatureType::IndexAuditV1, AUDITOR)
}

/// A policy that names the log and its index.
pub(crate) fn indexed() -> Vec<u8> {
    let log = note_key(ORIGIN, SignatureType::Ed25519, LOG);
    format!(
        "[log]\nlog {}\nquorum none\n[index]\nlog {}\nquorum none\n",
        log.verifier(),
        index_key().verifier()
    )
    .into_bytes()
}

/// A policy that also names an auditor of the index.
pub(crate) fn audited() -> Vec<u8> {
    let audit = format!(
        "[audit]\nlog {}\nwitness a {}\nquorum a\n",
        index_key().verifier(),
        auditor().verifier()
    );
    [indexed(), audit.into_bytes()].concat()
}

/// Options of a full scan.
pub(crate) fn scanning() -> Options {
    Options {
        full_scan: true,
        ..options()
    }
}

/// Options of a reader who takes the index's word.
pub(crate) fn accepting() -> Options {
    Options {
        accept_index: true,
        ..options()
    }
}

/// A log and the index beside it.
pub(crate) struct World {
    pub(crate) log: TestLog,
    pub(crate) map: MapFunction,
    manifests: Vec<Vec<u8>>,
}

impl World {
    pub(crate) fn new(log: TestLog) -> Self {
        Self {
            log,
            map: MapFunction::AccessV2,
            manifests: Vec::new(),
        }
    }

    pub(crate) fn run(&self, range: Range<u64>) -> Run {
        let entries = &self.log.entries[range.start as usize..range.end as usize];
        build_from_entries(self.map, range.start, entries.iter().map(Vec::as_slice)).unwrap()
    }

    /// Publishes the log, and an index of all entries, divided into runs as our builder divides them.
    pub(crate) fn publish(&mut self) {
        self.publish_runs(&partition(self.log.edge.size()));
    }

    /// Publishes the log, and an index with these runs.
    pub(crate) fn publish_runs(&mut self, ranges: &[Range<u64>]) {
        let runs: Vec<Run> = ranges.iter().map(|range| self.run(range.clone())).collect();
        self.publish_built(&runs);
    }

    /// Publishes the log, and an index with the given built runs.
    pub(crate) fn publish_built(&mut self, runs: &[Run]) {
        let checkpoint = Checkpoint::parse(&self.log.publish(&[])).unwrap();
        for run in runs {
            for (file, bytes) in run.files() {
                self.log.files.insert(file.path(), bytes);
            }
        }
        let heads = runs.iter().map(|run| run.head().clone()).collect();
        let manifest = Manifest::new(self.map, heads, &signed(&checkpoint)).unwrap();
        self.publish_manifest(&manifest.encode());
    }

    /// Publishes the given bytes as the newest manifest.
    pub(crate) fn publish_manifest(&mut self, manifest: &[u8]) {
        self.manifests.push(manifest.to_vec());
        let proof = self.proof(manifest, &index_key());
        self.show(&proof);
    }

    /// Shows this proof to readers that require auditors, and to all others.
    pub(crate) fn show(&mut self, proof: &[u8]) {
        for path in [LATEST_PATH, AUDITED_PATH] {
            self.log.files.insert(path.into(), proof.to_vec());
        }
    }

    /// The newest manifest.
    pub(crate) fn newest(&self) -> Vec<u8> {
        self.manifests.last().unwrap().clone()
    }

    /// The proof of the newest manifest, signed by this key for the index, with the statement of the auditor.
    pub(crate) fn proof(&self, manifest: &[u8], key: &SignerKey) -> Vec<u8> {
        let leaves: Vec<Hash> = self
            .manifests
            .iter()
            .map(|entry| leaf_hash(entry))
            .collect();
        let head = TreeHead {
            size: leaves.len() as u64,
            root: tree_root(&leaves),
        };
        let origin = Origin::parse(key.verifier().name().as_str()).unwrap();
        let checkpoint = Checkpoint::sign(&origin, head, key).unwrap();
        let checkpoint = vouched(&checkpoint, manifest);
        let read = |subtree: Subtree| -> Result<Hash, ProofError> {
            let range = subtree.start().unwrap() as usize..subtree.end().unwrap() as usize;
            Ok(tree_root(&leaves[range]))
        };
        let last = head.size - 1;
        let proof = InclusionProof::prove(last, head.size, read).unwrap();
        TlogProof::new(manifest.to_vec(), last, proof, checkpoint)
            .unwrap()
            .encode()
    }

    pub(crate) fn history(&self, artifact: &str) -> Report {
        self.history_with(artifact, &indexed(), accepting())
    }

    pub(crate) fn history_with(&self, artifact: &str, policy: &[u8], options: Options) -> Report {
        self.log
            .run(HistoryQuery::new(artifact, policy, options, false).unwrap())
    }

    /// The files that a query asks for, and its report.
    pub(crate) fn asked<Q: Query>(&self, mut query: Q) -> (BTreeMap<String, usize>, Report) {
        let mut asked = BTreeMap::new();
        while let Some(path) = query.needs().first().cloned() {
            let file = self.log.files.get(&path).cloned();
            let length = file.as_ref().map_or(0, Vec::len);
            assert!(asked.insert(path.clone(), length).is_none(), "{path} again");
            query.supply(&path, file);
        }
        (asked, query.report().unwrap().clone())
    }
}

/// A checkpoint with the signature of its own key, whatever that is.
pub(crate) fn signed(checkpoint: &Checkpoint) -> SignedCheckpoint {
    let name = checkpoint.origin().as_str();
    let keys = [LOG, MALLORY].map(|seed| note_key(name, SignatureType::Ed25519, seed));
    let keys: Vec<_> = keys.iter().map(SignerKey::verifier).collect();
    SignedCheckpoint::new(checkpoint, &keys).unwrap()
}

/// An index checkpoint with the auditor's statement, which names the log's head in this manifest if there is one.
fn vouched(checkpoint: &Checkpoint, manifest: &[u8]) -> Checkpoint {
    let (log, head) = Manifest::parse(manifest).map_or_else(
        |_| (Origin::parse(ORIGIN).unwrap(), TreeHead::empty()),
        |manifest| (manifest.checkpoint().origin().clone(), manifest.head()),
    );
    let statement = AuditStatement {
        time: TIME,
        log,
        head,
    };
    let line = audit_statement::sign(checkpoint, &auditor(), &statement).unwrap();
    checkpoint.with_signature(line).unwrap()
}

/// The pairs of a run, with one more or one less.
pub(crate) fn forged(world: &World, change: impl FnOnce(&mut Vec<(Hash, u32)>)) -> Run {
    let mut pairs = Vec::new();
    for (offset, entry) in (0u32..).zip(&world.log.entries) {
        let keys = MapFunction::AccessV2.keys(entry);
        pairs.extend(keys.into_iter().map(|key| (key, offset)));
    }
    change(&mut pairs);
    build(MapFunction::AccessV2, 0..world.log.edge.size(), pairs).unwrap()
}
