//! Evidence for files and folders: the versions that are registered with their contents, or the events that only mention
//! them (`docs/formats/report.md`, "Files").
//!
//! An event is evidence if it was neither denied nor failed and a key valid at its position signed it. The names in such
//! events are looked up too, because only a version's own events tell which registration binds it.

mod folder;
mod found;
mod holds;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::artifact::{ArtifactError, ArtifactQuery};
use crate::event::file_list::FileList;
use crate::event::lookup_key::{self, KeyKind, LookupKey};
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::report::{FileEvents, Members, Question};
use crate::rules::registration::registers;
use crate::text::limits::{MAX_FILE_NAMES, MAX_VERSIONS_OF_DIGEST};
use crate::verify::contents::{Content, Contents, Membership};
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::{Matches, Part};
use crate::verify::options::Require;

use super::bindings::Bindings;
use super::closure::Ask;
use folder::Folder;
use found::Found;

/// Files in question, or a folder.
pub(super) struct FileQuestion {
    /// `sha256:` and hex of each file, or of the folder.
    digests: Vec<String>,
    folder: Option<Folder>,
    /// Digests of files, by which registrations of folders are found.
    probes: Vec<String>,
    /// The version that each is said to be a content of.
    version: Option<String>,
    /// True if a mention is no evidence.
    needs_registration: bool,
    stage: Stage,
    /// The names in the events about the files, in order of rank, but for those of first registrations.
    names: Vec<String>,
    /// The number of these that are looked up.
    room: usize,
}

/// A name under which an event knows some of the files.
struct Naming {
    index: u64,
    registers: bool,
    name: String,
    /// SHA-256 of the files, in hex.
    contents: Vec<String>,
}

/// The next names to look up.
#[derive(Clone, Copy)]
enum Stage {
    /// Those that registrations of the files claim, up to their claims: to find which of them bind.
    Claims,
    /// Those of the first registration of each file that binds its name: its actor may hold the file back.
    First,
    /// The others.
    Further,
    /// The registrations of bare names, where it depends on them who may bind a version.
    Owners,
    Done,
}

impl FileQuestion {
    /// # Errors
    /// [`ArtifactError`] if the version is not the name of one.
    pub(super) fn new(digests: &[String], version: Option<&str>) -> Result<Self, ArtifactError> {
        let version = match version.map(ArtifactQuery::parse).transpose()? {
            None => None,
            Some(ArtifactQuery::Key(LookupKey {
                kind: KeyKind::Version,
                id,
            })) => Some(id),
            Some(_) => {
                return Err(ArtifactError::Version {
                    found: version.unwrap_or_default().to_string(),
                });
            }
        };
        Ok(Self {
            digests: digests.to_vec(),
            folder: None,
            probes: Vec::new(),
            version,
            needs_registration: false,
            stage: Stage::Claims,
            names: Vec::new(),
            room: MAX_FILE_NAMES,
        })
    }

    /// # Errors
    /// [`ArtifactError`] if the version is not the name of one.
    pub(super) fn of_folder(
        files: FileList,
        list: Option<FileList>,
        version: Option<&str>,
    ) -> Result<Self, ArtifactError> {
        let digest = format!("sha256:{}", files.root().to_hex());
        Ok(Self {
            folder: Some(Folder::new(files, list)),
            ..Self::new(&[digest], version)?
        })
    }

    /// Takes the claim that is required.
    #[must_use]
    pub(super) fn requiring(mut self, claim: Option<Require>) -> Self {
        self.needs_registration = claim == Some(Require::Registered);
        self
    }

    pub(super) fn question(&self) -> Question {
        let kind = match self.folder {
            None => "file",
            Some(_) => "folder",
        };
        Question::new(kind, self.digests.join(" "))
    }

    /// The keys that were asked for.
    pub(super) fn keys(&self) -> impl Iterator<Item = LookupKey> {
        let digests = self.digests.iter();
        let digests = digests.map(|digest| LookupKey::new(KeyKind::Digest, digest.as_str()));
        let version = self.version.iter();
        digests.chain(version.map(|name| LookupKey::new(KeyKind::Version, name.as_str())))
    }

