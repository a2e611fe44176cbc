//! Headlines: the verdict in one plain sentence, which claims no more than was proven (`docs/formats/report.md`, "Headline").
//!
//! This is the one table of headlines; the command line and the portal show it. The class of the verdict, the kind of the
//! question, its limits and the grounds of completeness choose the sentence. *All* and *the only* are never said on the word
//! of an index.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::report::check::{CheckCode, Class, CompleteBy, Outcome};
use crate::report::evidence::{Evidence, Fact};

use crate::report::words;
use crate::text::time;

use super::{FileEvents, Question, Report};

/// Returns the headline of a report: lower case, no full stop, names in backticks.
pub(super) fn headline(report: &Report) -> String {
    match report.class() {
        Class::Verified => verified(report),
        Class::Nothing => nothing(report),
        Class::Undecided => undecided(report),
        Class::MalformedInput
        | Class::MalformedLog
        | Class::Unfinished
        | Class::Inconsistent
        | Class::False
        | Class::Held => cause(report),
    }
}

fn verified(report: &Report) -> String {
    let members = &report.members;
    let log = log(report);
    match report.query.kind {
        "entry" => format!("entry {} is in {log}", report.query.id),
        "proof" => match &members.entry {
            Some(entry) => format!("the entry is number {} in {log}", entry.index),
            None => format!("the entry is in {log}"),
        },
        "consistency" => {
            let old = members.old.as_ref().map_or(0, |old| old.size);
            let old = words::entries(old);
            format!("{log} begins with the {old} of the older checkpoint, unchanged")
        }
        "log" => match vouched(report) {
            0 => format!("{log} was read whole and recomputed, and agrees"),
            vouched => format!(
                "{log} was audited up to entry {vouched} before; newer entries were read and recomputed, and agree"
            ),
        },
        "fraud" => match &members.fraud {
            Some(fraud) => format!(
                "the signer of the index `{}` signed a false statement: {}",
                fraud.index,
                detail(report, CheckCode::Fraud)
            ),
            None => "the index is false".into(),
        },
        "inconsistency" => match &members.inconsistency {
            Some(found) => format!(
                "the {} `{}` signed two heads that cannot both be true: {}",
                found.role,
                found.old.origin,
                detail(report, CheckCode::Inconsistency)
            ),
            None => "the log signed two heads that cannot both be true".into(),
        },
        "folder" => format!("{} {log}", folder(report)),
        "file" => {
            let files = members.files.as_deref().unwrap_or_default();
            format!("{} {log}", known_files(files))
        }
        _ => history(report),
    }
}

/// Describes a history with events.
fn history(report: &Report) -> String {
    let (about, log) = (subject(&report.query), log(report));
    match (report.complete_by, events(report)) {
        (Some(CompleteBy::Scan | CompleteBy::AuditedIndex), 1) => {
            format!("this is the only event about {about} in {log}")
        }
        (Some(CompleteBy::Scan | CompleteBy::AuditedIndex), count) => {
            format!("these are all {count} events about {about} in {log}")
        }
        (Some(CompleteBy::Index), 1) => format!(
            "the index lists 1 event about {about}, which is in {log}; only the index says that there is no other"
        ),
        (Some(CompleteBy::Index), count) => format!(
            "the index lists {count} events about {about}, which are in {log}; only the index says that there are no others"
        ),
        (None, _) => format!(
            "the events shown about {about} are in {log}; whether there are others is not decided"
        ),
    }
}

/// Returns the evidence for files, up to the name of the log.
fn known_files(files: &[FileEvents]) -> String {
    let registered = files.iter().filter(|file| !file.registered_as.is_empty());
    match (files, registered.count()) {
        ([file], 1) => {
            let names = file.registered_as.iter().map(|found| match &found.path {
                Some(path) => format!("`{path}` of `{}` by `{}`", found.name, found.actor),
                None => format!("`{}` by `{}`", found.name, found.actor),
            });
            let names: Vec<String> = names.collect();
            format!("the file is registered as {} in", names.join(" and "))
        }
        ([_], _) => "the file is mentioned, but not registered, in".into(),
        (files, registered) if registered == files.len() => {
            format!("each of the {registered} files is registered in")
        }
        (files, registered) => format!(
            "{registered} of {} files are registered, the others only mentioned, in",
            files.len()
        ),
    }
}

/// Returns the evidence for a folder, up to the name of the log.
fn folder(report: &Report) -> String {
    let folder = report.members.folder.as_ref();
    match folder.and_then(|folder| folder.compared_with.as_ref()) {
        Some(known_as) => format!(
            "the folder is registered as `{}` by `{}` in",
            known_as.name, known_as.actor
        ),
        None => "the folder is mentioned, but not registered, in".into(),
    }
}

/// Describes a verdict that is not decided: the events that the index lists, if its word alone is in doubt; else the reason.
fn undecided(report: &Report) -> String {
    if report.cause != Some(CheckCode::Coverage) || !report.rests_on_index_alone() {
        return cause(report);
    }
    let (about, log) = (subject(&report.query), log(report));
    match events(report) {
        0 => format!(
            "the index lists no event about {about} in {log}; whether it leaves any out is not decided"
        ),
        1 => format!(
            "the index lists 1 event about {about}, which is in {log}; whether it leaves others out is not decided"
        ),
        count => format!(
            "the index lists {count} events about {about}, which are in {log}; whether it leaves others out is not decided"
        ),
    }
}

