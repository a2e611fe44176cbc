//! The complete history of an artifact, an actor or a key: every event about it, and proof that none is missing.
//!
//! The query finds the events that carry the keys asked for, then those with the digests that registrations link to them
//! (`closure`), and judges each event's signature by the keys valid at its position. It finds them through the log's index
//! (`by_index`) if the trust policy names one, or by reading the whole log (`by_scan`); all that follows is the same.
//!
//! # When a history is complete
//! The check *coverage* passes, and none of the checks on which it rests failed (`report.rs`, `COMPLETE`). By a scan, every
//! entry up to the checkpoint was read (`verification.rs`, `record_scan`). By an index, its lists were read for every key,
//! the entries that it does not cover yet were scanned, and auditors or the reader vouch for it (`indexed/checks.rs`).
//! Without auditors a log within the reading budget is scanned of its own accord (`verification.rs`, `AskIndex`).

mod archive;
mod bindings;
mod brackets;
mod by_index;
mod by_scan;
mod closure;
mod files;
mod sharing;
pub(crate) mod since;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::artifact::{ArtifactError, question};
use crate::event::file_list::FileList;
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::Wave;
use crate::report::check::{CheckCode, Checks, Outcome};
use crate::report::event_view::EventView;
use crate::report::evidence::Evidence;
use crate::report::report::{Members, Question, Report};
use crate::report::words::events_of;
use crate::rules::registration::Registrations;
use crate::text::limits::MAX_HELD;
use crate::verify::contents::{self, Contents};
use crate::verify::event_checks::{EventChecks, KnownNames, Relation, acknowledged, judge_wrong};
use crate::verify::indexed::{IndexedLog, Opening};
use crate::verify::key_history::KeyHistory;
use crate::verify::matches::{Matches, Part};
use crate::verify::options::{Options, Require};
use crate::verify::verification::{Files, Verification};

use archive::Archive;
use bindings::Bindings;
use brackets::{Bound, Brackets};
use by_index::Asked;
use by_scan::Whole;
use closure::{Ask, Closure};
use files::FileQuestion;
use sharing::Sharing;
use since::{Prefix, Since};

/// A history under way; see the module.
pub struct HistoryQuery {
    verification: Verification,
    subject: Subject,
    /// Look up one key only, and follow no registration.
    exact: bool,
    /// Look up what changes something only.
    state: bool,
    /// An older history that is to be the beginning of this one.
    since: Option<Since>,
    stage: Stage,
    matches: Matches,
    closure: Closure,
    /// Events that came before the one time, or after the other, are left out.
    window: (Option<u64>, Option<u64>),
    /// Archived checkpoints that bound the times of the events.
    bounds: Vec<Bound>,
    /// Most bytes that are held.
    most_held: usize,
}

/// Subject of the history.
enum Subject {
    /// One artifact, actor or key.
    One(LookupKey),
    /// Files, by digest: each must have evidence.
    Files(FileQuestion),
}

impl Subject {
    /// The keys that were asked for.
    fn keys(&self) -> Vec<LookupKey> {
        match self {
            Self::One(key) => Vec::from([key.clone()]),
            Self::Files(files) => files.keys().collect(),
        }
    }
}

/// Another document beside the log, with which a history is compared.
enum Beside<'a> {
    Nothing,
    /// An older history, which must be the beginning of this one.
    Older(Box<Since>),
    /// The question that the reader of a bundle asks, and the files that the bundle has.
    Bundle(&'a dyn Fn(&mut Checks), Files),
}

impl Subject {
    /// No entry yet, and the keys to find entries by.
    fn begin(&mut self, exact: bool, state: bool) -> (Matches, Closure) {
        match self {
            Self::One(key) => (
                Matches::new(Closure::keys(key, exact, state)),
                Closure::new(key.clone(), exact, state),
            ),
            Self::Files(files) => (
                Matches::new(files.begin()),
                Closure::new(LookupKey::new(KeyKind::Digest, ""), true, false),
            ),
        }
    }
}