    /// The keys to begin with, also when the log is read again by other means.
    pub(super) fn begin(&mut self) -> impl Iterator<Item = LookupKey> {
        self.stage = Stage::Claims;
        let probes = match (&self.folder, &self.version) {
            (None, _) => self.digests.clone(),
            (Some(folder), None) => folder.probes(),
            (Some(_), Some(_)) => Vec::new(),
        };
        self.probes.clone_from(&probes);
        let digests = self.digests.iter();
        let digests = digests.map(|digest| LookupKey::new(KeyKind::Digest, digest.as_str()));
        let probes = probes.into_iter();
        let probes = probes.map(|digest| LookupKey::new(KeyKind::File, digest));
        let version = self.version.iter().flat_map(|name| names_of(name));
        digests.chain(probes).chain(version)
    }

    /// Asks for the names under which events that count know the files, those of registrations first. The names are
    /// followed no further.
    pub(super) fn next(&mut self, matches: &mut Matches, key_history: &KeyHistory) -> Ask {
        loop {
            match self.stage {
                Stage::Claims => {
                    self.stage = Stage::First;
                    let claims = self.claims(matches, key_history);
                    if !claims.is_empty() {
                        return Ask::Consult(claims);
                    }
                }
                Stage::First => {
                    self.stage = Stage::Further;
                    let first = self.rank(matches, key_history);
                    let keys = first.iter().flat_map(|name| names_of(name));
                    let keys: Vec<LookupKey> = keys.filter(|key| matches.ask(key)).collect();
                    if !keys.is_empty() {
                        return Ask::Names(keys);
                    }
                }
                Stage::Further => {
                    self.stage = Stage::Owners;
                    let names = self.names.iter().take(self.room);
                    let mut keys = Vec::new();
                    for key in names.flat_map(|name| names_of(name)) {
                        if !matches.is_asked(&[key.hash()]) && !keys.contains(&key) {
                            keys.push(key);
                        }
                    }
                    if !keys.is_empty() {
                        return Ask::FurtherNames(keys);
                    }
                }
                Stage::Owners => {
                    self.stage = Stage::Done;
                    let owners = self.owners(matches, key_history);
                    if !owners.is_empty() {
                        return Ask::Consult(owners);
                    }
                }
                Stage::Done => return Ask::Nothing,
            }
        }
    }

    /// The events that count, in log order, and under which names they know which of the files and probes.
    fn namings(&self, matches: &Matches, key_history: &KeyHistory) -> Vec<Naming> {
        let mut namings = Vec::new();
        for (index, parsed) in matches.events(Part::Asked) {
            if !key_history.signature(index, &parsed).is_valid() {
                continue;
            }
            let Some(access) = parsed.access().filter(|access| access.is_success()) else {
                continue;
            };
            let files = access.files.iter().map(|file| file.digest.to_hex());
            let listed: Vec<String> = files.filter(|hex| has(&self.probes, hex)).collect();
            for subject in &parsed.subjects {
                let mut contents = listed.clone();
                if has(&self.digests, subject.sha256()) {
                    contents.push(subject.sha256().to_string());
                }
                if !contents.is_empty() {
                    namings.push(Naming {
                        index,
                        registers: registers(&parsed),
                        name: subject.name.clone(),
                        contents,
                    });
                }
            }
        }
        namings
    }

    /// The names that the first registrations of each file claim, each with the first claim: an earlier registration of the
    /// name may have bound it to other contents.
    fn claims(&self, matches: &Matches, key_history: &KeyHistory) -> BTreeMap<LookupKey, u64> {
        let (mut claims, mut counts) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
        for naming in self.namings(matches, key_history) {
            let key = LookupKey::new(KeyKind::VersionState, naming.name.as_str());
            if !naming.registers || matches.is_asked(&[key.hash()]) {
                continue;
            }
            for hex in naming.contents {
                let count = counts.entry(hex).or_default();
                if *count < MAX_VERSIONS_OF_DIGEST {
                    *count += 1;
                    claims.entry(key.clone()).or_insert(naming.index);
                }
            }
        }
        claims
    }

