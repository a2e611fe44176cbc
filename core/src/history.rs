//! The complete history of an artifact, an actor or a key: every event about it, and proof that none is missing.
//!
//! The query reads the whole log once (`scan`), finds the events that carry the keys asked for, follows valid
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
use crate::head::{Options, Require};
use crate::index_key::{KeyKind, LookupKey, keys_of};
use crate::inquiry::Inquiry;
use crate::limits::MAX_LINKED_KEYS;
use crate::positions::Positions;
use crate::report::{CheckCode, FileEvents, Members, Question, Report};
use crate::scan::{Scan, ScanStep};
use crate::tile::EntryBundle;

/// A history under way; see the module.
pub struct HistoryQuery {
    inquiry: Inquiry,
    subject: Subject,
    /// Look up one key only, and follow no registration.
    exact: bool,
    stage: Stage,
    positions: Positions,
    /// Keys that are looked up, in the order in which they appeared.
    keys: Vec<LookupKey>,
    /// How many of `keys` were looked up.
    looked_up: usize,
    /// Whether registrations link more keys than are followed.
    overflow: bool,
    events: BTreeMap<u64, (Hash, ParsedEntry)>,
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
        self.inquiry.into_report()
    }

    fn start(subject: Subject, policy: &[u8], options: Options, exact: bool) -> Self {
        let default = match subject {
            Subject::One(_) => Require::Complete,
            Subject::Files(_) => Require::Included,
        };
        let complete = options.require.unwrap_or(default) == Require::Complete;
        let further = [
            (CheckCode::Genesis, true),
            (CheckCode::Coverage, complete),
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, true),
            (CheckCode::Registrations, false),
        ];
        let inquiry = Inquiry::new(policy, options, &further);
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
        let mut query = Self {
            inquiry,
            subject,
            exact,
            stage: Stage::Checkpoint(Wave::of([Resource::Checkpoint])),
            positions: Positions::default(),
            looked_up: keys.len(),
            keys,
            overflow: false,
            events: BTreeMap::new(),
        };
        if query.inquiry.policy().is_none() {
            query.conclude(None);
        }
        query
    }

    fn read_checkpoint(&mut self, mut wave: Wave) {
        let verified = self.inquiry.read_checkpoint(&mut wave);
        match verified.and_then(|verified| self.inquiry.scan(&verified)) {
            Some(scan) if scan.is_done() => {
                // An empty log has no genesis to ask for.
                self.inquiry.checks.require(CheckCode::Genesis, false);
                self.conclude(Some(&scan));
            }
            Some(scan) => self.stage = Stage::Scan(scan),
            None => self.conclude(None),
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
                fault.settle(&mut self.inquiry.checks);
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
                        if self.keys.contains(&key) {
                            continue;
                        }
                        if self.keys.len() < MAX_LINKED_KEYS {
                            self.keys.push(key);
                        } else {
                            self.overflow = true;
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
        let mut bundles = BTreeSet::new();
        bundles.extend(indices.filter_map(|index| EntryBundle::containing(index, scan.size())));
        self.looked_up = self.keys.len();
        if bundles.is_empty() {
            self.conclude(Some(&scan));
        } else {
            self.stage = Stage::Entries(scan, Wave::of(bundles.into_iter().map(Resource::Bundle)));
        }
    }

    fn read_entries(&mut self, scan: Scan, mut wave: Wave) {
        let Some(files) = self.inquiry.files(&mut wave) else {
            return self.conclude(None);
        };
        for (resource, bytes) in files {
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
                    ScanStep::Entries(Fault::Bundle(bundle, error))
                        .settle(&mut self.inquiry.checks);
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
            events: Some(Vec::new()),
            unreadable: Some(0),
            ..Members::default()
        };
        let mut evidence = false;
        if let Some(scan) = scan {
            self.inquiry.settle_scan(scan);
            let checks = &mut self.inquiry.checks;
            if self.overflow {
                let detail = format!(
                    "registrations link more than {MAX_LINKED_KEYS} keys; only these were looked up"
                );
                checks.unknown(CheckCode::Coverage, detail, None);
            }
            scan.replay().judge_readable(checks);
            let events = core::mem::take(&mut self.events);
            evidence = !events.is_empty();
            if let Subject::Files(digests) = &self.subject {
                let about = digests.iter().map(|digest| file_events(digest, &events));
                let files: Vec<FileEvents> = about.collect();
                evidence = evidence && files.iter().all(|file| !file.events.is_empty());
                members.files = Some(files);
            }
            members.events = Some(judge_all(scan.replay(), events, checks));
            members.unreadable = Some(scan.replay().unreadable());
        }
        let question = match &self.subject {
            Subject::One(key) => question(key),
            Subject::Files(digests) => Question {
                kind: "file",
                id: digests.join(" "),
            },
        };
        self.inquiry.conclude(question, members, evidence);
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
        self.inquiry.report()
    }

    fn progress(&self) -> Progress<'_> {
        self.inquiry.progress(match &self.stage {
            Stage::Scan(scan) | Stage::Entries(scan, _) => Some(scan),
            Stage::Checkpoint(_) | Stage::Done => None,
        })
    }
}
