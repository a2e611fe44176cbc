//! The rotation that ends a key of a log: the statement in the log, and the last tree that the key signed
//! (`docs/formats/trust-policy.md`, "Rotation").
//!
//! The old key, and the quorum of the reader's policy, vouch for that tree. The tiles under the log's newest checkpoint show
//! that the tree is a beginning of it, so their entries are those that the old key signed; the newest checkpoint itself
//! need not be trusted.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::event::event;
use crate::event::log_key::log_key_id;
use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::tree::{Subtree, TreeHead};
use crate::note::checkpoint::Checkpoint;
use crate::note::key::VerifierKey;
use crate::note::note::KeyVerdict;
use crate::note::signed_checkpoint::judge_lines;
use crate::report::check::Class;
use crate::report::report::Report;
use crate::report::words;
use crate::rules::keyring::Keyring;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::{ConsistencyPlan, TilePlan};
use crate::tiles::tile::TileError;
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::entry_proof::prove_entry;

/// A rotation that holds for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key that signs trees up to `size`.
    pub old: VerifierKey,
    /// The key that signs trees from `size` on.
    pub new: VerifierKey,
    /// The size at which both signed.
    pub size: u64,
    /// The reason, for people.
    pub reason: String,
    /// The ids of the admins who signed.
    pub admins: Vec<String>,
    /// Number of admins who have to sign.
    pub threshold: usize,
    /// Leaf hash of entry 0, which names the admins.
    pub genesis: Hash,
    /// Returns true if the reader's policy pins that entry.
    pub is_pinned: bool,
    /// The ground on which the admins whom that entry names are accepted.
    pub basis: Basis,
    /// The time that the quorum confirms for the tree of that size.
    pub time: Option<u64>,
}

/// The ground on which a reader accepts the admins of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The reader's policy pins the genesis or asks for witnesses. A thief of the log's key has neither.
    #[default]
    Policy,
    /// The signature of the key that ends is enough, although a thief of that key can begin the log anew with other admins.
    LogKey,
}

/// The reason why a rotation does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationFault {
    /// The class, from which the exit code follows.
    pub class: Class,
    /// The stable code.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
}

/// A search for the rotation that ends one key.
pub struct RotationQuery {
    old: VerifierKey,
    policy: TrustPolicy,
    /// The log's newest head.
    head: TreeHead,
    now: u64,
    basis: Basis,
    stage: Stage,
}

enum Stage {
    Last(Wave),
    Entries(Box<Plan>, Wave),
    Done(Box<Result<Option<Rotation>, RotationFault>>),
}

/// The last tree of the old key, and the tiles that lead to its entries.
struct Plan {
    last: Checkpoint,
    time: Option<u64>,
    tiles: TilePlan,
    /// `None` if the newest tree is that tree.
    prefix: Option<ConsistencyPlan>,
}

impl RotationQuery {
    /// Looks for the end of the key `old` in the log with the newest head `head`, by the policy of the reader.
    #[must_use]
    pub fn new(old: VerifierKey, policy: TrustPolicy, head: TreeHead, now: u64) -> Self {
        let stage = Stage::Last(Wave::of([LogFile::LogKey(old.id())]));
        Self {
            old,
            policy,
            head,
            now,
            basis: Basis::default(),
            stage,
        }
    }

    /// Accepts the admins on this ground.
    #[must_use]
    pub fn on(self, basis: Basis) -> Self {
        Self { basis, ..self }
    }

