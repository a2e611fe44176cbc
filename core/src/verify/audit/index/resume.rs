//! The index of a log that was audited before: what of it is new, and from where the log has to be read for that.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::{IndexAudit, RunClaim, is_narrow};
use crate::index::format::manifest::Manifest;
use crate::index::format::run_head::RunHead;
use crate::merkle::compact::CompactRange;
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::report::check::{CheckCode, Class};
use crate::report::evidence::Evidence;
use crate::report::words::entries;
use crate::tiles::width::FULL_WIDTH;
use crate::verify::audit::resume::Fork;
use crate::verify::audit::state::{IndexState, SUM_STEP};

/// Parts that an earlier audit has found correct.
#[derive(Default)]
pub(super) struct Base {
    state: Option<IndexState>,
    /// Up to where it had read the log.
    read: u64,
    /// Runs that it has recomputed, by range.
    runs: BTreeMap<(u64, u64), Vec<RunHead>>,
    /// The first entry that is read now.
    first: u64,
    fork: Option<Fork>,
}

impl Base {
    /// Returns true if the run, claimed by this manifest, was recomputed before.
    pub(super) fn vouches_for(&self, manifest: u64, head: &RunHead) -> bool {
        let known = self.runs.get(&(head.start, head.end));
        known.is_some_and(|runs| runs.contains(head))
            || self.state.as_ref().is_some_and(|state| {
                manifest < state.checkpoint.head().size
                    && is_narrow(head.start, head.end)
                    && head.start >= state.from
                    && head.end <= self.read
            })
    }

    /// Returns true if this head, embedded in this manifest, was compared before.
    pub(super) fn has_compared(&self, manifest: u64, head: &TreeHead) -> bool {
        self.state.as_ref().is_some_and(|state| {
            let newest = state.newest.as_ref().map(Manifest::head);
            newest == Some(*head)
                || manifest < state.checkpoint.head().size && head.size <= self.read
        })
    }

    pub(super) fn keep(&mut self, head: &RunHead) {
        let runs = self.runs.entry((head.start, head.end)).or_default();
        if !runs.contains(head) {
            runs.push(head.clone());
        }
    }
}

impl IndexAudit {
    /// Takes over what an earlier audit, which had read the log up to `read`, has found.
    pub(crate) fn resume(&mut self, state: &IndexState, read: u64) {
        self.manifests = state.whole;
        self.newest.clone_from(&state.newest);
        let map = state.newest.as_ref().map(Manifest::map);
        self.map = map.and_then(Result::ok);
        let newest = state.newest.iter().flat_map(Manifest::runs);
        for head in newest.chain(&state.superseded) {
            self.base.keep(head);
        }
        self.base.read = read;
        self.base.state = Some(state.clone());
    }

    /// The index checkpoint that an earlier audit has seen, and how many of its manifests need not be read again.
    #[must_use]
    pub fn earlier(&self) -> Option<(TreeHead, u64)> {
        let state = self.base.state.as_ref()?;
        Some((state.checkpoint.head(), state.whole))
    }

    /// Runs of the newest manifest whose files an earlier audit has compared.
    #[must_use]
    pub fn has_compared_files(&self, head: &RunHead) -> bool {
        let newest = self.base.state.as_ref().and_then(|it| it.newest.as_ref());
        newest.is_some_and(|newest| newest.runs().contains(head))
    }

    /// Runs that an earlier audit has recomputed.
    pub fn vouched(&self) -> impl Iterator<Item = &RunHead> {
        self.base.runs.values().flatten()
    }

    /// The index log shows fewer manifests than before.
    pub fn rolled_back(&mut self, old: u64, shown: u64) {
        let detail = format!(
            "an earlier audit saw {old} manifests, but the index shows {shown}: it was rolled back, or this is an old copy of it"
        );
        let evidence = Evidence::new().with("vouched", old).with("shown", shown);
        let code = CheckCode::IndexManifests;
        self.fail(code, Class::Undecided, detail, Some(evidence));
    }

    /// The index log is not the one that an earlier audit has seen: its tree has another root at that size.
    pub fn forked(&mut self, root: Hash, proof: Option<crate::merkle::proof::ConsistencyProof>) {
        let Some((state, shown)) = self.base.state.as_ref().zip(self.checkpoint.as_ref()) else {
            return;
        };
        let old = state.checkpoint.clone();
        let evidence = Evidence::new()
            .with("size", old.head().size)
            .with("claimed", old.head().root)
            .with("computed", root);
        let detail = format!(
            "the index signed two different trees for its first {}: both checkpoints together are the evidence",
            entries(old.head().size)
        );
        self.base.fork = Some(match proof {
            Some(proof) => Fork {
                old,
                new: shown.clone(),
                root,
                proof,
            },
            None => Fork::of_one_size(old, shown.clone()),
        });
        let code = CheckCode::IndexManifests;
        self.fail(code, Class::Inconsistent, detail, Some(evidence));
    }

