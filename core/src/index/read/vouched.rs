//! Checks that turn the proof of the newest manifest into an index that a reader may query (`docs/formats/index.md`, "What each party checks").
//!
//! Three steps, each a type: an [`IndexProof`] is a claim, a [`VouchedManifest`] is signed by the index of the trust
//! policy, perhaps by its auditors too, and a [`BoundIndex`] is about the same log as the reader's checkpoint.

use crate::merkle::hash::leaf_hash;
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::Origin;
use crate::note::tlog_proof::{TlogProof, TlogProofError};
use crate::tiles::plan::ConsistencyPlan;
use crate::tiles::tile::{Tile, TileError};
use crate::trust::policy::{LogVerdict, QuorumVerdict, Verdict};
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::index::format::manifest::{Manifest, ManifestError};
use crate::index::format::map::MapFunction;

/// The content of `index/latest.tlog-proof` or `index/audited.tlog-proof`: a manifest, and the claim that the index log has
/// it.
///
/// A malformed manifest is its builder's fault only if the proof holds, so [`vouch`](Self::vouch) checks the proof
/// first and reports the manifest's error after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexProof {
    proof: TlogProof,
    manifest: Result<Manifest, ManifestError>,
}

/// Verdict of a trust policy on an index checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexVerdict {
    /// Verdict by `[index]`; `None` if the policy has no such section.
    pub index: Option<Verdict>,
    /// Verdict by `[audit]`, of the statements that name the log's head in this manifest; `None` if the policy has no
    /// such section.
    pub audit: Option<Verdict>,
    /// Verdict by `[log]` on the log's signature of the checkpoint inside the manifest; `None` if the manifest is
    /// malformed.
    pub embedded: Option<LogVerdict>,
}

impl IndexProof {
    /// Parses the proof, and the manifest in its extra data.
    ///
    /// # Errors
    /// [`VouchError::Proof`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VouchError> {
        let proof = TlogProof::parse(bytes).map_err(VouchError::Proof)?;
        let manifest = Manifest::parse(proof.extra());
        Ok(Self { proof, manifest })
    }

    /// The claimed manifest, unless it breaks a rule.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref().ok()
    }

    /// The claimed proof, with the checkpoint of the index log.
    #[must_use]
    pub const fn proof(&self) -> &TlogProof {
        &self.proof
    }

    /// Judges the index checkpoint by the policy, and checks that the manifest is in its tree and of this key function.
    /// The verdict has more details than the error.
    ///
    /// # Errors
    /// A [`VouchError`] for the first check that fails.
    pub fn vouch(
        self,
        trust: &TrustPolicy,
        map: MapFunction,
        now: u64,
    ) -> (IndexVerdict, Result<VouchedManifest, VouchError>) {
        let checkpoint = self.proof.checkpoint();
        let embedded = self.manifest().map(Manifest::checkpoint);
        let log = embedded.map(|embedded| (embedded.origin(), embedded.head()));
        let verdict = IndexVerdict {
            index: trust.index().map(|index| index.judge(checkpoint, now)),
            audit: (trust.audit()).map(|audit| audit.judge_about(checkpoint, log, now)),
            embedded: self
                .manifest()
                .map(|manifest| trust.log().judge_signature(manifest.checkpoint())),
        };
        let vouched = self.check(&verdict, map);
        (verdict, vouched)
    }

    fn check(
        self,
        verdict: &IndexVerdict,
        map: MapFunction,
    ) -> Result<VouchedManifest, VouchError> {
        let index = verdict.index.as_ref().ok_or(VouchError::NoIndexPolicy)?;
        if !index.accepts() {
            return Err(VouchError::IndexNotAccepted);
        }
        if verdict.audit.as_ref().is_some_and(Verdict::is_false) {
            return Err(VouchError::AuditNotAccepted);
        }
        let leaf = leaf_hash(self.proof.extra());
        self.proof
            .proof()
            .verify(&leaf, self.proof.index(), &self.proof.checkpoint().head())
            .map_err(VouchError::NotIncluded)?;
        let manifest = self.manifest.map_err(VouchError::Manifest)?;
        let known = manifest.map().map_err(VouchError::Manifest)?;
        if known != map {
            return Err(VouchError::OtherMapFunction {
                claimed: known,
                expected: map,
            });
        }
        if !matches!(verdict.embedded, Some(LogVerdict::Signed(_))) {
            return Err(VouchError::Unsigned);
        }
        Ok(VouchedManifest {
            manifest,
            map,
            // A section with a quorum of zero accepts, but no auditor has signed.
            audited: (verdict.audit.as_ref())
                .is_some_and(|audit| audit.accepts() && audit.quorum == QuorumVerdict::Met),
        })
    }
}

/// A manifest signed by the index of the trust policy. Auditors may vouch for it too: see [`BoundIndex::is_audited`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VouchedManifest {
    manifest: Manifest,
    map: MapFunction,
    audited: bool,
}

impl VouchedManifest {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// True if enough auditors of the trust policy cosigned that the runs are right for the log.
    #[must_use]
    pub const fn is_audited(&self) -> bool {
        self.audited
    }

