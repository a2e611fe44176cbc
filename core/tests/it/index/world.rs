//! A log and its index in memory, made as a writer makes them, and a reader of both.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::Envelope;
use glasslog_core::index::build::{Run, build_from_entries};
use glasslog_core::index::format::{LATEST_PATH, Manifest, MapFunction};
use glasslog_core::index::read::{Answer, BoundIndex, IndexProof, Lookup, LookupError, VouchError};
use glasslog_core::merkle::{
    Hash, InclusionProof, ProofError, Subtree, TreeHead, leaf_hash, sha256, tree_root,
};
use glasslog_core::note::audit_statement::{self, AuditStatement};
use glasslog_core::note::{
    Checkpoint, KeyName, Origin, SignatureType, SignedCheckpoint, SignerKey, TlogProof,
};
use glasslog_core::tiles::Edge;
use glasslog_core::trust::TrustPolicy;

pub(crate) const LOG: &str = "models.example.com/access";
pub(crate) const INDEX: &str = "models.example.com/index";
pub(crate) const NOW: u64 = 1_795_467_600;

/// A key of a test, by name and a seed.
pub(crate) fn key(name: &str, kind: SignatureType, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(name, kind, SecretKey::from_seed(&[seed; 32]))
}

pub(crate) fn log_key() -> SignerKey {
    key(LOG, SignatureType::Ed25519, 1)
}

pub(crate) fn index_key() -> SignerKey {
    key(INDEX, SignatureType::Ed25519, 2)
}

pub(crate) fn auditor() -> SignerKey {
    key("auditor.example.org", SignatureType::IndexAuditV1, 3)
}

/// A trust policy that asks for the auditor.
pub(crate) fn trust() -> TrustPolicy {
    let text = format!(
        "[log]\nlog {}\nquorum none\n[index]\nlog {index}\nquorum none\n[audit]\nlog {index}\nwitness a {}\nquorum a\n",
        log_key().verifier(),
        auditor().verifier(),
        index = index_key().verifier(),
    );
    TrustPolicy::parse(text.as_bytes()).unwrap()
}

/// An event about one artifact by one actor, of a predicate type that no version knows.
pub(crate) fn event(name: &str, actor: &str, serial: usize) -> Vec<u8> {
    let digest = sha256(name.as_bytes()).to_hex();
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{name}","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/use/v1","predicate":{{"actor":"{actor}","serial":{serial}}}}}"#
    );
    let secret = SecretKey::from_seed(&[9; 32]);
    Envelope::sign(payload.into_bytes(), &[&secret])
        .unwrap()
        .encode()
}

/// An event of one of our predicate types, with every member that bears keys.
pub(crate) fn event_of(
    (kind, action): (&str, &str),
    name: &str,
    actor: &str,
    serial: usize,
) -> Vec<u8> {
    let digest = sha256(name.as_bytes()).to_hex();
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{name}","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://glasslog.dev/{kind}/v1","predicate":{{"action":"{action}","actor":{{"id":"{actor}"}},"grantee":"{actor}","newName":true,"files":[{{"digest":"sha256:{digest}"}}],"context":{{"environment":"prod"}},"serial":{serial}}}}}"#
    );
    let secret = SecretKey::from_seed(&[9; 32]);
    Envelope::sign(payload.into_bytes(), &[&secret])
        .unwrap()
        .encode()
}

/// The files that a host serves, and the memory of its operator.
pub(crate) struct World {
    pub(crate) map: MapFunction,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) manifests: Vec<Vec<u8>>,
    edge: Edge,
    published: u64,
}

impl World {
    pub(crate) fn new(map: MapFunction) -> Self {
        Self {
            map,
            files: BTreeMap::new(),
            entries: Vec::new(),
            manifests: Vec::new(),
            edge: Edge::new(),
            published: 0,
        }
    }

    pub(crate) fn with(map: MapFunction, entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut world = Self::new(map);
        for entry in entries {
            world.add(&entry);
        }
        world
    }

    pub(crate) fn add(&mut self, entry: &[u8]) {
        let files = &mut self.files;
        let write = |file: glasslog_core::tiles::PublicFile| {
            files.insert(file.path, file.bytes);
        };
        self.edge.append(entry, write).unwrap();
        self.entries.push(entry.to_vec());
    }

    /// The head of the first `size` entries.
    pub(crate) fn head(&self, size: usize) -> TreeHead {
        TreeHead {
            size: size as u64,
            root: tree_root(&leaves(&self.entries[..size])),
        }
    }

    /// The log's checkpoint of now; its tiles are there afterwards.
    pub(crate) fn checkpoint(&mut self) -> Checkpoint {
        for file in self.edge.partials(self.published) {
            self.files.insert(file.path, file.bytes);
        }
        self.published = self.edge.size();
        self.checkpoint_at(self.entries.len())
    }

    pub(crate) fn checkpoint_at(&self, size: usize) -> Checkpoint {
        Checkpoint::sign(&Origin::parse(LOG).unwrap(), self.head(size), &log_key()).unwrap()
    }

    /// Builds the run of a range.
    pub(crate) fn run(&self, range: Range<u64>) -> Run {
        let entries = &self.entries[range.start as usize..range.end as usize];
        build_from_entries(self.map, range.start, entries.iter().map(Vec::as_slice)).unwrap()
    }

