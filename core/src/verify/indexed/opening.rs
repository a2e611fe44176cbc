//! From a log's checkpoint and the proof of a manifest to an index that may be asked (`docs/formats/index.md`, "What each
//! party checks"): both judged by the trust policy, and bound to one tree by tiles.
//!
//! A reader whose policy names auditors begins with the newest manifest that they vouch for, any other reader with the
//! newest one. Where that proof is missing, the other one is asked for: a bundle holds only one of the two.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::index::format::file::LATEST_PATH;
use crate::index::format::map::MapFunction;
use crate::index::read::vouched::{
    BindPlan, IndexProof, IndexVerdict, VouchError, VouchedManifest,
};
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::words::entries;
use crate::tiles::lookup_tiles::LookupTiles;
use crate::trust::policy::LogVerdict;
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};
use crate::verify::checkpoint_checks;
use crate::verify::scan::ScanStep;
use crate::verify::verification::Verification;

use super::IndexedLog;

/// The first files of a verification by an index, under way.
pub(crate) struct Opening {
    /// The checkpoint, where it was verified before.
    verified: Option<VerifiedCheckpoint>,
    checkpoint: Wave,
    manifest: Wave,
    /// The proof to ask for if the first one is missing.
    other: Option<LogFile>,
    binding: Option<Binding>,
}

struct Binding {
    verified: VerifiedCheckpoint,
    plan: BindPlan,
    lookup_tiles: LookupTiles,
    wave: Wave,
    /// True if the log is to be read whole: of the manifest, only a checkpoint inside it that contradicts the log's matters.
    scans: bool,
}

/// Result of a step of an opening.
pub(crate) enum Opened {
    More,
    /// It cannot go on, and the checks say why.
    Stopped,
    /// No auditor vouches for the index, and the log is within the reading budget: it is to be read whole.
    Scan(VerifiedCheckpoint),
    Index(Box<IndexedLog>),
}

impl Opening {
    /// Asks for the checkpoint and a manifest.
    pub(crate) fn new(verification: &Verification) -> Self {
        let audit = verification.policy().and_then(TrustPolicy::audit);
        let (first, other) = match audit {
            Some(_) => (LogFile::AuditedManifest, LogFile::LatestManifest),
            None => (LogFile::LatestManifest, LogFile::AuditedManifest),
        };
        Self {
            verified: None,
            checkpoint: Wave::of([LogFile::Checkpoint]),
            manifest: Wave::of([first]),
            other: Some(other),
            binding: None,
        }
    }

    /// Asks for a manifest; the checkpoint was verified before.
    pub(crate) fn after(verification: &Verification, verified: VerifiedCheckpoint) -> Self {
        Self {
            verified: Some(verified),
            checkpoint: Wave::default(),
            ..Self::new(verification)
        }
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        match &self.binding {
            Some(binding) => binding.wave.needs(),
            None => [self.checkpoint.needs(), self.manifest.needs()].concat(),
        }
    }

    pub(crate) fn supply(
        &mut self,
        verification: &mut Verification,
        path: &str,
        bytes: Option<Vec<u8>>,
    ) -> Opened {
        if let Some(mut binding) = self.binding.take() {
            if binding.wave.supply(path, bytes) {
                return binding.finish(verification);
            }
            self.binding = Some(binding);
            return Opened::More;
        }
        // Both are awaited, so that which of two failures is told does not depend on what comes first.
        let wave = if self.checkpoint.needs().iter().any(|need| need == path) {
            &mut self.checkpoint
        } else {
            &mut self.manifest
        };
        wave.supply(path, bytes);
        if self.manifest.missing().is_some()
            && let Some(other) = self.other.take()
        {
            self.manifest = Wave::of([other]);
        }
        if !self.needs().is_empty() {
            return Opened::More;
        }
        // Both are judged, whatever is wrong with the other: a false signature of the index does not hide behind a checkpoint
        // that is missing.
        let vouched = self.vouch(verification);
        let verified = match self.verified.take() {
            Some(verified) => verified,
            None => match verification.read_checkpoint(&mut self.checkpoint) {
                Some(verified) => verified,
                None => return Opened::Stopped,
            },
        };
        let is_audited = vouched.as_ref().is_some_and(VouchedManifest::is_audited);
        let scans = !is_audited && verification.may_scan(verified.head().size);
        if !is_audited && !scans {
            verification.do_without_audit();
        }
        match vouched.and_then(|vouched| bind(verification, verified.clone(), vouched)) {
            Some(mut binding) => {
                binding.scans = scans;
                if binding.wave.needs().is_empty() {
                    return binding.finish(verification);
                }
                self.binding = Some(binding);
                Opened::More
            }
            None if scans => Opened::Scan(verified),
            None => Opened::Stopped,
        }
    }

