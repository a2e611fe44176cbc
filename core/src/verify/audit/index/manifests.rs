//! Manifests, one after the other: each about this log, and of a tree that the log has.

use alloc::format;
use alloc::string::{String, ToString};

use super::{IndexAudit, RunClaim};
use crate::index::format::manifest::{Manifest, ManifestError};
use crate::merkle::compact::CompactRange;
use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::merkle::tree::{TreeHead, span_root};
use crate::report::check::{CheckCode, Class};
use crate::report::evidence::Evidence;
use crate::trust::policy::LogVerdict;

impl IndexAudit {
    /// Takes in the next entry of the index log, proven to be in its tree; `false` when no further one is of use.
    pub fn absorb(&mut self, bytes: &[u8]) -> bool {
        let position = self.manifests;
        match self.judge_manifest(position, bytes) {
            Ok(manifest) => {
                for (run, head) in manifest.runs().iter().enumerate() {
                    if self.base.vouches_for(position, head) {
                        self.base.keep(head);
                        continue;
                    }
                    let claims = self.claims.entry((head.start, head.end)).or_default();
                    if claims.iter().all(|claim| claim.head != *head) {
                        claims.push(RunClaim {
                            head: head.clone(),
                            manifest: position,
                            run,
                        });
                    }
                }
                let head = manifest.head();
                if !self.base.has_compared(position, &head) {
                    let roots = self.prefixes.entry(head.size).or_default();
                    if roots.iter().all(|(root, _)| *root != head.root) {
                        roots.push((head.root, position));
                    }
                }
                self.newest = Some(manifest);
                self.manifests += 1;
                true
            }
            Err((class, detail)) => {
                let evidence = Evidence::new().with("manifest", position);
                self.fail(CheckCode::IndexManifests, class, detail, Some(evidence));
                false
            }
        }
    }

    fn judge_manifest(&mut self, position: u64, bytes: &[u8]) -> Result<Manifest, (Class, String)> {
        let manifest = Manifest::parse(bytes).map_err(|error| {
            let detail = format!("manifest {position}: {error}");
            if error.is_unknown() {
                return (Class::Undecided, detail);
            }
            self.bad = Some((position, bytes.to_vec()));
            (Class::False, detail)
        })?;
        let undecided = |error: ManifestError| (Class::Undecided, error.to_string());
        let map = manifest.map().map_err(undecided)?;
        if self.map.is_some_and(|known| known != map) {
            let detail = format!("manifest {position} is by another key function");
            return Err((Class::Undecided, detail));
        }
        self.map = Some(map);
        let embedded = manifest.checkpoint();
        match self.trust.log().judge_signature(embedded) {
            LogVerdict::Signed(_) => {}
            LogVerdict::BadSignature => {
                let detail = format!("the log's signature in manifest {position} is wrong");
                return Err((Class::False, detail));
            }
            _ => {
                let detail =
                    format!("no known key of the log signed the checkpoint in manifest {position}");
                return Err((Class::Undecided, detail));
            }
        }
        let Some((origin, head)) = &self.log else {
            return Err((
                Class::Undecided,
                "there is no log to compare with".to_string(),
            ));
        };
        if embedded.origin() != origin {
            let detail = format!(
                "manifest {position} is about the log `{}`, not `{origin}`",
                embedded.origin()
            );
            return Err((Class::False, detail));
        }
        let before = self.newest.as_ref().map_or(0, |newest| newest.head().size);
        let size = embedded.head().size;
        if size < before {
            let detail = format!("manifest {position} goes back from {before} to {size} entries");
            return Err((Class::False, detail));
        }
        if size > head.size {
            let detail = format!(
                "manifest {position} is about {size} entries, but the checkpoint shows only {}",
                head.size
            );
            return Err((Class::Undecided, detail));
        }
        if size == 0 && embedded.head() != TreeHead::empty() {
            let detail = format!("the root in manifest {position} is not that of an empty log");
            return Err((Class::False, detail));
        }
        Ok(manifest)
    }

    /// Compares the roots that manifests embed with the tree, as its bundles go by.
    pub(crate) fn pass(&mut self, start: u64, leaves: &[Hash], root: Option<Hash>) {
        let end = start.saturating_add(u64::try_from(leaves.len()).unwrap_or(u64::MAX));
        let claimed = self.prefixes.range(start.saturating_add(1)..=end);
        let mut fault = None;
        for (size, roots) in claimed {
            let count = usize::try_from(size.saturating_sub(start)).unwrap_or(usize::MAX);
            let mut part = CompactRange::new();
            leaves.iter().take(count).for_each(|leaf| part.push(*leaf));
            let parts = [self.passed.parts(), part.parts()].concat();
            let computed = span_root(&parts);
            if let Some((root, manifest)) = roots.iter().find(|(root, _)| *root != computed) {
                fault.get_or_insert((*size, *root, computed, *manifest));
            }
        }
        self.passed.push(root.unwrap_or_else(|| tree_root(leaves)));
        if let Some((size, claimed, computed, manifest)) = fault {
            let detail = format!(
                "the log signed another tree of {size} entries, which manifest {manifest} embeds"
            );
            let evidence = Evidence::new()
                .with("manifest", manifest)
                .with("size", size)
                .with("claimed", claimed)
                .with("computed", computed);
            let code = CheckCode::IndexManifests;
            self.fail(code, Class::Inconsistent, detail, Some(evidence));
        }
    }
}
