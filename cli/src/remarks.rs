//! Remarks about an event while it is recorded: what is well formed, and will not mean what its actor thinks
//! (`docs/cli.md`, "record").
//!
//! Nothing is refused for them. Some follow from the event and the clock alone. Others need the artifact's history, which is
//! asked of the log's index, a few small files; a log that would have to be read whole is not asked.

use std::collections::BTreeSet;
use std::path::Path;

use glasslog_client::drive;
use glasslog_core::event::{AccessEvent, Action, FileList, Subject, Weight};
use glasslog_core::fetch::Query;
use glasslog_core::report::{CheckCode, Class, EventView, Outcome, RegisteredAs, Report};
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::time;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{HistoryQuery, Options};
use serde::Serialize;

use crate::answers::Answers;
use crate::args::by_the_index;
use crate::failure::Failure;
use crate::output::visible;
use crate::policy_hint::policy_beside;
use crate::{input, source};

/// Seconds by which an event may be ahead of the clock, as reports allow for a claimed time.
const AHEAD: u64 = 86_400;
/// Most memory for the history.
const MAX_HISTORY: usize = 16 << 20;

/// A remark, with its stable code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Remark {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn remark(code: &'static str, message: String) -> Remark {
    Remark { code, message }
}

/// Returns the remarks that follow from the event and the clock.
pub(crate) fn of_event(event: &AccessEvent, now: u64) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if event.occurred_at_seconds() > now.saturating_add(AHEAD) {
        let message = format!(
            "the event states the time {}, more than a day after this machine's clock",
            event.occurred_at
        );
        remarks.push(remark("occurred-at-ahead", message));
    }
    if let Some(exception) = &event.exception {
        for (flag, stated) in [
            ("--exception-expires", &exception.expires_at),
            ("--exception-review", &exception.review_by),
        ] {
            if time::parse(stated).is_some_and(|stated| stated <= now) {
                let message = format!("`{flag} {stated}` is over already");
                remarks.push(remark("exception-expired", message));
            }
        }
    }
    for (flag, text) in texts(event) {
        if text.trim().is_empty() {
            let message = format!("`{flag}` is empty: a variable of the shell may not be set");
            remarks.push(remark("claim-empty", message));
        }
    }
    remarks
}

/// Returns the claims that may be empty, by their flags.
fn texts(event: &AccessEvent) -> impl Iterator<Item = (&'static str, &str)> {
    let reason = event.reason.iter();
    let reasons =
        reason.flat_map(|reason| [("--reason", &reason.text), ("--ticket", &reason.ticket)]);
    let transfer = event.transfer.iter();
    let places = transfer.flat_map(|transfer| {
        [
            ("--from-location", &transfer.from.location),
            ("--to-location", &transfer.to.location),
        ]
    });
    let texts = reasons.chain(places);
    texts.filter_map(|(flag, text)| Some((flag, text.as_deref()?)))
}

/// Returns the remarks about keys that `--admin` names and that are enrolled for an actor, which no admin's key is.
pub(crate) fn of_admins<'a>(
    log: &str,
    policy: Option<&Path>,
    admins: impl Iterator<Item = (&'a String, String)>,
) -> Vec<Remark> {
    let remarks = admins.filter_map(|(spec, keyid)| {
        let known = Known::of(log, policy, &format!("key:{keyid}"), false)?;
        let mut events = known.events().iter();
        let actor = events.find_map(|event| event.actor.clone())?;
        let message = format!(
            "`--admin {spec}` is the key of the actor `{actor}`, and counts as no admin's signature"
        );
        Some(remark("not-an-admin", message))
    });
    remarks.collect()
}

/// The log's knowledge of an artifact or a key before an event about it is recorded.
pub(crate) struct Known {
    log: String,
    policy: Vec<u8>,
    options: Options,
    report: Report,
}