    /// Judges the manifest.
    fn vouch(&mut self, verification: &mut Verification) -> Option<VouchedManifest> {
        if self.manifest.missing().is_some() {
            // The log has neither proof: its index is missing.
            checkpoint_checks::missing(&mut verification.checks, LATEST_PATH);
            return None;
        }
        let (file, proof) = self.manifest.take().pop_first()?;
        vouch(verification, file, &proof)
    }
}

/// Plans to show that a manifest is about the log of the checkpoint.
fn bind(
    verification: &mut Verification,
    verified: VerifiedCheckpoint,
    vouched: VouchedManifest,
) -> Option<Binding> {
    let checks = &mut verification.checks;
    let lookup_tiles = match LookupTiles::new(verified.head()) {
        Ok(lookup_tiles) => lookup_tiles,
        Err(error) => {
            ScanStep::Tree(error).record(checks);
            return None;
        }
    };
    match vouched.bind(&verified) {
        Ok(plan) => {
            // The edge of the log's own tree comes with them: what is read later needs it.
            let mut tiles = lookup_tiles.tiles_for(&[]);
            tiles.extend(plan.tiles());
            let wave = Wave::of(tiles.into_iter().map(LogFile::Tile));
            Some(Binding {
                verified,
                plan,
                lookup_tiles,
                wave,
                scans: false,
            })
        }
        Err(error) => {
            let evidence = Evidence::new().with("error", error.code());
            let code = CheckCode::IndexManifest;
            checks.unknown(code, error.to_string(), Some(evidence));
            None
        }
    }
}

/// Judges a manifest, and records each check.
fn vouch(verification: &mut Verification, file: LogFile, proof: &[u8]) -> Option<VouchedManifest> {
    let now = verification.now();
    let (policy, checks) = verification.parts();
    let manifest = match file {
        LogFile::AuditedManifest => "audited manifest",
        _ => "newest manifest",
    };
    let proof = match IndexProof::parse(proof) {
        Ok(proof) => proof,
        Err(error) => {
            let detail = format!("the proof of the {manifest}: {error}");
            let code = CheckCode::IndexProof;
            checks.malformed(code, Class::MalformedLog, error.code(), detail);
            return None;
        }
    };
    let detail = format!("the proof of the {manifest} is well formed");
    checks.pass(CheckCode::IndexProof, detail, None);
    let covered = proof.manifest().map(|manifest| manifest.head().size);
    let origin = proof.proof().checkpoint().origin().as_str().to_string();
    let (verdict, vouched) = proof.vouch(policy?, MapFunction::AccessV2, now);
    signatures(checks, &verdict, &origin);
    match vouched {
        Ok(vouched) => {
            let covered = entries(covered.unwrap_or(0));
            let detail = format!("the manifest is in the index, and about {covered} of this log");
            checks.pass(CheckCode::IndexManifest, detail, None);
            Some(vouched)
        }
        Err(error) => {
            refuse(checks, &verdict, &error);
            None
        }
    }
}

/// Records the signatures on the checkpoint of the index.
fn signatures(checks: &mut Checks, verdict: &IndexVerdict, origin: &str) {
    let Some(index) = &verdict.index else {
        return;
    };
    checkpoint_checks::log_signature(checks, CheckCode::IndexSignature, index, origin);
    // A quorum over a head that the index did not sign says nothing about this index.
    if !matches!(index.log, LogVerdict::Signed(_)) {
        return;
    }
    checkpoint_checks::quorum(checks, CheckCode::IndexQuorum, index);
    match &verdict.audit {
        Some(audit) if matches!(audit.log, LogVerdict::Signed(_)) => {
            checkpoint_checks::quorum(checks, CheckCode::IndexAudit, audit);
        }
        Some(audit) => {
            checkpoint_checks::log_signature(checks, CheckCode::IndexAudit, audit, origin)
        }
        None => {}
    }
}

