//! Verification of an older checkpoint against a newer one, by a proof or by the log's tiles (RFC 6962 §2.1.2).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::proof::ConsistencyProof;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::Checkpoint;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::evidence::Evidence;
use crate::report::report::{Members, Question, Report};
use crate::report::words::{self, NO_FILE_MISSING, PROOF_WELL_FORMED, entries};
use crate::tiles::plan::ConsistencyPlan;
use crate::trust::policy::LogVerdict;
use crate::trust::trust_policy::{TrustPolicy, VerifiedCheckpoint};
use crate::verify::checkpoint_checks;
use crate::verify::options::Options;

const CONSISTENCY: &[(CheckCode, bool)] = &[
    (CheckCode::Policy, true),
    (CheckCode::Proof, true),
    (CheckCode::Files, true),
    (CheckCode::Checkpoint, true),
    (CheckCode::LogSignature, true),
    (CheckCode::Quorum, true),
    (CheckCode::Tree, true),
    (CheckCode::Consistency, true),
];

/// Verifies that `new` extends `old`, by a consistency proof: base64 hashes, one a line, as in tlog-witness
/// "add-checkpoint". The newer checkpoint must meet the policy; of the older the log's signature is enough.
#[must_use]
pub fn verify_consistency(
    old: &[u8],
    new: &[u8],
    proof: &[u8],
    policy: &[u8],
    options: Options,
) -> Report {
    let mut checks = Checks::planned(&plan(&options, &[CheckCode::Files, CheckCode::Tree]));
    let mut pair = Pair::default();
    if let Some(policy) = checkpoint_checks::read_policy(&mut checks, policy) {
        match ConsistencyProof::parse_lines(&String::from_utf8_lossy(proof)) {
            Ok(proof) => {
                checks.pass(CheckCode::Proof, PROOF_WELL_FORMED, None);
                let old = pair.judge_old(&mut checks, &policy, old);
                let malformed = Class::MalformedInput;
                let new = old
                    .and_then(|_| pair.judge_new(&mut checks, &policy, new, malformed, &options));
                if let (Some(old), Some(new)) = (old, new) {
                    compare(&mut checks, &old, &new.head(), &proof);
                }
            }
            Err(error) => {
                let detail = error.to_string();
                checks.malformed(
                    CheckCode::Proof,
                    Class::MalformedInput,
                    error.code(),
                    detail,
                );
            }
        }
    }
    pair.conclude(checks, &options)
}

fn plan(options: &Options, without: &[CheckCode]) -> Vec<(CheckCode, bool)> {
    let mut plan: Vec<_> = CONSISTENCY
        .iter()
        .copied()
        .filter(|(code, _)| !without.contains(code))
        .collect();
    plan.push((CheckCode::Freshness, options.max_checkpoint_age.is_some()));
    plan
}

/// Judges a claimed proof. A wrong proof shows nothing about the log; two roots for one size do. No proof can show that a
/// smaller head continues a larger one.
fn compare(checks: &mut Checks, old: &TreeHead, new: &TreeHead, proof: &ConsistencyProof) {
    if new.size < old.size {
        let detail = format!(
            "the newer checkpoint has {}, fewer than the {} of the older: the two may be swapped, or the log was rolled back",
            entries(new.size),
            old.size
        );
        let evidence = Some(heads(old, &new.root));
        return checks.unknown(CheckCode::Consistency, detail, evidence);
    }
    match proof.verify(old, new) {
        Ok(()) => extends(checks, old, new),
        Err(_) if old.size == new.size && old.root != new.root => {
            inconsistent(checks, old, &new.root)
        }
        Err(error) => {
            let detail = format!(
                "the proof does not show that the newer checkpoint extends the older: {error}"
            );
            checks.fail(
                CheckCode::Consistency,
                Class::False,
                detail,
                Some(heads(old, &new.root)),
            );
        }
    }
}

