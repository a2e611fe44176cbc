//! The complete history of an artifact, an actor or a key: every event about it, and proof that none is missing.
//!
//! The query reads the whole log once ([`crate::scan`]), finds the events that carry the keys asked for, follows valid
//! registrations from names to digests and back until nothing new appears, and judges each event's signature by the
//! keys valid at its position. Where an index vouches for the positions, it takes the place of the scan; all that
//! follows stays the same.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::artifact::{ArtifactError, ArtifactQuery};
use crate::entry::Fault;
use crate::event::{self, ParsedEntry};
use crate::fetch::{Progress, Query, Resource, Wave};
use crate::findings::{judge_all, registrations};
use crate::hash::Hash;
use crate::head::{self, Options, Require, entries};
use crate::index_key::{KeyKind, LookupKey, keys_of};
use crate::limits::MAX_LINKED_KEYS;
use crate::positions::Positions;
use crate::report::{
    CheckCode, CheckpointSummary, Checks, Evidence, FileEvents, Members, Question, Report,
};
use crate::scan::{Scan, ScanStep};
use crate::tile::EntryBundle;
use crate::trust::TrustPolicy;

/// A history under way; see the module.
pub struct HistoryQuery {
    subject: Subject,
    policy: Option<TrustPolicy>,
    options: Options,
    /// Look up one key only, and follow no registration.
    exact: bool,
    checks: Checks,
    checkpoint: Option<CheckpointSummary>,
    stage: Stage,
    positions: Positions,
    /// Keys that are looked up, in the order in which they appeared.
    keys: Vec<LookupKey>,
    /// How many of `keys` were looked up.
    looked_up: usize,
    events: BTreeMap<u64, (Hash, ParsedEntry)>,
    report: Option<Report>,
}

/// What the history is about.
enum Subject {
    /// One artifact, actor or key.
    One(LookupKey),
    /// Files, by digest: each must have an event.
    Files(Vec<String>),
}

enum Stage {
    Checkpoint(Wave),
    Scan(Scan),
    /// Entries whose keys became interesting after the scan had passed them.
    Entries(Scan, Wave),
    Done,
}

impl HistoryQuery {
    /// The history of `artifact` (`docs/cli.md`, ARTIFACT); `exact` looks up that one key and follows nothing.
    ///
    /// # Errors
    /// [`ArtifactError`] if `artifact` is not of any known form, or is a path: the caller hashes files.
    pub fn new(
        artifact: &str,
        policy: &[u8],
        options: Options,
        exact: bool,
    ) -> Result<Self, ArtifactError> {
        let key = ArtifactQuery::parse(artifact)?.into_key()?;
        let exact = exact || matches!(key.kind, KeyKind::Actor | KeyKind::SigningKey);
        Ok(Self::start(Subject::One(key), policy, options, exact))
    }

    /// The events about files with these digests, `sha256:` and hex each. Every file must have one.
    #[must_use]
    pub fn of_files(digests: &[String], policy: &[u8], options: Options) -> Self {
        Self::start(Subject::Files(digests.to_vec()), policy, options, true)
    }

    /// The verdict, once nothing more is needed.
    #[must_use]
    pub fn into_report(self) -> Option<Report> {
        self.report
    }