/// Records why no trusted key vouches for a manifest.
fn refuse(checks: &mut Checks, verdict: &IndexVerdict, error: &VouchError) {
    let code = CheckCode::IndexManifest;
    let evidence = Some(Evidence::new().with("error", error.code()));
    match error {
        // Told by the checks of the signatures.
        VouchError::NoIndexPolicy | VouchError::IndexNotAccepted | VouchError::AuditNotAccepted => {
        }
        VouchError::NotIncluded(_) => {
            checks.fail(code, Class::False, error.to_string(), evidence);
        }
        VouchError::Manifest(error) if !error.is_unknown() => {
            let detail = format!("the index holds a manifest that breaks the rules: {error}");
            checks.fail(code, Class::False, detail, evidence);
        }
        VouchError::Unsigned if verdict.embedded == Some(LogVerdict::BadSignature) => {
            let detail = "the log's signature on the checkpoint inside the manifest is wrong";
            checks.fail(code, Class::False, detail, evidence);
        }
        _ => checks.unknown(code, error.to_string(), evidence),
    }
}

impl Binding {
    /// Checks the tiles, and that the manifest and the checkpoint are of one tree.
    fn finish(mut self, verification: &mut Verification) -> Opened {
        if self.scans {
            return self.finish_before_scan(verification);
        }
        let Some(files) = verification.files(&mut self.wave) else {
            return Opened::Stopped;
        };
        let checks = &mut verification.checks;
        let tiles = wave::tiles(files);
        let edge = self.lookup_tiles.tiles_for(&[]);
        let mut own = tiles.clone();
        own.retain(|tile, _| edge.contains(tile));
        if let Err(error) = self.lookup_tiles.supply(&own) {
            ScanStep::Tree(error).record(checks);
            return Opened::Stopped;
        }
        match self.plan.finish(&tiles) {
            Ok(index) => {
                let detail = "the checkpoint inside the manifest and the log's are of one tree";
                checks.pass(CheckCode::IndexConsistency, detail, None);
                let origin = self.verified.origin().as_str();
                let policy = verification.policy();
                let pin = policy.and_then(|policy| policy.genesis(origin));
                Opened::Index(Box::new(IndexedLog::new(
                    index,
                    self.lookup_tiles,
                    origin,
                    pin,
                    verification.accepts_index(),
                )))
            }
            Err(error) => {
                contradict(checks, &error);
                Opened::Stopped
            }
        }
    }
}

impl Binding {
    /// Checks that the log did not sign another tree, in the checkpoint inside the manifest. Whatever else is wrong, the scan
    /// finds out.
    fn finish_before_scan(mut self, verification: &mut Verification) -> Opened {
        if self.wave.missing().is_some() {
            return Opened::Scan(self.verified);
        }
        match self.plan.finish(&wave::tiles(self.wave.take())) {
            Err(error @ VouchError::Inconsistent { .. }) => {
                contradict(&mut verification.checks, &error);
                Opened::Stopped
            }
            _ => Opened::Scan(self.verified),
        }
    }
}

/// Records why the manifest and the checkpoint are not of one tree.
fn contradict(checks: &mut Checks, error: &VouchError) {
    let code = CheckCode::IndexConsistency;
    match error {
        VouchError::Inconsistent { claimed, computed } => {
            let evidence = Evidence::new()
                .with("size", claimed.size)
                .with("claimed", claimed.root)
                .with("computed", computed.root);
            let detail = format!(
                "the log signed two different trees for its first {}: its checkpoint and the one inside the manifest are the evidence",
                entries(claimed.size)
            );
            checks.fail(code, Class::Inconsistent, detail, Some(evidence));
        }
        error => {
            let evidence = Evidence::new().with("error", error.code());
            checks.fail(code, Class::False, error.to_string(), Some(evidence));
        }
    }
}