enum Stage {
    /// The checkpoint alone; its size decides how the log is read.
    Checkpoint(Wave),
    Whole(Box<Whole>),
    /// The checkpoint and the newest manifest.
    Opening(Box<Opening>),
    Index(Box<IndexedLog>, Asked),
    /// Every event was found; the tiles are under way that show an older head to be a prefix.
    Since(Found, Box<Prefix>),
    /// The archived checkpoints are under way that bound the times of the events.
    Archive(Found, Box<Archive>),
    Done,
}

/// The events of an answer.
struct Judged {
    events: Vec<EventView>,
    registrations: Registrations,
    /// Positions of those that the admins signed beside their actors.
    by_admins: BTreeSet<u64>,
}

/// The way in which every event was found.
enum Found {
    Whole(Box<Whole>),
    Index(Box<IndexedLog>),
}

impl Found {
    /// Counts the entries that are no events and concern this history, beside those that concern every reader.
    fn count_unreadable(&mut self, matches: &mut Matches) {
        match self {
            Self::Whole(whole) => whole.count_unreadable(matches),
            Self::Index(log) => log.count_unreadable(matches),
        }
    }

    /// Bytes of positions and lists that are held.
    fn held(&self) -> usize {
        match self {
            Self::Whole(whole) => whole.positions_size(),
            Self::Index(log) => log.held(),
        }
    }