impl Known {
    /// Asks the log's index for a history, by the policy that was given, or by the one beside a log directory. `None` if there
    /// is no such policy or no index, or the answer is not complete.
    pub(crate) fn of(
        log: &str,
        policy: Option<&Path>,
        artifact: &str,
        has_routine: bool,
    ) -> Option<Self> {
        let beside = policy_beside(log);
        // Standard input was read already.
        let path = policy
            .or(beside.as_deref())
            .filter(|path| path.as_os_str() != "-")?;
        let policy = input::read(path, input::MAX_POLICY).ok()?;
        TrustPolicy::parse(&policy).ok()?.index()?;
        let options = by_the_index(!has_routine);
        let source = source::open(log, false).ok()?;
        let query = drive::run(&*source, &(), || {
            let mut query = HistoryQuery::new(artifact, &policy, options, false)
                .map_err(|error| Failure::usage(error.to_string()))?;
            query.hold_at_most(MAX_HISTORY);
            Ok::<_, Failure>(query)
        });
        let report = query.ok()?.report()?.clone();
        let is_answer = matches!(report.class(), Class::Verified | Class::Nothing);
        (report.complete && is_answer).then(|| Self {
            log: log.to_owned(),
            policy,
            options,
            report,
        })
    }

    fn events(&self) -> &[EventView] {
        self.report.members.events.as_deref().unwrap_or_default()
    }

    /// Returns the remarks about an event that is to be recorded; `by_admins` if admins sign it too.
    pub(crate) fn remarks(
        &self,
        event: &AccessEvent,
        subjects: &[Subject],
        folder: Option<&FileList>,
        by_admins: bool,
    ) -> Vec<Remark> {
        let Some(subject) = subjects.first() else {
            return Vec::new();
        };
        let mut remarks = self.about_registration(event, subject, subjects, by_admins);
        remarks.extend(self.about_answer(event, &subject.name));
        remarks.extend(self.about_hold(event, subjects, folder));
        remarks
    }