/// Records that one head is a prefix of another.
pub(crate) fn extends(checks: &mut Checks, old: &TreeHead, new: &TreeHead) {
    let detail = format!(
        "the first {} of {} are those of the older checkpoint",
        old.size,
        entries(new.size)
    );
    checks.pass(CheckCode::Consistency, detail, None);
}

/// Records that the log signed two trees.
pub(crate) fn inconsistent(checks: &mut Checks, old: &TreeHead, computed: &Hash) {
    let detail = format!(
        "the log signed two different trees for its first {}: both checkpoints together are the evidence",
        entries(old.size)
    );
    checks.fail(
        CheckCode::Consistency,
        Class::Inconsistent,
        detail,
        Some(heads(old, computed)),
    );
}

fn heads(old: &TreeHead, computed: &Hash) -> Evidence {
    Evidence::new()
        .with("size", old.size)
        .with("claimed", old.root)
        .with("computed", *computed)
}

/// Two checkpoints of one log.
#[derive(Default)]
struct Pair {
    old: Option<CheckpointSummary>,
    new: Option<CheckpointSummary>,
}

impl Pair {
    /// Judges the older checkpoint: the log's signature is enough evidence against the log, with or without cosignatures.
    fn judge_old(
        &mut self,
        checks: &mut Checks,
        policy: &TrustPolicy,
        bytes: &[u8],
    ) -> Option<TreeHead> {
        let old = match Checkpoint::parse(bytes) {
            Ok(old) => old,
            Err(error) => {
                let detail = format!("the older checkpoint: {error}");
                let code = CheckCode::Checkpoint;
                checks.malformed(code, Class::MalformedInput, error.code(), detail);
                return None;
            }
        };
        self.old = Some(CheckpointSummary::new(old.origin().as_str(), &old.head()));
        let code = CheckCode::LogSignature;
        match policy.log().judge_signature(&old) {
            LogVerdict::Signed(_) => return Some(old.head()),
            LogVerdict::BadSignature => {
                checks.fail(
                    code,
                    Class::False,
                    "the log's signature on the older checkpoint is wrong",
                    None,
                );
            }
            _ => checks.unknown(
                code,
                "no log in the trust policy signed the older checkpoint",
                None,
            ),
        }
        None
    }

    /// Judges the newer checkpoint by the whole policy; `malformed` is the class of one that breaks the format.
    fn judge_new(
        &mut self,
        checks: &mut Checks,
        policy: &TrustPolicy,
        bytes: &[u8],
        malformed: Class,
        options: &Options,
    ) -> Option<VerifiedCheckpoint> {
        let (summary, new) = checkpoint_checks::judge(checks, policy, bytes, malformed, options);
        self.new = summary;
        let new = new?;
        match &self.old {
            Some(old) if old.origin != new.origin().as_str() => {
                let detail = words::two_logs(&old.origin, new.origin().as_str());
                checks.unknown(CheckCode::Consistency, detail, None);
                None
            }
            _ => Some(new),
        }
    }

    fn conclude(self, checks: Checks, options: &Options) -> Report {
        let id = match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{} {}", old.size, new.size),
            _ => String::new(),
        };
        let members = Members {
            old: self.old,
            ..Members::default()
        };
        let query = Question::new("consistency", id);
        Report::conclude(options.now, query, self.new, checks, members, true)
    }
}

/// Verifies that a log extends an older checkpoint, by the log's own tiles.
pub struct ConsistencyQuery {
    policy: Option<TrustPolicy>,
    options: Options,
    checks: Checks,
    pair: Pair,
    old: Option<TreeHead>,
    stage: Stage,
    report: Option<Report>,
}

enum Stage {
    Checkpoint(Wave),
    Tiles(ConsistencyPlan, TreeHead, Wave),
    Done,
}