    fn key_history(&self) -> &KeyHistory {
        match self {
            Self::Whole(whole) => whole.scan.key_history(),
            Self::Index(log) => log.key_history(),
        }
    }
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
        let (key, exact) = question(artifact, exact)?;
        let subject = Subject::One(key);
        Ok(Self::start(
            subject,
            policy,
            options,
            exact,
            Beside::Nothing,
        ))
    }

    /// The history that an offline bundle answers; `judge` records whether that is what its reader asked.
    pub(crate) fn of_bundle(
        key: LookupKey,
        policy: &[u8],
        options: Options,
        exact: bool,
        judge: &dyn Fn(&mut Checks),
        files: Files,
    ) -> Self {
        let beside = Beside::Bundle(judge, files);
        Self::start(Subject::One(key), policy, options, exact, beside)
    }

    /// Starts a history whose beginning must be an older one.
    pub(crate) fn begin(
        key: LookupKey,
        policy: &[u8],
        options: Options,
        exact: bool,
        since: Since,
    ) -> Self {
        let beside = Beside::Older(Box::new(since));
        Self::start(Subject::One(key), policy, options, exact, beside)
    }

    /// The evidence for files with these digests, `sha256:` and hex each. Every file must have some; if `version` is
    /// given, each must be a content that this `NAME@VERSION` is registered with.
    ///
    /// # Errors
    /// [`ArtifactError`] if `version` is not a name with a version.
    pub fn of_files(
        digests: &[String],
        version: Option<&str>,
        policy: &[u8],
        options: Options,
    ) -> Result<Self, ArtifactError> {
        let files = FileQuestion::new(digests, version)?;
        Ok(Self::about_files(
            files.requiring(options.require),
            policy,
            options,
        ))
    }

    /// The evidence for a folder, compared file by file with a registration: that of `version`, a `NAME@VERSION`; else
    /// one with the folder's digest, or the one that has the most files in common with it. `list` is the list of files
    /// that the registration names, if it does not list them all.
    ///
    /// # Errors
    /// [`ArtifactError`] if `version` is not a name with a version.
    pub fn of_folder(
        files: FileList,
        list: Option<FileList>,
        version: Option<&str>,
        policy: &[u8],
        options: Options,
    ) -> Result<Self, ArtifactError> {
        let files = FileQuestion::of_folder(files, list, version)?;
        Ok(Self::about_files(
            files.requiring(options.require),
            policy,
            options,
        ))
    }

    fn about_files(files: FileQuestion, policy: &[u8], options: Options) -> Self {
        Self::start(
            Subject::Files(files),
            policy,
            options,
            true,
            Beside::Nothing,
        )
    }

    /// Sets the most bytes of entries, positions and lists that the query holds; [`MAX_HELD`] by default. A history that
    /// needs more is not decided.
    pub const fn hold_at_most(&mut self, bytes: usize) {
        self.most_held = bytes;
    }

    /// Leaves out of the answer the events that came into the log before `from` or after `to`, as witnesses vouch, in seconds
    /// since the epoch. The verdict is about all of them, and is *nothing to verify* if none remains.
    pub const fn within(&mut self, from: Option<u64>, to: Option<u64>) {
        self.window = (from, to);
    }

    /// Bytes of entries, positions and lists that are held.
    fn held(&self) -> usize {
        let positions = match &self.stage {
            Stage::Whole(whole) => whole.positions_size(),
            Stage::Index(log, _) => log.held(),
            Stage::Since(found, _) | Stage::Archive(found, _) => found.held(),
            Stage::Checkpoint(_) | Stage::Opening(_) | Stage::Done => 0,
        };
        self.matches.size().saturating_add(positions)
    }

    /// Ends without the events, because they need more memory than the query may take.
    fn give_up(&mut self) {
        let detail = format!(
            "what was read for this history takes more than {} bytes, the limit for one query",
            self.most_held
        );
        let limit = u64::try_from(self.most_held).unwrap_or(u64::MAX);
        let evidence = Evidence::new().with("memoryLimit", limit);
        let checks = &mut self.verification.checks;
        checks.require(CheckCode::Coverage, true);
        checks.unknown(CheckCode::Coverage, detail, Some(evidence));
        self.conclude(None);
    }

    /// The verdict, once nothing more is needed.
    #[must_use]
    pub fn into_report(self) -> Option<Report> {
        self.verification.into_report()
    }

    /// Events whose entries came after the first `from`, and how many entries came in all: asked again and again, each
    /// event once. Their places are proven, and nothing is said of their signatures.
    #[must_use]
    pub fn found(&self, from: usize) -> (usize, Vec<EventView>) {
        let (came, wanted) = self.matches.found(from);
        let views = wanted.filter_map(|(index, held)| {
            let parsed = held.parsed()?;
            Some(EventView::unjudged(index, held.leaf_hash, &parsed))
        });
        (came, views.collect())
    }

    fn start(
        mut subject: Subject,
        policy: &[u8],
        options: Options,
        exact: bool,
        beside: Beside<'_>,
    ) -> Self {
        let default = match subject {
            Subject::One(_) => Require::Complete,
            Subject::Files(_) => Require::Included,
        };
        let complete = match (options.require.unwrap_or(default), &subject) {
            (Require::Complete, _) => true,
            // It is a claim about files; for other questions nothing less than the default will do.
            (Require::Registered, Subject::One(_)) => true,
            (Require::Included | Require::Registered, _) => false,
        };
        let mut further = Vec::new();
        if matches!(beside, Beside::Bundle(..)) {
            further.push((CheckCode::Question, true));
        }
        further.extend([
            (CheckCode::Genesis, true),
            (CheckCode::Coverage, complete),
            (CheckCode::Readable, false),
            (CheckCode::EventSignatures, true),
            (CheckCode::Registrations, false),
            (CheckCode::Contents, matches!(subject, Subject::Files(_))),
        ]);
        if matches!(subject, Subject::Files(_)) {
            further.push((CheckCode::Hold, true));
        }
        if matches!(subject, Subject::One(_)) {
            further.push((CheckCode::Links, false));
        }
        if matches!(beside, Beside::Older(_)) {
            further.extend([(CheckCode::Consistency, true), (CheckCode::Since, true)]);
        }
        let files = match beside {
            Beside::Bundle(_, files) => files,
            Beside::Nothing | Beside::Older(_) => Files::Log,
        };
        let mut verification = Verification::with_index(policy, options, &further, files);
        let since = match beside {
            Beside::Nothing => None,
            Beside::Older(since) => Some(*since),
            Beside::Bundle(judge, _) => {
                judge(&mut verification.checks);
                None
            }
        };
        let (matches, closure) = subject.begin(exact, options.state);
        let stage = if verification.asks_index_first() {
            verification.begin_index();
            Stage::Opening(Box::new(Opening::new(&verification)))
        } else {
            Stage::Checkpoint(Wave::of([LogFile::Checkpoint]))
        };
        let mut query = Self {
            verification,
            subject,
            exact,
            state: options.state,
            since,
            stage,
            matches,
            closure,
            window: (None, None),
            bounds: Vec::new(),
            most_held: MAX_HELD,
        };
        let checks = &mut query.verification.checks;
        let stands = query
            .since
            .as_ref()
            .is_none_or(|since| since.stands(checks));
        if query.verification.policy().is_none() || !stands {
            query.conclude(None);
        }
        query
    }

    /// Every event was found; the older history remains to be compared, if there is one.
    fn finish(&mut self, mut found: Found) {
        if self.matches.size().saturating_add(found.held()) > self.most_held {
            return self.give_up();
        }
        found.count_unreadable(&mut self.matches);
        let checkpoint = self.verification.checkpoint().cloned();
        let prefix = match (&self.since, checkpoint) {
            (Some(since), Some(new)) => since.plan(&mut self.verification.checks, &new),
            _ => None,
        };
        match prefix {
            Some(prefix) if prefix.needs().is_empty() => self.read_prefix(found, prefix),
            Some(prefix) => self.stage = Stage::Since(found, Box::new(prefix)),
            None => self.read_archive(found),
        }
    }

    fn read_prefix(&mut self, found: Found, prefix: Prefix) {
        match prefix.finish(&mut self.verification) {
            true => self.read_archive(found),
            false => self.conclude(None),
        }
    }

    /// Asks for the checkpoints that bound the times of the events, if a quorum of witnesses vouches for times.
    fn read_archive(&mut self, found: Found) {
        let policy = self.verification.policy();
        let has_times = policy.is_some_and(|policy| policy.log().requires_witnesses());
        let indices = self.matches.shown();
        match (&self.subject, self.verification.verified()) {
            (Subject::One(_), Some(target)) if has_times && !indices.is_empty() => {
                let archive = Archive::new(indices, target.clone());
                self.stage = Stage::Archive(found, Box::new(archive));
            }
            _ => self.conclude(Some(&found)),
        }
    }

    fn supply_archive(
        &mut self,
        found: Found,
        mut archive: Box<Archive>,
        path: &str,
        bytes: Option<Vec<u8>>,
    ) {
        let now = self.verification.now();
        let bounds = match self.verification.policy() {
            Some(policy) => archive.supply(path, bytes, policy.log(), now),
            None => Some(Vec::new()),
        };
        match bounds {
            Some(bounds) => {
                self.bounds = bounds;
                self.conclude(Some(&found));
            }
            None => self.stage = Stage::Archive(found, archive),
        }
    }

    /// Draws the verdict of a reading that could not be finished. An event that was read and is false stays false.
    fn stop(&mut self, key_history: &KeyHistory) {
        let checks = &mut self.verification.checks;
        key_history.judge_wrong_genesis(checks);
        // Events that other keys lead to may be about other artifacts.
        let events = self.matches.take_events();
        let asked = events.filter(|(_, part, ..)| *part == Part::Asked);
        let asked = asked.map(|(index, _, leaf_hash, parsed)| (index, leaf_hash, parsed));
        judge_wrong(key_history, asked, checks);
        self.conclude(None);
    }

    /// Draws the verdict; `found` is there once every event was found.
    fn conclude(&mut self, found: Option<&Found>) {
        self.stage = Stage::Done;
        let keys = self.matches.keys().iter().map(named).collect();
        let mut members = Members {
            keys: Some(keys),
            events: Some(Vec::new()),
            unreadable: Some(0),
            ..Members::default()
        };
        let mut evidence = false;
        members.old = self
            .since
            .as_ref()
            .and_then(|since| since.checkpoint().cloned());
        if let Some(found) = found {
            self.record(found);
            let key_history = found.key_history();
            let checks = &mut self.verification.checks;
            let unreadable = key_history.unreadable();
            key_history.judge_readable(unreadable, checks);
            let held = self.since.as_ref().map(|since| since.held(&self.matches));
            let Judged {
                mut events,
                registrations,
                by_admins,
            } = self.judge_events(key_history, &mut members);
            self.brackets().show(&mut events);
            let checks = &mut self.verification.checks;
            if let (Some(since), Some(held), Subject::One(question)) =
                (&self.since, held, &self.subject)
                && checks.outcome(CheckCode::Consistency) == Outcome::Pass
            {
                let keys = self.matches.keys();
                let changes = since.compare(checks, question, keys, &held, &events);
                members.new = Some(changes.new);
                members.withdrawn = Some(changes.withdrawn);
            }
            if let Found::Index(log) = found {
                log.qualify_signatures(checks);
            }
            let acknowledgements = key_history.acknowledgements();
            members.acknowledged = acknowledged(acknowledgements, unreadable, &events);
            let keyring = key_history.keyring();
            match &self.subject {
                Subject::One(_) => {
                    contents::judge(&mut events, &registrations, keyring, checks);
                    let (from, to) = self.window;
                    events.retain(|event| event.time.may_be_within(from, to));
                    evidence = !events.is_empty();
                }
                Subject::Files(files) => {
                    let unread = files.unread(&self.matches);
                    let contents =
                        Contents::new(&registrations, keyring, &events, &by_admins, &unread);
                    evidence = files.judge(contents, checks, &mut members);
                }
            }
            members.events = Some(events);
            members.unreadable = Some(unreadable.count());
        }
        let question = match &self.subject {
            Subject::One(key) => Question {
                exact: Some(self.exact),
                state: self.state.then_some(true),
                from: self.window.0,
                to: self.window.1,
                ..named(key)
            },
            Subject::Files(files) => files.question(),
        };
        self.verification.conclude(question, members, evidence);
    }
}