    /// Plans the check that the manifest's tree and the target's tree are states of one log.
    ///
    /// # Errors
    /// [`VouchError::Origin`] or [`VouchError::Tile`].
    pub fn bind(self, target: &VerifiedCheckpoint) -> Result<BindPlan, VouchError> {
        let claimed = self.manifest.checkpoint().origin();
        if claimed != target.origin() {
            return Err(VouchError::Origin {
                claimed: claimed.clone(),
                expected: target.origin().clone(),
            });
        }
        let (embedded, head) = (self.manifest.head(), target.head());
        let (older, newer) = if embedded.size <= head.size {
            (embedded, head)
        } else {
            (head, embedded)
        };
        Ok(BindPlan {
            plan: ConsistencyPlan::new(older.size, newer).map_err(VouchError::Tile)?,
            vouched: self,
            older,
            target: head,
        })
    }
}

/// The tiles that prove that a manifest is about the reader's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindPlan {
    vouched: VouchedManifest,
    plan: ConsistencyPlan,
    older: TreeHead,
    target: TreeHead,
}

impl BindPlan {
    /// The tiles to fetch.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        self.plan.tiles()
    }

    /// Checks the tiles, and that the older tree is a prefix of the newer one.
    ///
    /// # Errors
    /// [`VouchError::Tile`], or [`VouchError::Inconsistent`] if the log signed two heads that contradict each other.
    pub fn finish(self, files: &BTreeMap<Tile, Vec<u8>>) -> Result<BoundIndex, VouchError> {
        let (prefix, _) = self.plan.finish(files).map_err(VouchError::Tile)?;
        if prefix != self.older {
            return Err(VouchError::Inconsistent {
                claimed: self.older,
                computed: prefix,
            });
        }
        Ok(BoundIndex {
            vouched: self.vouched,
            target: self.target,
        })
    }
}

/// An index that may be queried about a log; only [`BindPlan::finish`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundIndex {
    vouched: VouchedManifest,
    target: TreeHead,
}

impl BoundIndex {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.vouched.manifest
    }

    /// The key function.
    #[must_use]
    pub const fn map(&self) -> MapFunction {
        self.vouched.map
    }

    /// The head of the log that answers refer to.
    #[must_use]
    pub const fn target(&self) -> TreeHead {
        self.target
    }

    /// Answers are complete for entries before this one; the reader must scan the entries from here to the target's
    /// size.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.manifest().head().size.min(self.target.size)
    }

    /// True if auditors stated that the runs are right for the log; otherwise only the index claims that answers
    /// are complete.
    #[must_use]
    pub const fn is_audited(&self) -> bool {
        self.vouched.audited
    }
}

/// Reason for which a manifest is not accepted, or not for this log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VouchError {
    /// The file is not a proof.
    #[error(transparent)]
    Proof(TlogProofError),
    /// The extra data is not a manifest, or this version does not know its key function.
    #[error(transparent)]
    Manifest(ManifestError),
    /// The trust policy has no section `[index]`.
    #[error("the trust policy has no [index] section")]
    NoIndexPolicy,
    /// The index checkpoint does not meet `[index]`.
    #[error("the index checkpoint does not meet [index] of the trust policy")]
    IndexNotAccepted,
    /// A key of `[audit]` has a false signature on the index checkpoint.
    #[error("the index checkpoint has a false signature by a key of [audit] of the trust policy")]
    AuditNotAccepted,
    /// The manifest is not in the index log.
    #[error("the manifest is not in the index log: {0}")]
    NotIncluded(ProofError),
    /// The index uses another key function.
    #[error("the index uses the key function `{}`, not `{}`", .claimed.name(), .expected.name())]
    OtherMapFunction {
        /// Key function of the manifest.
        claimed: MapFunction,
        /// Key function that the reader expects.
        expected: MapFunction,
    },
    /// The checkpoint inside the manifest is not signed by the log.
    #[error("the checkpoint inside the manifest is not signed by a known key of the log")]
    Unsigned,
    /// The manifest is about another log.
    #[error("the index is about the log `{claimed}`, not `{expected}`")]
    Origin {
        /// Origin in the manifest.
        claimed: Origin,
        /// Origin of the target.
        expected: Origin,
    },
    /// A tile of the log is wrong or missing.
    #[error(transparent)]
    Tile(TileError),
    /// The older head is not a prefix of the newer.
    #[error("the log signed root {} for size {}, and a tree whose prefix of that size has root {}", .claimed.root, .claimed.size, .computed.root)]
    Inconsistent {
        /// The older head, as signed.
        claimed: TreeHead,
        /// The prefix of the newer tree, of the same size.
        computed: TreeHead,
    },
}

impl VouchError {
    /// The stable name of the broken rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::NoIndexPolicy => "index-no-policy",
            Self::IndexNotAccepted => "index-not-accepted",
            Self::AuditNotAccepted => "index-audit-not-accepted",
            Self::NotIncluded(_) => "index-manifest-not-included",
            Self::OtherMapFunction { .. } => "index-other-mapfn",
            Self::Unsigned => "index-checkpoint-unsigned",
            Self::Origin { .. } => "index-other-log",
            Self::Tile(error) => error.code(),
            Self::Inconsistent { .. } => "index-inconsistent",
        }
    }
}