    pub(crate) fn write(&mut self, run: &Run) {
        for (file, bytes) in run.files() {
            self.files.insert(file.path(), bytes);
        }
    }

    /// Publishes runs of these ranges, and their manifest.
    pub(crate) fn publish(&mut self, ranges: &[Range<u64>]) -> Manifest {
        let mut heads = Vec::new();
        for range in ranges {
            let run = self.run(range.clone());
            self.write(&run);
            heads.push(run.head().clone());
        }
        let checkpoint = self.checkpoint();
        let manifest = Manifest::new(self.map, heads, &signed(&checkpoint)).unwrap();
        self.publish_manifest(&manifest.encode());
        manifest
    }

    /// Publishes the given bytes as the newest manifest.
    pub(crate) fn publish_manifest(&mut self, manifest: &[u8]) {
        self.manifests.push(manifest.to_vec());
        let proof = self.index_proof(self.manifests.len() - 1, manifest);
        self.files.insert(LATEST_PATH.into(), proof.encode());
    }

    /// The proof of a manifest in the index log, with the statement of the auditor about the newest one.
    pub(crate) fn index_proof(&self, number: usize, extra: &[u8]) -> TlogProof {
        let leaves = leaves(&self.manifests);
        let head = TreeHead {
            size: leaves.len() as u64,
            root: tree_root(&leaves),
        };
        let checkpoint = Checkpoint::sign(&Origin::parse(INDEX).unwrap(), head, &index_key());
        let checkpoint = checkpoint.unwrap();
        let newest = self.manifests.last().unwrap();
        let log = Manifest::parse(newest).map_or_else(
            |_| self.checkpoint_at(self.entries.len()),
            |newest| newest.checkpoint().clone(),
        );
        let statement = AuditStatement {
            time: NOW,
            log: log.origin().clone(),
            head: log.head(),
        };
        let line = audit_statement::sign(&checkpoint, &auditor(), &statement).unwrap();
        let checkpoint = checkpoint.with_signature(line).unwrap();
        let proof = prove(&leaves, number);
        TlogProof::new(extra.to_vec(), number as u64, proof, checkpoint).unwrap()
    }

    /// The result of a reader whose policy accepts the log at `size`.
    pub(crate) fn bind(&self, size: usize) -> Result<BoundIndex, VouchError> {
        let (_, target) = trust().verify_log(&self.checkpoint_at(size), NOW);
        let proof = IndexProof::parse(&self.files[LATEST_PATH])?;
        let (_, vouched) = proof.vouch(&trust(), self.map, NOW);
        let plan = vouched?.bind(&target.unwrap())?;
        let tiles = plan.tiles().iter();
        let tiles = tiles
            .filter_map(|tile| {
                // A partial tile that the log has outgrown is the start of the full one, or of a wider one.
                let wider = (tile.width()..=256).find_map(|width| {
                    let wider = glasslog_core::tiles::Tile::new(tile.level(), tile.index(), width);
                    self.files.get(&wider?.path())
                })?;
                Some((*tile, wider[..tile.byte_length()].to_vec()))
            })
            .collect();
        plan.finish(&tiles)
    }

    /// Looks up keys as a reader does.
    pub(crate) fn lookup(
        &self,
        index: &BoundIndex,
        keys: impl IntoIterator<Item = Hash>,
    ) -> Result<Answer, LookupError> {
        let mut lookup = Lookup::new(index, BTreeSet::from_iter(keys));
        while !lookup.is_done() {
            for file in lookup.next_files(16) {
                let bytes = self.files.get(&file.path());
                let bytes = bytes.ok_or(LookupError::Missing { path: file.path() })?;
                lookup.supply(&file, bytes)?;
            }
        }
        lookup.finish()
    }

    /// The result of a full scan of the first `size` entries.
    pub(crate) fn scan(&self, size: usize) -> BTreeMap<Hash, Vec<u64>> {
        let mut found: BTreeMap<Hash, Vec<u64>> = BTreeMap::new();
        for (position, entry) in (0..).zip(&self.entries[..size]) {
            for key in self.map.keys(entry) {
                found.entry(key).or_default().push(position);
            }
        }
        found
    }
}

/// A checkpoint with the signature of its own key, whatever that is.
pub(crate) fn signed(checkpoint: &Checkpoint) -> SignedCheckpoint {
    let name = checkpoint.origin().as_str();
    let keys = [1, 9, 78].map(|seed| key(name, SignatureType::Ed25519, seed));
    let keys: Vec<_> = keys.iter().map(SignerKey::verifier).collect();
    SignedCheckpoint::new(checkpoint, &keys).unwrap()
}

pub(crate) fn leaves(entries: &[Vec<u8>]) -> Vec<Hash> {
    entries.iter().map(|entry| leaf_hash(entry)).collect()
}

pub(crate) fn prove(leaves: &[Hash], index: usize) -> InclusionProof {
    let read = |subtree: Subtree| -> Result<Hash, ProofError> {
        let range = subtree.start().unwrap() as usize..subtree.end().unwrap() as usize;
        Ok(tree_root(&leaves[range]))
    };
    InclusionProof::prove(index as u64, leaves.len() as u64, read).unwrap()
}