fn named(key: &LookupKey) -> Question {
    Question::new(key.kind.as_str(), key.id.as_str())
}

/// Records the keys that registrations link to the question: how many were looked up, how many were left out, and how many
/// events with one of them are about other versions. No other artifact's events decide about this one, so it is a remark.
fn record_links(checks: &mut Checks, question: &LookupKey, exact: bool, counts: [u64; 3]) {
    let code = CheckCode::Links;
    let [linked, left_out, elsewhere] = counts;
    if matches!(question.kind, KeyKind::Actor | KeyKind::SigningKey) {
        let detail = "nothing is linked to an actor or a signing key";
        return checks.pass(code, detail, None);
    }
    if exact {
        let detail = "an exact history follows no registration";
        return checks.unknown(code, detail, None);
    }
    let evidence = Evidence::new()
        .with("linked", linked)
        .with("leftOut", left_out)
        .with("elsewhere", elsewhere);
    if left_out > 0 {
        let detail = format!(
            "{left_out} of the names and digests that registrations link were not looked up: there are too many"
        );
        return checks.unknown(code, detail, Some(evidence));
    }
    let looked_up = match (question.kind, linked) {
        (KeyKind::Digest, _) => {
            "the versions that are registered with the digest are listed".into()
        }
        (_, 0) => "no registration links a digest to the question".into(),
        (_, 1) => "the digest that registrations link was looked up".to_string(),
        (_, linked) => format!("the {linked} digests that registrations link were looked up"),
    };
    let shared = match elsewhere {
        0 => String::new(),
        count => format!(
            "; {} that share one are about other artifacts",
            events_of(count)
        ),
    };
    checks.pass(code, looked_up + &shared, Some(evidence));
}