    /// The bare names whose owners decide who may bind a version that registrations of the files name, each with the index up
    /// to which its registrations count: a version that was freed goes to the owner.
    fn owners(&self, matches: &Matches, key_history: &KeyHistory) -> BTreeMap<LookupKey, u64> {
        let fold = Bindings::fold(matches, key_history);
        let namings = self.namings(matches, key_history).into_iter();
        let claimed = namings.filter(|naming| naming.registers);
        let mut names: BTreeSet<String> = claimed.map(|naming| naming.name).collect();
        names.extend(self.version.iter().cloned());
        let mut owners = BTreeMap::new();
        for name in names {
            if let Some(end) = fold.owner_matters(&name, matches, || false) {
                let key = LookupKey::new(KeyKind::NameState, lookup_key::base_name(&name));
                let last = owners.entry(key).or_insert(end);
                *last = end.max(*last);
            }
        }
        owners
    }

    /// Ranks the names, in log order, those of registrations first; returns those of the first registration of each file that
    /// binds its name.
    fn rank(&mut self, matches: &Matches, key_history: &KeyHistory) -> BTreeSet<String> {
        let fold = Bindings::fold(matches, key_history);
        let (mut registered, mut mentioned) = (Vec::new(), Vec::new());
        let (mut first, mut first_at) = (BTreeSet::new(), BTreeMap::new());
        for naming in self.namings(matches, key_history) {
            let Naming { index, name, .. } = naming;
            if !naming.registers {
                mentioned.push(name);
                continue;
            }
            if fold.of(&name).is_some_and(|binding| binding.at == index) {
                for hex in naming.contents {
                    if *first_at.entry(hex).or_insert(index) == index {
                        first.insert(name.clone());
                    }
                }
            }
            registered.push(name);
        }
        let mut seen: BTreeSet<String> = self.version.iter().cloned().collect();
        seen.extend(first.iter().cloned());
        let names = registered.into_iter().chain(mentioned);
        self.names = names.filter(|name| seen.insert(name.clone())).collect();
        self.room = MAX_FILE_NAMES.saturating_sub(first.len());
        first
    }

    /// The names whose events were not all read.
    pub(super) fn unread(&self, matches: &Matches) -> BTreeSet<String> {
        let names = self.names.iter().enumerate();
        let is_unread = |(rank, name): &(usize, &String)| {
            *rank >= self.room || names_of(name).any(|key| matches.is_left_out(&key))
        };
        let unread = names.filter(is_unread);
        unread.map(|(_, name)| name.clone()).collect()
    }

    /// Judges the evidence for the files that the events give; false if there is not some for each.
    pub(super) fn judge(
        &self,
        contents: Contents<'_>,
        checks: &mut Checks,
        members: &mut Members,
    ) -> bool {
        let found: Vec<Found> = self
            .digests
            .iter()
            .map(|digest| Found::among(contents, self.content(digest)))
            .collect();
        match &self.version {
            Some(name) => self.record_version(name, &found, contents, checks),
            None => self.record(&found, contents.unread(), checks),
        }
        let version = self.version.as_deref();
        let is_enough = match self.needs_registration {
            true => Found::is_registered,
            false => Found::is_evidence,
        };
        let mut evidence = found.iter().all(is_enough)
            && version.is_none_or(|name| contents.binding(name).is_some());
        if let (Some(folder), [found]) = (&self.folder, found.as_slice()) {
            let (view, decides) = folder.judge(version, found, contents, checks);
            evidence |= decides;
            members.folder = Some(view);
        }
        let knows_owners = version.is_some() || !found.iter().any(Found::is_undecided);
        let files: Vec<FileEvents> = found.into_iter().map(|found| found.file).collect();
        holds::judge(&files, version, knows_owners, contents, checks);
        members.files = Some(files);
        evidence
    }

