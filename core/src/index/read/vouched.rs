//! From the proof of the newest manifest to an index that a reader may ask (`docs/formats/index.md`, "What each party checks").
//!
//! Three steps, each a type: an [`IndexProof`] claims, a [`VouchedManifest`] is one that the trust policy's index and
//! auditors stand for, and a [`BoundIndex`] speaks of the very log that the reader's checkpoint is about.

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

/// The content of `index/latest.tlog-proof`: a manifest, and the claim that the index log has it.
///
/// That the manifest breaks a rule is its builder's fault only once the proof holds, so it is told then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexProof {
    proof: TlogProof,
    manifest: Result<Manifest, ManifestError>,
}

/// What a trust policy says about an index checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexVerdict {
    /// By `[index]`; `None` when the policy has no such section.
    pub index: Option<Verdict>,
    /// By `[audit]`; `None` when the policy has no such section.
    pub audit: Option<Verdict>,
    /// Who signed the log's checkpoint inside the manifest, by `[log]`; `None` when there is none to read.
    pub embedded: Option<LogVerdict>,
}

impl IndexProof {
    /// Parses the proof, whose extra data is to be a manifest.
    ///
    /// # Errors
    /// [`VouchError::Proof`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VouchError> {
        let proof = TlogProof::parse(bytes).map_err(VouchError::Proof)?;
        let manifest = Manifest::parse(proof.extra());
        Ok(Self { proof, manifest })
    }

    /// The manifest claimed, unless it breaks a rule.
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
    /// The verdict says more than the error.
    ///
    /// # Errors
    /// The [`VouchError`] that says what does not vouch.
    pub fn vouch(
        self,
        trust: &TrustPolicy,
        map: MapFunction,
        now: u64,
    ) -> (IndexVerdict, Result<VouchedManifest, VouchError>) {
        let checkpoint = self.proof.checkpoint();
        let judge = |policy: &crate::trust::policy::Policy| policy.judge(checkpoint, now);
        let verdict = IndexVerdict {
            index: trust.index().map(judge),
            audit: trust.audit().map(judge),
            embedded: self
                .manifest()
                .map(|manifest| trust.log().judge(manifest.checkpoint(), now).log),
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
        if verdict.audit.as_ref().is_some_and(|audit| !audit.accepts()) {
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
            // A section that asks for nobody is no auditor.
            audited: verdict
                .audit
                .as_ref()
                .is_some_and(|audit| audit.quorum == QuorumVerdict::Met),
        })
    }
}

/// A manifest that the trust policy's index vouches for, and its auditors where it names some.
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

    /// Plans to show that the manifest's tree and the target's are one log.
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

/// The tiles that show that a manifest is about the reader's log.
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
    /// [`VouchError::Tile`], or [`VouchError::Inconsistent`]: the log signed two heads that cannot both be true.
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

/// An index that may be asked about a log: made by [`BindPlan::finish`] alone.
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

    /// The head that answers are about.
    #[must_use]
    pub const fn target(&self) -> TreeHead {
        self.target
    }

    /// Answers are complete for entries before this one; from here to the target's size they have to be read.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.manifest().head().size.min(self.target.size)
    }

    /// Whether auditors vouch that the runs are those of the log; if not, answers are complete as claimed by the index.
    #[must_use]
    pub const fn is_audited(&self) -> bool {
        self.vouched.audited
    }
}

/// Why nobody vouches for a manifest, or not for this log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VouchError {
    /// The file is no proof.
    #[error(transparent)]
    Proof(TlogProofError),
    /// The extra data is no manifest, or one of an unknown key function.
    #[error(transparent)]
    Manifest(ManifestError),
    /// The trust policy has no section `[index]`.
    #[error("the trust policy has no [index] section")]
    NoIndexPolicy,
    /// The index checkpoint does not meet `[index]`.
    #[error("the index checkpoint does not meet [index] of the trust policy")]
    IndexNotAccepted,
    /// The index checkpoint does not meet `[audit]`.
    #[error("the index checkpoint does not meet [audit] of the trust policy")]
    AuditNotAccepted,
    /// The manifest is not in the index log.
    #[error("the manifest is not in the index log: {0}")]
    NotIncluded(ProofError),
    /// The index is by another key function.
    #[error("the index is by the key function `{}`, not `{}`", .claimed.name(), .expected.name())]
    OtherMapFunction {
        /// That of the manifest.
        claimed: MapFunction,
        /// That asked for.
        expected: MapFunction,
    },
    /// The checkpoint inside the manifest is not signed by the log.
    #[error("the checkpoint inside the manifest is not signed by a known key of the log")]
    Unsigned,
    /// The manifest is about another log.
    #[error("the index is about the log `{claimed}`, not `{expected}`")]
    Origin {
        /// That of the manifest.
        claimed: Origin,
        /// That of the target.
        expected: Origin,
    },
    /// A tile of the log is false or missing.
    #[error(transparent)]
    Tile(TileError),
    /// The older head is no prefix of the newer.
    #[error("the log signed root {} for size {}, and a tree whose prefix of that size has root {}", .claimed.root, .claimed.size, .computed.root)]
    Inconsistent {
        /// The older head, signed.
        claimed: TreeHead,
        /// The prefix of the newer.
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