    /// Returns the remark about an answer to an event that cannot be answered so, or that was answered before.
    fn about_answer(&self, event: &AccessEvent, name: &str) -> Option<Remark> {
        let answered = event.action.answers()?.as_str();
        let action = event.action.as_str();
        let answers = Answers::among(self.events());
        let Some(found) = answers.event(&event.acts_on?.to_base64()) else {
            let message = format!(
                "this {action} acts on no {answered} of `{name}`: no such event about it has that leaf hash"
            );
            return Some(remark("acts-on-other", message));
        };
        let (index, found_action) = (found.index, found.action.as_deref().unwrap_or(found.r#type));
        if found_action != answered {
            let message = format!(
                "this {action} acts on entry {index}, which is no {answered} (`{}`)",
                visible(found_action)
            );
            return Some(remark("acts-on-other", message));
        }
        let earlier = answers.of(found).next()?.index;
        let message = format!("entry {earlier} answers the {answered} of entry {index} already");
        Some(remark("answered-already", message))
    }

    /// Returns the remark about the use of an artifact that is under a hold. It is judged as `verify file` does, and only if the
    /// history has a hold at all.
    fn about_hold(
        &self,
        event: &AccessEvent,
        subjects: &[Subject],
        folder: Option<&FileList>,
    ) -> Option<Remark> {
        let is_use = matches!(
            event.action,
            Action::Deploy | Action::Execute | Action::Approve | Action::Grant | Action::Transfer
        );
        let is_hold = |found: &EventView| found.action.as_deref() == Some(Action::Hold.as_str());
        if !is_use || !self.events().iter().any(is_hold) {
            return None;
        }
        let name = &subjects.first()?.name;
        let mut versions = self.report.members.versions.iter().flatten();
        let version = versions.any(|version| version.name == *name);
        let version = version.then_some(name.as_str());
        let digest = |subject: &Subject| format!("sha256:{}", subject.sha256());
        let digests: Vec<String> = subjects.iter().map(digest).collect();
        let source = source::open(&self.log, false).ok()?;
        let query = drive::run(&*source, &(), || {
            let (policy, options) = (&self.policy, self.options);
            let query = match folder {
                Some(files) => {
                    HistoryQuery::of_folder(files.clone(), None, version, policy, options)
                }
                None => HistoryQuery::of_files(&digests, version, policy, options),
            };
            query.map_err(|error| Failure::usage(error.to_string()))
        });
        let query = query.ok()?;
        let mut checks = query.report()?.checks.iter();
        let hold = checks.find(|check| check.code == CheckCode::Hold)?;
        (hold.outcome == Outcome::Fail).then(|| remark("under-hold", visible(&hold.detail)))
    }

    /// Returns the remarks about the registration of the artifact.
    fn about_registration(
        &self,
        event: &AccessEvent,
        subject: &Subject,
        subjects: &[Subject],
        by_admins: bool,
    ) -> Vec<Remark> {
        let name = &subject.name;
        let versions = self.report.members.versions.as_deref().unwrap_or_default();
        if event.action == Action::Register {
            return Vec::new();
        }
        if versions.is_empty() {
            let folder = self.folder_of(subject).map(|(path, folder)| {
                let (path, name, index) = (visible_path(&path), folder.name, folder.index);
                format!(
                    "; the file is {path} in the folder that entry {index} registers as `{name}`"
                )
            });
            let message = format!(
                "`{name}` is not registered in this log; its spelling may be wrong{}",
                folder.unwrap_or_default()
            );
            return Vec::from([remark("artifact-not-registered", message)]);
        }
        let mut remarks = Vec::new();
        let owners: BTreeSet<&str> = versions
            .iter()
            .map(|version| version.actor.as_str())
            .collect();
        let is_held = matches!(event.action, Action::Hold | Action::Release);
        if is_held && !by_admins && !owners.contains(event.actor.id.as_str()) {
            let owners: Vec<String> = owners.iter().map(|owner| format!("`{owner}`")).collect();
            let message = format!(
                "this {} has no effect: only {}, who registered `{name}`, or the admins may, with `--admin SPEC`",
                event.action.as_str(),
                owners.join(" or ")
            );
            remarks.push(remark("hold-without-right", message));
        }
        if let [version] = versions
            && version.name == *name
            && let Some(registered) = self
                .events()
                .iter()
                .find(|event| event.index == version.index)
        {
            let index = version.index;
            if has_other_contents(registered, name, subjects) {
                let message = format!(
                    "entry {index} registers `{name}` with other contents than the event names"
                );
                remarks.push(remark("contents-differ", message));
            } else if event.action.weight() != Weight::Routine
                && let Some(path) = file_of(registered, subjects)
            {
                let path = visible_path(path);
                let message = format!(
                    "entry {index} registers `{name}` as a folder, and the event names its file {path} alone: `--file DIR` names the whole folder"
                );
                remarks.push(remark("file-of-folder", message));
            }
        }
        remarks
    }

    /// Returns the path of a content in a folder that is registered, and the registration.
    fn folder_of(&self, subject: &Subject) -> Option<(String, RegisteredAs)> {
        let digests = [format!("sha256:{}", subject.sha256())];
        let source = source::open(&self.log, false).ok()?;
        let query = drive::run(&*source, &(), || {
            HistoryQuery::of_files(&digests, None, &self.policy, self.options)
                .map_err(|error| Failure::usage(error.to_string()))
        });
        let query = query.ok()?;
        let files = query.report()?.members.files.clone()?;
        let registered = files.into_iter().flat_map(|file| file.registered_as);
        let mut folders = registered.filter_map(|found| Some((found.path.clone()?, found)));
        folders.next()
    }

    /// Returns the remark about another event with the same id than the one at `index`.
    pub(crate) fn reused(&self, event_id: &str, index: u64) -> Option<Remark> {
        let mut events = self.events().iter();
        let other = events
            .find(|event| event.event_id.as_deref() == Some(event_id) && event.index != index)?;
        let message = format!(
            "entry {} has the same `--event-id`, and says something else",
            other.index
        );
        Some(remark("event-id-reused", message))
    }
}

/// Returns the path of the one file of a registered folder that an event is about.
fn file_of<'a>(registered: &'a EventView, subjects: &[Subject]) -> Option<&'a str> {
    let [subject] = subjects else {
        return None;
    };
    let digest = format!("sha256:{}", subject.sha256());
    let mut files = registered.files.iter().flatten();
    let file = files.find(|file| file.digest == digest)?;
    Some(&file.path)
}

/// Returns a path of a log, which may hold any characters, in backticks.
fn visible_path(path: &str) -> String {
    format!("`{}`", display_safe(path))
}

/// Returns whether one of the subjects is no content of a registration that tells all of its contents.
fn has_other_contents(registered: &EventView, name: &str, subjects: &[Subject]) -> bool {
    let bound = registered
        .subjects
        .iter()
        .filter(|subject| subject.name == name);
    let files = registered.files.iter().flatten().map(|file| &file.digest);
    let known: BTreeSet<&String> = bound.map(|subject| &subject.digest).chain(files).collect();
    let digest = |subject: &Subject| format!("sha256:{}", subject.sha256());
    let mut digests = subjects.iter().map(digest);
    registered.file_list.is_none() && digests.any(|digest| !known.contains(&digest))
}