impl ConsistencyQuery {
    /// Compares `old`, a checkpoint seen before, with the log's newest.
    #[must_use]
    pub fn new(old: &[u8], policy: &[u8], options: Options) -> Self {
        let mut checks = Checks::planned(&plan(&options, &[CheckCode::Proof]));
        let policy = checkpoint_checks::read_policy(&mut checks, policy);
        let mut pair = Pair::default();
        let old = policy
            .as_ref()
            .and_then(|policy| pair.judge_old(&mut checks, policy, old));
        let stage = Stage::Checkpoint(Wave::of([LogFile::Checkpoint]));
        let mut query = Self {
            policy,
            options,
            checks,
            pair,
            old,
            stage,
            report: None,
        };
        if query.old.is_none() {
            query.conclude();
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            let path = path.to_string();
            return self.missing(&path);
        }
        let bytes = wave.take().into_values().next().unwrap_or_default();
        let (Some(policy), Some(old)) = (&self.policy, self.old) else {
            return self.conclude();
        };
        let new = self.pair.judge_new(
            &mut self.checks,
            policy,
            &bytes,
            Class::MalformedLog,
            &self.options,
        );
        let Some(head) = new.map(|new| new.head()) else {
            return self.conclude();
        };
        if head.size < old.size {
            let detail = format!(
                "the log shows {}, fewer than the {} of the older checkpoint: this copy is stale or was rolled back",
                entries(head.size),
                old.size
            );
            self.checks.unknown(
                CheckCode::Consistency,
                detail,
                Some(heads(&old, &head.root)),
            );
            return self.conclude();
        }
        match ConsistencyPlan::new(old.size, head) {
            Ok(plan) => {
                let wave = Wave::of(plan.tiles().iter().copied().map(LogFile::Tile));
                let ready = wave.needs().is_empty();
                self.stage = Stage::Tiles(plan, head, wave);
                if ready {
                    self.finish();
                }
            }
            Err(error) => {
                self.checks
                    .fail(CheckCode::Tree, Class::False, error.to_string(), None);
                self.conclude();
            }
        }
    }

    fn finish(&mut self) {
        let Stage::Tiles(plan, head, mut wave) = core::mem::replace(&mut self.stage, Stage::Done)
        else {
            return;
        };
        if let Some(path) = wave.missing() {
            let path = path.to_string();
            return self.missing(&path);
        }
        let Some(old) = self.old else {
            return self.conclude();
        };
        self.checks.pass(CheckCode::Files, NO_FILE_MISSING, None);
        match plan.finish(&wave::tiles(wave.take())) {
            Ok((computed, _)) => {
                self.checks.pass(
                    CheckCode::Tree,
                    "the hash tiles fold to the newer checkpoint's root",
                    None,
                );
                if computed.root == old.root {
                    extends(&mut self.checks, &old, &head);
                } else {
                    inconsistent(&mut self.checks, &old, &computed.root);
                }
            }
            Err(error) => self
                .checks
                .fail(CheckCode::Tree, Class::False, error.to_string(), None),
        }
        self.conclude();
    }

    fn missing(&mut self, path: &str) {
        checkpoint_checks::missing(&mut self.checks, path);
        self.conclude();
    }

    fn conclude(&mut self) {
        self.stage = Stage::Done;
        let checks = core::mem::replace(&mut self.checks, Checks::planned(&[]));
        self.report = Some(core::mem::take(&mut self.pair).conclude(checks, &self.options));
    }
}

impl Query for ConsistencyQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Tiles(_, _, wave) => wave.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Tiles(plan, head, mut wave) => {
                let over = wave.supply(path, bytes);
                self.stage = Stage::Tiles(plan, head, wave);
                if over {
                    self.finish();
                }
            }
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    fn progress(&self) -> Progress<'_> {
        let checks = self
            .report
            .as_ref()
            .map_or(self.checks.as_slice(), |report| &report.checks);
        Progress {
            checks,
            ..Progress::default()
        }
    }
}
