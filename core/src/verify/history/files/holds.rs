//! Holds on files (`docs/formats/report.md`, "Holds").
//!
//! The actor who first registered a file's content holds it, by digest, by version, or by the name that all versions
//! share, until a release that acts on the hold. So do the admins, who sign beside an actor. A hold by another actor has no
//! effect, so that nobody can block a stranger's artifact.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use crate::event::action::Action;
use crate::event::lookup_key::base_name;
use crate::report::check::{CheckCode, Checks, Class, Outcome};
use crate::report::event_view::EventView;
use crate::report::evidence::Evidence;
use crate::report::report::{FileEvents, RegisteredAs};
use crate::verify::contents::Contents;

/// Records the first hold in force on one of the files; `version` limits the question to holds on that version.
/// `knows_owners` is true if all events that decide who registered the files first were read.
pub(super) fn judge(
    files: &[FileEvents],
    version: Option<&str>,
    knows_owners: bool,
    contents: Contents<'_>,
    checks: &mut Checks,
) {
    let code = CheckCode::Hold;
    let held = files.iter().find_map(|file| {
        let mut registered = file.registered_as.iter();
        let owner = match version {
            Some(version) => registered.find(|registered| registered.name == version),
            None => registered.next(),
        };
        in_force(file, owner, contents)
    });
    if let Some((event, subject)) = held {
        let text = event.reason.as_ref().and_then(|reason| reason.text.clone());
        let why = text.map_or_else(String::new, |text| format!(": {text}"));
        let evidence = Evidence::new()
            .with("index", event.index)
            .with("name", subject.as_str());
        let detail = format!("entry {} holds `{subject}`{why}", event.index);
        return checks.fail(code, Class::Held, detail, Some(evidence));
    }
    if !knows_owners {
        let detail = "whether a hold is in force is not decided: the events with the name of a file's first registration \
                      are too many to be read";
        return checks.unknown(code, detail, None);
    }
    if checks.outcome(CheckCode::Coverage) == Outcome::Pass {
        return checks.pass(code, "no hold is in force", None);
    }
    // A hold may be among the events that were not seen; `coverage` says so.
    checks.require(code, false);
    checks.unknown(code, "whether a hold is in force is not decided", None);
}

/// The first hold of the owner's or the admins' that no release ended, and what it holds.
fn in_force<'a>(
    file: &FileEvents,
    owner: Option<&RegisteredAs>,
    contents: Contents<'a>,
) -> Option<(&'a EventView, String)> {
    let mut holds: BTreeMap<String, (&EventView, String)> = BTreeMap::new();
    for event in contents.events() {
        let by_admins = contents.is_by_admins(event);
        let by_owner = owner.is_some_and(|owner| event.actor.as_ref() == Some(&owner.actor));
        // The admins' signatures stand, whatever becomes of the key of the actor beside whom they signed.
        let counts = event.is_evidence() || by_admins && event.is_compromised();
        if !counts || !(by_admins || by_owner) {
            continue;
        }
        if event.does(Action::Hold) {
            let mut subjects = event.subjects.iter();
            let held = subjects.find(|subject| {
                let is_named = |owner: &RegisteredAs| {
                    subject.name == owner.name || subject.name == base_name(&owner.name)
                };
                subject.digest == file.digest || owner.is_some_and(is_named)
            });
            if let Some(subject) = held {
                holds.insert(event.leaf_hash.to_base64(), (event, subject.name.clone()));
            }
        }
        // The admins' hold is not the owner's to release.
        if event.does(Action::Release)
            && let Some(acts_on) = &event.acts_on
            && let Some((hold, _)) = holds.get(acts_on)
            && (by_admins || !contents.is_by_admins(hold))
        {
            holds.remove(acts_on);
        }
    }
    holds.into_values().min_by_key(|(event, _)| event.index)
}