    /// The rotation, once no more files are needed; `None` in it if the log states no end of the key.
    #[must_use]
    pub fn outcome(&self) -> Option<&Result<Option<Rotation>, RotationFault>> {
        match &self.stage {
            Stage::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Judges the last tree that the old key signed, and plans for the two entries.
    fn plan(&self, bytes: &[u8]) -> Result<Stage, RotationFault> {
        let path = LogFile::LogKey(self.old.id()).path();
        let last = Checkpoint::parse(bytes).map_err(|error| RotationFault {
            class: Class::MalformedLog,
            code: error.code(),
            detail: format!("`{path}`: {error}"),
        })?;
        let (verdict, verified) = self.policy.verify_log(&last, self.now);
        if verdict.is_false() || judge_lines(&last, &self.old) == KeyVerdict::BadSignature {
            let detail = format!("`{path}` has a false signature");
            return Err(wrong("rotation-head-false", detail));
        }
        let is_by_old = judge_lines(&last, &self.old) == KeyVerdict::Signed;
        let Some(verified) = verified.filter(|_| is_by_old) else {
            let detail = match is_by_old {
                true => format!(
                    "the trust policy does not accept `{path}`: {}",
                    verdict.needs
                ),
                false => format!("the key that ends did not sign `{path}`"),
            };
            return Err(undecided("rotation-head-not-trusted", detail));
        };
        let head = last.head();
        let size = head.size;
        if size > self.head.size {
            let shown = words::entries(self.head.size);
            let detail = format!("the log shows {shown}, but `{path}` has size {size}");
            return Err(undecided("rotation-log-too-small", detail));
        }
        let Some(index) = size.checked_sub(1) else {
            return Err(wrong(
                "rotation-missing",
                format!("`{path}` is of an empty tree"),
            ));
        };
        let wanted = [0, index].map(|index| Subtree { level: 0, index });
        let tiles = TilePlan::new(self.head, &wanted).map_err(false_tile)?;
        let prefix = match size == self.head.size {
            true => None,
            false => Some(ConsistencyPlan::new(size, self.head).map_err(false_tile)?),
        };
        let further = prefix.iter().flat_map(|plan| plan.tiles());
        let mut files = BTreeSet::new();
        files.extend(
            tiles
                .tiles()
                .iter()
                .chain(further)
                .copied()
                .map(LogFile::Tile),
        );
        let bundles = [0, index].map(|index| EntryBundle::containing(index, self.head.size));
        files.extend(bundles.into_iter().flatten().map(LogFile::Bundle));
        let plan = Plan {
            last,
            time: verified.time(),
            tiles,
            prefix,
        };
        Ok(Stage::Entries(Box::new(plan), Wave::of(files)))
    }

    fn judge(&self, plan: &Plan, mut wave: Wave) -> Result<Rotation, RotationFault> {
        if let Some(path) = wave.missing() {
            return Err(RotationFault {
                class: Class::Unfinished,
                code: "missing-file",
                detail: words::missing(path),
            });
        }
        let files = wave.take();
        let bundle_of = |index: u64| {
            let bundle = EntryBundle::containing(index, self.head.size)?;
            let bytes = files.get(&LogFile::Bundle(bundle))?;
            Some((bundle, bytes.clone()))
        };
        let last = plan.last.head();
        let index = last.size.saturating_sub(1);
        let bundles = [0, index].map(bundle_of);
        let tiles = wave::tiles(files);
        let root = match &plan.prefix {
            None => self.head.root,
            Some(prefix) => prefix.finish(&tiles).map_err(false_tile)?.0.root,
        };
        if root != last.root {
            let detail =
                "the newest tree of the log does not continue the last one that the old key signed";
            return Err(wrong("rotation-tree-differs", detail));
        }
        let tiles = plan.tiles.finish(&tiles).map_err(false_tile)?;
        let entry = |at: usize, index: u64| {
            let (bundle, bytes) = bundles.get(at)?.as_ref()?;
            Some(prove_entry(&tiles, *bundle, bytes, index))
        };
        let (Some(first), Some(statement)) = (entry(0, 0), entry(1, index)) else {
            let detail = "the log's files have no such entry";
            return Err(wrong("rotation-missing", detail));
        };
        let differs = |fault: crate::verify::entry_proof::Fault| {
            wrong("rotation-entry-differs", fault.detail())
        };
        let (genesis, first) = first.map_err(differs)?;
        let (_, statement) = statement.map_err(differs)?;
        let origin = plan.last.origin().as_str();
        let pin = self.policy.genesis(origin);
        if pin.is_some_and(|pin| pin != genesis) {
            let detail = "the genesis of the log is not the one that the trust policy pins";
            return Err(wrong("rotation-other-genesis", detail));
        }
        let basis = match pin.is_some() || self.policy.log().requires_witnesses() {
            true => Basis::Policy,
            false => Basis::LogKey,
        };
        if (basis, self.basis) == (Basis::LogKey, Basis::Policy) {
            let detail = format!(
                "only the key that ends vouches for the genesis `{genesis}` and its admins: the trust policy neither pins a genesis nor asks for witnesses"
            );
            return Err(undecided("rotation-genesis-unpinned", detail));
        }
        let parsed = |bytes: &[u8]| {
            event::parse(bytes).map_err(|error| wrong(error.code(), error.to_string()))
        };
        let keyring = Keyring::from_genesis(origin, &parsed(&first)?)
            .map_err(|error| wrong(error.code(), error.to_string()))?;
        let statement = parsed(&statement)?;
        let event = keyring
            .check_rotation(index, &statement, &self.old)
            .map_err(|error| wrong(error.code(), error.to_string()))?;
        if judge_lines(&plan.last, &event.new) != KeyVerdict::Signed {
            let detail = format!("the new key did not sign the tree of size {}", last.size);
            return Err(wrong("rotation-not-by-new-key", detail));
        }
        let old = log_key_id(&self.old);
        let signatures = statement.envelope.signatures().iter();
        let admins = signatures.map(|signature| signature.keyid.clone());
        let admins = admins.filter(|keyid| *keyid != old && keyring.is_admin(keyid));
        Ok(Rotation {
            old: self.old.clone(),
            new: event.new.clone(),
            size: last.size,
            reason: event.reason.clone(),
            admins: admins.collect(),
            threshold: keyring.genesis().threshold,
            genesis,
            is_pinned: pin.is_some(),
            basis,
            time: plan.time,
        })
    }
}

/// It has no report, because it judges nothing about an artifact.
impl Query for RotationQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Last(wave) | Stage::Entries(_, wave) => wave.needs(),
            Stage::Done(_) => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        let (Stage::Last(wave) | Stage::Entries(_, wave)) = &mut self.stage else {
            return;
        };
        if !wave.supply(path, bytes) {
            return;
        }
        let stage = core::mem::replace(&mut self.stage, Stage::Last(Wave::default()));
        self.stage = match stage {
            Stage::Last(mut wave) => match wave.take().into_values().next() {
                None => done(Ok(None)),
                Some(bytes) => self.plan(&bytes).unwrap_or_else(|fault| done(Err(fault))),
            },
            Stage::Entries(plan, wave) => done(self.judge(&plan, wave).map(Some)),
            over @ Stage::Done(_) => over,
        };
    }

    fn report(&self) -> Option<&Report> {
        None
    }

    fn progress(&self) -> Progress<'_> {
        Progress::default()
    }
}

fn done(outcome: Result<Option<Rotation>, RotationFault>) -> Stage {
    Stage::Done(Box::new(outcome))
}

fn wrong(code: &'static str, detail: impl Into<String>) -> RotationFault {
    RotationFault {
        class: Class::False,
        code,
        detail: detail.into(),
    }
}

fn undecided(code: &'static str, detail: String) -> RotationFault {
    RotationFault {
        class: Class::Undecided,
        code,
        detail,
    }
}

fn false_tile(error: TileError) -> RotationFault {
    wrong(error.code(), error.to_string())
}