    fn start(subject: Subject, policy: &[u8], options: Options, exact: bool) -> Self {
        let default = match subject {
            Subject::One(_) => Require::Complete,
            Subject::Files(_) => Require::Included,
        };
        let complete = options.require.unwrap_or(default) == Require::Complete;
        let mut checks = Checks::planned(&[
            (CheckCode::Policy, true),
            (CheckCode::Files, true),
            (CheckCode::Checkpoint, true),
            (CheckCode::LogSignature, true),
            (CheckCode::Quorum, true),
            (CheckCode::Tree, true),
            (CheckCode::Entries, true),
            (CheckCode::Genesis, true),
            (CheckCode::Coverage, complete),
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, true),
            (CheckCode::Registrations, false),
            (CheckCode::Freshness, options.max_checkpoint_age.is_some()),
        ]);
        let keys = match &subject {
            Subject::One(key) => vec![key.clone()],
            Subject::Files(digests) => {
                let mut keys: Vec<LookupKey> = Vec::new();
                for digest in digests {
                    let key = LookupKey::new(KeyKind::Digest, digest.as_str());
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                keys
            }
        };
        let policy = head::read_policy(&mut checks, policy);
        let mut query = Self {
            subject,
            options,
            exact,
            checks,
            checkpoint: None,
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            positions: Positions::default(),
            looked_up: keys.len(),
            keys,
            events: BTreeMap::new(),
            report: None,
            policy,
        };
        if query.policy.is_none() {
            query.conclude(None);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None);
        }
        let Some(policy) = &self.policy else { return };
        let bytes = wave.take().into_values().next().unwrap_or_default();
        let (summary, verified) = head::judge(&mut self.checks, policy, &bytes, &self.options);
        self.checkpoint = summary;
        let Some(verified) = verified else {
            return self.conclude(None);
        };
        self.positions = Positions::default();
        match Scan::new(
            verified.origin().as_str(),
            verified.head(),
            policy.genesis(),
        ) {
            Ok(scan) if scan.is_done() => {
                // An empty log has no genesis to ask for.
                self.checks.require(CheckCode::Genesis, false);
                self.conclude(Some(&scan));
            }
            Ok(scan) => self.stage = Stage::Scan(scan),
            Err(error) => {
                ScanStep::Tree(error).settle(&mut self.checks);
                self.conclude(None);
            }
        }
    }

    fn supply_scan(&mut self, mut scan: Scan, path: &str, bytes: Option<Vec<u8>>) {
        let (positions, keys, events) = (&mut self.positions, &self.keys, &mut self.events);
        let step = scan.supply(path, bytes, &mut |entry, _| {
            let found = keys_of(entry.parsed.as_ref());
            positions.add(entry.index, &found);
            if let Some(parsed) = &entry.parsed
                && keys.iter().any(|key| found.contains(key))
            {
                events.insert(entry.index, (entry.leaf_hash, parsed.clone()));
            }
        });
        match step {
            ScanStep::More => self.stage = Stage::Scan(scan),
            ScanStep::Done => {
                self.positions.seal();
                self.follow(scan);
            }
            fault => {
                fault.settle(&mut self.checks);
                self.conclude(None);
            }
        }
    }

    /// Takes in what valid registrations link to the keys so far, and asks for the entries that this makes interesting.
    fn follow(&mut self, scan: Scan) {
        if !self.exact {
            for (index, (_, parsed)) in &self.events {
                if !scan.replay().is_valid(*index, parsed) {
                    continue;
                }
                for (name, digest) in registrations(parsed) {
                    let digest = format!("sha256:{digest}");
                    for key in [
                        LookupKey::new(KeyKind::Version, name),
                        LookupKey::new(KeyKind::Digest, digest),
                    ] {
                        if self.keys.len() < MAX_LINKED_KEYS && !self.keys.contains(&key) {
                            self.keys.push(key);
                        }
                    }
                }
            }
        }
        let new = self.keys.get(self.looked_up..).unwrap_or_default();
        let indices = new
            .iter()
            .flat_map(|key| self.positions.of(key))
            .filter(|index| !self.events.contains_key(index));
        let size = self
            .checkpoint
            .as_ref()
            .map_or(0, |checkpoint| checkpoint.size);
        let bundles: BTreeSet<EntryBundle> = indices
            .filter_map(|index| EntryBundle::containing(index, size))
            .collect();
        self.looked_up = self.keys.len();
        if bundles.is_empty() {
            self.conclude(Some(&scan));
        } else {
            self.stage = Stage::Entries(scan, Wave::of(bundles.into_iter().map(Resource::Bundle)));
        }
    }

    fn read_entries(&mut self, scan: Scan, mut wave: Wave) {
        if let Some(path) = wave.missing() {
            head::missing(&mut self.checks, path);
            return self.conclude(None);
        }
        for (resource, bytes) in wave.take() {
            let Resource::Bundle(bundle) = resource else {
                continue;
            };
            match scan.trunk().verify_bundle(bundle, &bytes) {
                Ok(entries) => {
                    for (index, leaf_hash, bytes) in entries.iter() {
                        let Ok(parsed) = event::parse(bytes) else {
                            continue;
                        };
                        let found = keys_of(Some(&parsed));
                        if self.keys.iter().any(|key| found.contains(key)) {
                            self.events.insert(index, (leaf_hash, parsed));
                        }
                    }
                }
                Err(error) => {
                    ScanStep::Entries(Fault::Bundle(bundle, error)).settle(&mut self.checks);
                    return self.conclude(None);
                }
            }
        }
        self.follow(scan);
    }
}