impl HistoryQuery {
    /// Records the events, and why none can be missing.
    fn record(&mut self, found: &Found) {
        match found {
            Found::Whole(whole) => self.verification.record_scan(&whole.scan),
            Found::Index(log) => {
                let detail = "every entry that was read hashes to its place in the tree";
                self.verification.record_files(detail.into());
                log.record(&mut self.verification.checks);
            }
        }
    }

    /// Judges the events found. Those of the answer are shown; the others only decide about bindings.
    fn judge_events(&mut self, key_history: &KeyHistory, members: &mut Members) -> Judged {
        let sharing = Sharing::new(self.closure.question(), &self.matches, key_history);
        let mut names = KnownNames::None;
        if let Subject::One(key) = &self.subject {
            members.versions = Bindings::fold(&self.matches, key_history).versions_of(key);
            if key.kind == KeyKind::Name {
                names = KnownNames::One(key.id.clone());
            }
        }
        let mut event_checks = EventChecks::with_names(names);
        let (mut events, mut elsewhere) = (Vec::new(), 0u64);
        let mut by_admins = BTreeSet::new();
        for (index, part, leaf_hash, parsed) in self.matches.take_events() {
            let is_own = matches!(part, Part::Asked | Part::Named);
            if is_own || part == Part::Linked && sharing.belongs(index, &parsed) {
                let relation = match is_own || self.closure.binds(&parsed) {
                    true => Relation::Own,
                    false => Relation::Recorded,
                };
                let finding = event_checks.add(key_history, index, &leaf_hash, &parsed, relation);
                events.push(EventView::new(index, leaf_hash, &parsed, finding));
                let keyring = key_history.keyring();
                if keyring.is_some_and(|keyring| keyring.is_countersigned(&parsed)) {
                    by_admins.insert(index);
                }
            } else {
                event_checks.observe(key_history, index, &parsed);
                elsewhere += u64::from(part == Part::Linked);
            }
        }
        let checks = &mut self.verification.checks;
        let registrations = event_checks.take_registrations();
        let acknowledgements = key_history.acknowledgements();
        event_checks.record(&self.subject.keys(), acknowledgements, checks);
        if let Subject::One(key) = &self.subject {
            let left_out = self
                .closure
                .left_out()
                .saturating_add(self.matches.skipped());
            let linked = self.matches.linked();
            record_links(checks, key, self.exact, [linked, left_out, elsewhere]);
        }
        Judged {
            events,
            registrations,
            by_admins,
        }
    }