    fn content<'a>(&self, digest: &'a str) -> Content<'a> {
        Content {
            digest,
            is_folder: self.folder.is_some(),
        }
    }

    /// Records how many files have evidence; `unread` is the number of names whose events were not all read.
    fn record(&self, found: &[Found], unread: usize, checks: &mut Checks) {
        let code = CheckCode::Contents;
        // A mention that is no evidence refutes nothing.
        let differences = found.iter().filter(|_| !self.needs_registration);
        if let Some(difference) = differences.filter_map(Found::difference).next() {
            let evidence = Some(difference.evidence());
            return checks.fail(code, Class::False, difference.detail(), evidence);
        }
        if let Some(found) = found.iter().find(|found| found.is_compromised()) {
            let detail = format!(
                "every event that is evidence for `{}` is signed with a key later reported compromised",
                found.file.digest
            );
            return checks.unknown(code, detail, None);
        }
        let count = |holds: fn(&Found) -> bool| found.iter().filter(|found| holds(found)).count();
        let registered = count(Found::is_registered);
        let mentioned = count(Found::is_evidence) - registered;
        if (registered, mentioned) == (0, 0) {
            checks.require(code, false);
            return checks.unknown(code, "no event is evidence for it", None);
        }
        let files = match (&self.folder, found.len()) {
            (Some(_), _) => "1 folder is".to_string(),
            (None, 1) => "1 file is".to_string(),
            (None, count) => format!("{count} files are"),
        };
        let left_out = match unread {
            0 => String::new(),
            1 => "; 1 further name in their events was not looked up".to_string(),
            count => format!("; {count} further names in their events were not looked up"),
        };
        if self.needs_registration && registered < found.len() {
            // A registration may be among the events that were not seen.
            checks.require(CheckCode::Coverage, true);
            checks.require(code, found.iter().any(Found::is_undecided));
            let detail = format!(
                "{registered} of {files} registered, as is required, {mentioned} only mentioned{left_out}"
            );
            return checks.unknown(code, detail, None);
        }
        let detail =
            format!("{registered} of {files} registered, {mentioned} only mentioned{left_out}");
        checks.pass(code, detail, None);
    }

    /// Compares the files with the contents that one version is registered with.
    fn record_version(
        &self,
        name: &str,
        found: &[Found],
        contents: Contents<'_>,
        checks: &mut Checks,
    ) {
        let code = CheckCode::Contents;
        let Some(binding) = contents.binding(name) else {
            checks.require(code, false);
            return checks.unknown(code, format!("`{name}` is not registered"), None);
        };
        let at = binding.at;
        let first = |membership: Membership| {
            let mut found = found.iter();
            let found = found.find(|found| {
                let content = self.content(&found.file.digest);
                contents.membership(name, content) == Some(membership.clone())
            })?;
            let digest = found.file.digest.as_str();
            let evidence = Evidence::new().with("name", name).with("digest", digest);
            Some(evidence.with("registered", at))
        };
        if let evidence @ Some(_) = first(Membership::None) {
            let detail = format!("entry {at} registers `{name}` with other contents");
            checks.fail(code, Class::False, detail, evidence);
        } else if let evidence @ Some(_) = first(Membership::Unknown) {
            let detail = format!("entry {at} registers `{name}` with files that it does not list");
            checks.unknown(code, detail, evidence);
        } else {
            let detail = format!("entry {at} registers `{name}` with these contents");
            checks.pass(code, detail, None);
        }
    }
}

/// Returns true if one of the digests, `sha256:` and hex, has this hex.
fn has(digests: &[String], hex: &str) -> bool {
    let mut digests = digests.iter();
    digests.any(|digest| digest.strip_prefix("sha256:") == Some(hex))
}

/// The keys of the events that decide about a version: under its name, and under the name that all versions share.
fn names_of(name: &str) -> impl Iterator<Item = LookupKey> + use<> {
    let names = BTreeSet::from([name.to_string(), lookup_key::base_name(name).to_string()]);
    let names = names.into_iter().rev();
    names.map(|name| LookupKey::new(KeyKind::VersionState, name))
}