fn nothing(report: &Report) -> String {
    match &report.checkpoint {
        Some(checkpoint) if checkpoint.size == 0 => {
            format!("the log `{}` is empty", checkpoint.origin)
        }
        Some(_) if report.complete => match &report.members.files {
            Some(files) => no_evidence(report, files),
            None => absent(report, &subject(&report.query)),
        },
        _ => match detail(report, CheckCode::Entries) {
            "" => "there is no evidence".into(),
            detail => detail.into(),
        },
    }
}

/// Says that there is no event about something, on the grounds of the report.
fn absent(report: &Report, about: &str) -> String {
    let log = log(report);
    match report.complete_by {
        Some(CompleteBy::Index) => format!(
            "the index lists no event about {about} in {log}; only the index says that there is none"
        ),
        _ => format!("no event about {about} is in {log}"),
    }
}

/// Describes the lack of evidence for files: no event names them, or none that does counts.
fn no_evidence(report: &Report, files: &[FileEvents]) -> String {
    let files = files.iter();
    let bare = files.filter(|file| file.registered_as.is_empty() && file.mentioned_by.is_empty());
    let bare: Vec<&FileEvents> = bare.collect();
    let digests: Vec<String> = bare
        .iter()
        .map(|file| format!("`{}`", file.digest))
        .collect();
    let (digests, log) = (digests.join(" or "), log(report));
    if bare.is_empty() {
        format!("{} in {log}", detail(report, CheckCode::Contents))
    } else if bare.iter().all(|file| file.events.is_empty()) {
        let folder = report.members.folder.as_ref();
        let similar = folder.and_then(|folder| folder.compared_with.as_ref());
        let similar = similar.map(|known_as| {
            format!(
                "; the most similar registration is that of `{}` by `{}`",
                known_as.name, known_as.actor
            )
        });
        absent(report, &digests) + &similar.unwrap_or_default()
    } else {
        format!("no event in {log} is evidence for {digests}")
    }
}

/// Returns the first reason for the verdict, in words.
fn cause(report: &Report) -> String {
    let Some(check) = report.deciding_check() else {
        return "there is no evidence".into();
    };
    let detail = &check.detail;
    match (check.code, &check.evidence) {
        (CheckCode::Freshness, None) => format!("the age of the checkpoint is unknown: {detail}"),
        (CheckCode::Freshness, Some(_)) => format!("the checkpoint is too old: {detail}"),
        _ => detail.clone(),
    }
}

/// The number of events shown.
fn events(report: &Report) -> usize {
    report.members.events.as_ref().map_or(0, Vec::len)
}

fn detail(report: &Report, code: CheckCode) -> &str {
    let check = report.checks.iter().find(|check| check.code == code);
    check.map_or("", |check| check.detail.as_str())
}

/// Returns the number of entries that an earlier audit vouches for.
fn vouched(report: &Report) -> u64 {
    let mut checks = report.checks.iter();
    let check = checks.find(|check| check.code == CheckCode::AuditState);
    let mut facts = check.into_iter().flat_map(|check| &check.evidence);
    let vouched = facts.find_map(|evidence| match evidence.fact("vouched") {
        Some(Fact::Number(number)) => Some(*number),
        _ => None,
    });
    vouched.unwrap_or(0)
}

fn log(report: &Report) -> String {
    match &report.checkpoint {
        Some(checkpoint) => format!(
            "the log `{}` of {}",
            checkpoint.origin,
            words::entries(checkpoint.size)
        ),
        None => "the log".into(),
    }
}

/// Names the subject of a history, with the limits of the question: an exact history has no events about other names of the
/// same content, and one of the state has no routine accesses.
fn subject(query: &Question) -> String {
    let kind = match query.kind {
        "version" => "version ",
        "name" => "the name ",
        "digest" => "the digest ",
        "actor" => "actor ",
        "key" => "key ",
        _ => "",
    };
    let limits = match (query.exact == Some(true), query.state == Some(true)) {
        (false, false) => "",
        (true, false) => ", looked up exactly,",
        (false, true) => ", without routine accesses,",
        (true, true) => ", looked up exactly, without routine accesses,",
    };
    let time = |word: &str, time: Option<u64>| {
        let shown = time.map(|time| format!(", {word} {},", time::format(time)));
        shown.unwrap_or_default()
    };
    let limits = [limits, &time("from", query.from), &time("to", query.to)].concat();
    format!("{kind}`{}`{}", query.id, limits.replace(",,", ","))
}

impl Report {
    /// Tells whether the verdict is open only because no auditor vouches for the index, and the reader does not accept its word.
    #[must_use]
    pub fn rests_on_index_alone(&self) -> bool {
        let doubted = [
            CheckCode::Coverage,
            CheckCode::EventSignatures,
            CheckCode::IndexAudit,
        ];
        let is_doubted = self.cause.is_some_and(|cause| doubted.contains(&cause));
        let size = self.checkpoint.as_ref().map_or(0, |head| head.size);
        let (unaudited, whole) = (Fact::from("no"), Fact::Number(size));
        let is_unaudited = |evidence: &Evidence| {
            evidence.fact("audited") == Some(&unaudited) && evidence.fact("upTo") == Some(&whole)
        };
        let mut checks = self.checks.iter();
        let coverage = checks.find(|check| check.code == CheckCode::Coverage);
        let open = coverage.filter(|check| check.outcome == Outcome::Unknown);
        let evidence = open.and_then(|check| check.evidence.as_ref());
        self.class() == Class::Undecided && is_doubted && evidence.is_some_and(is_unaudited)
    }
}