impl HistoryQuery {
    /// Draws the verdict; `scan` is there once every entry was read and every file had.
    fn conclude(&mut self, scan: Option<&Scan>) {
        self.stage = Stage::Done;
        let mut members = Members {
            keys: Some(self.keys.iter().map(question).collect()),
            ..Members::default()
        };
        let mut evidence = false;
        if let Some(scan) = scan {
            let replay = scan.replay();
            self.checks.pass(
                CheckCode::Files,
                "every file that was needed is there",
                None,
            );
            self.checks.pass(
                CheckCode::Tree,
                "the hash tiles fold to the checkpoint's root",
                None,
            );
            self.checks.pass(
                CheckCode::Entries,
                format!("{} hash to their places in the tree", entries(scan.read())),
                None,
            );
            replay.judge_genesis(&mut self.checks);
            self.judge_coverage(scan.read());
            replay.judge_readable(&mut self.checks);
            let events = core::mem::take(&mut self.events);
            evidence = match &self.subject {
                Subject::One(_) => !events.is_empty(),
                Subject::Files(digests) => {
                    let files: Vec<FileEvents> = digests
                        .iter()
                        .map(|digest| file_events(digest, &events))
                        .collect();
                    let all = !files.is_empty() && files.iter().all(|file| !file.events.is_empty());
                    members.files = Some(files);
                    all
                }
            };
            members.events = Some(judge_all(replay, events, &mut self.checks));
            members.unreadable = Some(replay.unreadable());
        } else {
            members.events = Some(Vec::new());
            members.unreadable = Some(0);
        }
        let checks = core::mem::replace(&mut self.checks, Checks::planned(&[]));
        let question = match &self.subject {
            Subject::One(key) => question(key),
            Subject::Files(digests) => Question {
                kind: "file",
                id: digests.join(" "),
            },
        };
        let checkpoint = self.checkpoint.take();
        self.report = Some(Report::conclude(
            self.options.now,
            question,
            checkpoint,
            checks,
            members,
            evidence,
        ));
    }

    fn judge_coverage(&mut self, read: u64) {
        let code = CheckCode::Coverage;
        if self.keys.len() >= MAX_LINKED_KEYS {
            let detail = format!(
                "registrations link {MAX_LINKED_KEYS} keys or more; only these were looked up"
            );
            return self.checks.unknown(code, detail, None);
        }
        let detail = format!("a full scan of {} up to the checkpoint", entries(read));
        self.checks.pass(
            code,
            detail,
            Some(
                Evidence::new()
                    .with("method", "full-scan")
                    .with("upTo", read),
            ),
        );
    }
}

fn question(key: &LookupKey) -> Question {
    Question {
        kind: key.kind.as_str(),
        id: key.id.clone(),
    }
}

fn file_events(digest: &str, events: &BTreeMap<u64, (Hash, ParsedEntry)>) -> FileEvents {
    let key = LookupKey::new(KeyKind::Digest, digest);
    let about = events
        .iter()
        .filter(|(_, (_, parsed))| keys_of(Some(parsed)).contains(&key));
    FileEvents {
        digest: digest.to_string(),
        events: about.map(|(index, _)| *index).collect(),
    }
}

impl Query for HistoryQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Entries(_, wave) => wave.needs(),
            Stage::Scan(scan) => scan.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Scan(scan) => self.supply_scan(scan, path, bytes),
            Stage::Entries(scan, mut wave) => match wave.supply(path, bytes) {
                true => self.read_entries(scan, wave),
                false => self.stage = Stage::Entries(scan, wave),
            },
            Stage::Done => {}
        }
    }

    fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    fn progress(&self) -> Progress<'_> {
        let (done, total) = match &self.stage {
            Stage::Scan(scan) | Stage::Entries(scan, _) => (scan.read(), scan.size()),
            Stage::Checkpoint(_) | Stage::Done => (0, 0),
        };
        let checks = self
            .report
            .as_ref()
            .map_or(self.checks.as_slice(), |report| &report.checks);
        Progress {
            done,
            total,
            checks,
        }
    }
}