    /// The times between which the events came into the log, as far as they are known.
    fn brackets(&self) -> Brackets {
        let mut bounds = self.bounds.clone();
        bounds.extend(self.verification.verified().map(|target| Bound {
            size: target.head().size,
            seen: target.seen(),
            as_of: None,
        }));
        let older = self.since.as_ref().and_then(Since::vouched);
        bounds.extend(older.map(|(size, time)| Bound {
            size,
            seen: None,
            as_of: Some(time),
        }));
        Brackets(bounds)
    }

    /// The next wave, once all signing keys of the events found are known.
    fn next_wave(&mut self, key_history: &KeyHistory) -> Ask {
        match &mut self.subject {
            Subject::One(_) => self.closure.next(&self.matches, key_history),
            Subject::Files(files) => files.next(&mut self.matches, key_history),
        }
    }
}

impl Query for HistoryQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) => wave.needs(),
            Stage::Whole(whole) => whole.needs(),
            Stage::Opening(opening) => opening.needs(),
            Stage::Index(log, _) => log.needs(),
            Stage::Since(_, prefix) => prefix.needs(),
            Stage::Archive(_, archive) => archive.needs(),
            Stage::Done => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        self.verification.count(bytes.as_ref());
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Checkpoint(mut wave) => match wave.supply(path, bytes) {
                true => self.read_checkpoint(wave),
                false => self.stage = Stage::Checkpoint(wave),
            },
            Stage::Whole(whole) => self.supply_whole(whole, path, bytes),
            Stage::Opening(opening) => self.supply_opening(opening, path, bytes),
            Stage::Index(log, asked) => self.supply_index(log, asked, path, bytes),
            Stage::Since(found, mut prefix) => match prefix.supply(path, bytes) {
                true => self.read_prefix(found, *prefix),
                false => self.stage = Stage::Since(found, prefix),
            },
            Stage::Archive(found, archive) => self.supply_archive(found, archive, path, bytes),
            Stage::Done => {}
        }
        // The files of one wave may exceed the limit until they were read.
        if !matches!(self.stage, Stage::Done) && self.held() > self.most_held {
            self.give_up();
        }
    }

    fn report(&self) -> Option<&Report> {
        self.verification.report()
    }

    fn progress(&self) -> Progress<'_> {
        match &self.stage {
            Stage::Whole(whole) => self.verification.progress(Some(&whole.scan)),
            Stage::Index(log, _) => {
                let (done, total) = log.progress();
                Progress {
                    done,
                    total,
                    positions: Some(log.positions()),
                    ..self.verification.progress(None)
                }
            }
            Stage::Checkpoint(_)
            | Stage::Opening(_)
            | Stage::Since(..)
            | Stage::Archive(..)
            | Stage::Done => self.verification.progress(None),
        }
    }
}