    /// Evidence that the index is not the one that an earlier audit has seen.
    #[must_use]
    pub const fn fork(&self) -> Option<&Fork> {
        self.base.fork.as_ref()
    }

    /// Position from which to read the log, of which `judged` entries were judged before: every new run can then be
    /// recomputed, and every root in a new manifest compared. A multiple of [`SUM_STEP`], or 0.
    pub(crate) fn first_to_read(&mut self, judged: u64) -> u64 {
        let floor = |position: u64| position - position % SUM_STEP;
        let state = self.base.state.as_ref();
        let sums = state.map_or(0, |state| u64::try_from(state.sums.len()).unwrap_or(0));
        let newest = self.newest.as_ref().map_or(&[][..], Manifest::runs);
        let mut first = match newest {
            [] => floor(judged),
            _ => floor(judged).min(sums.saturating_sub(1).saturating_mul(SUM_STEP)),
        };
        // A sum is known where it was kept, and wherever the reading comes by.
        let is_known = |position: u64, first: u64| {
            position >= first || position.is_multiple_of(SUM_STEP) && position / SUM_STEP < sums
        };
        for RunClaim { head, .. } in self.claims.values().flatten() {
            let is_shown = newest.contains(head);
            let is_within = |run: &RunHead| run.start <= head.start && head.end <= run.end;
            let is_by_files = match is_shown {
                true => is_known(head.start, first) && is_known(head.end, first),
                // Cut out of the run that took its place.
                false => newest.iter().any(is_within) || !is_narrow(head.start, head.end),
            };
            if head.start < first && !is_by_files {
                first = floor(head.start);
            }
        }
        for size in self.prefixes.keys().filter(|size| **size > 0) {
            first = first.min(floor(size.saturating_sub(1)));
        }
        self.base.first = first;
        first
    }

    /// The tree before the first entry that is read, as the hashes of its complete subtrees.
    pub(crate) fn begin_at(&mut self, first: u64, parts: Vec<Hash>) {
        // The same tree, leaf by leaf and bundle by bundle.
        let bundles = first / u64::from(FULL_WIDTH);
        self.passed = CompactRange::from_parts(bundles, parts).unwrap_or_default();
    }

    /// The first entry that is read.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.base.first
    }

    /// Returns true if a run is recomputed in memory from the entries that are read; otherwise from its files, as a set.
    #[must_use]
    pub const fn is_by_entries(&self, head: &RunHead) -> bool {
        is_narrow(head.start, head.end) && head.start >= self.base.first
    }

    /// Parts found correct, at the end or with entries read up to `read`; `None` if a part is wrong.
    pub(crate) fn save(
        &self,
        is_whole: bool,
        read: u64,
        sums: Option<(&[u8; 16], &[u128])>,
        superseded: Vec<RunHead>,
    ) -> Option<IndexState> {
        let checkpoint = self.checkpoint.clone()?;
        let size = checkpoint.head().size;
        let is_wrong = |fault: &super::Fault| fault.code != CheckCode::IndexCheckpoint;
        let claimed = self.claims.values().map(Vec::len).sum::<usize>();
        let are_open = self.runs < u64::try_from(claimed).unwrap_or(u64::MAX);
        // The signers of the index are checked each time.
        if self.manifests != size || self.faults.iter().any(is_wrong) || is_whole && are_open {
            return None;
        }
        let expected = usize::try_from(read / SUM_STEP).ok()?.checked_add(1)?;
        let sums = sums.filter(|(_, sums)| sums.len() == expected);
        let (secret, sums) = sums.map_or(([0; 16], Vec::new()), |(secret, sums)| {
            (*secret, sums.to_vec())
        });
        let base = self.base.state.as_ref();
        Some(match is_whole {
            true => IndexState {
                checkpoint,
                whole: size,
                newest: self.newest.clone(),
                from: read,
                superseded,
                secret,
                sums,
            },
            false => IndexState {
                checkpoint,
                whole: base.map_or(0, |base| base.whole),
                newest: base.and_then(|base| base.newest.clone()),
                from: self.base.first,
                superseded: base.map_or_else(Vec::new, |base| base.superseded.clone()),
                secret,
                sums,
            },
        })
    }
}
