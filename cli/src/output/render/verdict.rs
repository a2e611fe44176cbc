//! The verdict in one plain sentence, which claims no more than was proven.
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::report::{
    Check, CheckCode, Class, CompleteBy, Fact, FileEvents, Outcome, Question, Report,
};
use glasslog_core::text::escape::display_safe;

/// Returns the verdict of a report in a sentence.
pub(crate) fn sentence(report: &Report) -> String {
    match report.class() {
        Class::Verified => format!("Verified: {}.", verified(report)),
        Class::Nothing => format!("Nothing to verify: {}.", nothing(report)),
        Class::MalformedInput | Class::MalformedLog => format!("Malformed: {}.", cause(report)),
        Class::Unfinished => format!("Could not finish: {}.", cause(report)),
        Class::Inconsistent => format!("Inconsistent: {}.", cause(report)),
        Class::False => format!("False: {}.", cause(report)),
        Class::Undecided => format!("Not decided: {}.", cause(report)),
        Class::Held => format!("Held: {}.", cause(report)),
    }
}

fn verified(report: &Report) -> String {
    let members = &report.members;
    let events = members.events.as_ref().map_or(0, Vec::len);
    let log = log(report);
    match report.query.kind {
        "entry" => format!("entry {} is in {log}", report.query.id),
        "proof" => match &members.entry {
            Some(entry) => format!("the entry is number {} in {log}", entry.index),
            None => format!("the entry is in {log}"),
        },
        "consistency" => {
            let old = members.old.as_ref().map_or(0, |old| old.size);
            format!(
                "{log} begins with {}, unchanged",
                entries("the", old, " of the older checkpoint")
            )
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
        "folder" => format!("{} {log}", folder(report)),
        "file" => format!(
            "{} {log}",
            files(members.files.as_deref().unwrap_or_default())
        ),
        _ => history(report, events),
    }
}

/// Describes a history with events; *all* and *the only* are never said on the word of an index.
fn history(report: &Report, events: usize) -> String {
    let (about, log) = (name(&report.query), log(report));
    match (report.complete_by, events) {
        (Some(CompleteBy::Scan | CompleteBy::AuditedIndex), 1) => {
            format!("this is the only event about {about} in {log}")
        }
        (Some(CompleteBy::Scan | CompleteBy::AuditedIndex), _) => {
            format!("these are all {events} events about {about} in {log}")
        }
        (Some(CompleteBy::Index), 1) => format!(
            "the index lists 1 event about {about}, which is in {log}; only the index says that there is no other"
        ),
        (Some(CompleteBy::Index), _) => format!(
            "the index lists {events} events about {about}, which are in {log}; only the index says that there are no others"
        ),
        (None, _) => format!(
            "the events shown about {about} are in {log}; whether there are others is not decided"
        ),
    }
}

/// Returns the evidence for the files, up to the name of the log.
fn files(files: &[FileEvents]) -> String {
    let registered = files.iter().filter(|file| !file.registered_as.is_empty());
    match (files, registered.count()) {
        ([file], 1) => {
            let names: Vec<String> = file
                .registered_as
                .iter()
                .map(|found| match &found.path {
                    Some(path) => format!("`{path}` of `{}` by `{}`", found.name, found.actor),
                    None => format!("`{}` by `{}`", found.name, found.actor),
                })
                .collect();
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

fn detail(report: &Report, code: CheckCode) -> &str {
    let check = report.checks.iter().find(|check| check.code == code);
    check.map_or("", |check| &check.detail)
}

/// Returns the number of entries that an earlier audit vouches for.
fn vouched(report: &Report) -> u64 {
    let mut checks = report.checks.iter();
    let check = checks.find(|check| check.code == CheckCode::AuditState);
    let mut facts = check.and_then(|check| check.evidence.as_ref()).into_iter();
    let vouched = facts.find_map(|evidence| {
        evidence.facts().find_map(|(name, fact)| match fact {
            Fact::Number(number) if name == "vouched" => Some(*number),
            _ => None,
        })
    });
    vouched.unwrap_or(0)
}

fn nothing(report: &Report) -> String {
    let about = match &report.checkpoint {
        Some(checkpoint) if checkpoint.size == 0 => {
            return format!("the log `{}` is empty", checkpoint.origin);
        }
        Some(_) if report.complete => match &report.members.files {
            Some(files) => return no_evidence(report, files),
            None => name(&report.query),
        },
        _ => {
            let entry = report
                .checks
                .iter()
                .find(|check| check.code == CheckCode::Entries);
            return entry.map_or_else(
                || "there is no evidence".into(),
                |check| check.detail.clone(),
            );
        }
    };
    absent(report, &about)
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

/// Returns the lack of evidence for files.
fn no_evidence(report: &Report, files: &[FileEvents]) -> String {
    let bare: Vec<&FileEvents> = files
        .iter()
        .filter(|file| file.registered_as.is_empty() && file.mentioned_by.is_empty())
        .collect();
    let digests: Vec<String> = bare
        .iter()
        .map(|file| format!("`{}`", file.digest))
        .collect();
    let digests = digests.join(" or ");
    let log = log(report);
    if bare.is_empty() {
        format!("{} in {log}", detail(report, CheckCode::Contents))
    } else if bare.iter().all(|file| file.events.is_empty()) {
        absent(report, &digests)
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

/// Ways out where a verdict would rest on an index that no auditor vouched for.
const WITHOUT_AUDITORS: [&str; 2] = [
    "an `[audit]` section in the policy, with an auditor's key, takes the index once that auditor has recomputed it",
    "`--accept-index` takes the index's own word that it leaves nothing out",
];

/// Returns the remedies that are known; `can_scan` if the verb has the flag `--full-scan`.
pub(crate) fn hints(report: &Report, can_scan: bool) -> Vec<String> {
    match report.deciding_check() {
        Some(check) if rests_on_index_alone(report, check) => {
            let scan = match can_scan {
                true => "`--full-scan` reads every entry, and nothing then rests on the index",
                false => {
                    "a bundle made with `--full-scan` holds every entry, and rests on no index"
                }
            };
            let others = WITHOUT_AUDITORS.into_iter();
            [scan]
                .into_iter()
                .chain(others)
                .map(str::to_owned)
                .collect()
        }
        Some(check) => hint(report, check, can_scan).into_iter().collect(),
        None => another_kind(report).into_iter().collect(),
    }
}

/// Returns the question about an actor, if nothing was found about a name: an actor's id looks like one.
fn another_kind(report: &Report) -> Option<String> {
    let is_name = matches!(report.query.kind, "name" | "version");
    let id = display_safe(&report.query.id);
    (is_name && report.class() == Class::Nothing)
        .then(|| format!("if `{id}` is an actor, ask for `actor:{id}`"))
}

/// Returns true if the deciding check would have passed if somebody vouched for the index.
fn rests_on_index_alone(report: &Report, check: &Check) -> bool {
    let coverage = report
        .checks
        .iter()
        .find(|check| check.code == CheckCode::Coverage);
    let is_unaudited = coverage.is_some_and(|coverage| {
        coverage.outcome == Outcome::Unknown
            && fact(coverage, "audited") == Some(&Fact::from("no"))
            && !is_behind(report, coverage)
    });
    matches!(
        check.code,
        CheckCode::Coverage | CheckCode::EventSignatures | CheckCode::IndexAudit
    ) && check.outcome == Outcome::Unknown
        && is_unaudited
        && report.complete_by.is_none()
}

fn hint(report: &Report, check: &Check, can_scan: bool) -> Option<String> {
    let (remedy, by_scan) = remedies(report, check)?;
    let by_scan = Some(by_scan).filter(|_| can_scan);
    let said = [Some(remedy), by_scan].into_iter().flatten();
    let said: Vec<&str> = said.filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// The remedy for the cause, and the one that a scan of the whole log would be.
fn remedies(report: &Report, check: &Check) -> Option<(&'static str, &'static str)> {
    /// A scan reads every entry, and asks no index.
    const SCAN: &str = "`--full-scan` reads every entry and does without the index";
    let is_audit = report.query.kind == "log";
    Some(match (check.code, report.class()) {
        (CheckCode::Files, Class::Unfinished) if report.checkpoint.is_none() => (
            "a log is named by its directory, its public tree, or the address of such a tree",
            "",
        ),
        (CheckCode::Files, Class::Unfinished) if is_about(check, LATEST_PATH) => (
            "the log has no index yet, or its file was lost: only the log's operator can make it, with `glasslog publish` or `glasslog index --rebuild`",
            SCAN,
        ),
        (CheckCode::IndexCheckpoint, Class::Unfinished) => (
            "the log has no index yet, or its files were lost: only the log's operator can make it, with `glasslog publish` or `glasslog index --rebuild`; a policy without `[index]` audits the log alone",
            "",
        ),
        (CheckCode::Files, Class::Unfinished) => {
            ("try again later, or ask the operator of its server", "")
        }
        (CheckCode::Coverage, Class::Undecided) if fact(check, "memoryLimit").is_some() => (
            "allow more with `--max-memory 1GiB`, or ask about less: one version, or one digest with `--exact`",
            "",
        ),
        (CheckCode::Checkpoint, Class::MalformedLog) => (
            "this may be a web page or another file, not a log's checkpoint",
            "",
        ),
        (CheckCode::LogSignature, Class::Undecided) => (
            "the policy may be another log's, or the log's key was changed: ask its operator",
            "",
        ),
        (
            CheckCode::IndexSignature
            | CheckCode::IndexManifest
            | CheckCode::IndexCheckpoint
            | CheckCode::IndexManifests,
            Class::Undecided,
        ) => (
            "the index may be another log's, or its key was changed: ask its operator",
            SCAN,
        ),
        (CheckCode::IndexAudit, Class::Undecided) => (
            "auditors may not have recomputed it yet: try again later",
            SCAN,
        ),
        (CheckCode::Coverage, Class::Undecided) if is_behind(report, check) => {
            ("the index is behind: try again later", SCAN)
        }
        (CheckCode::IndexFiles, Class::Unfinished | Class::Undecided) if is_audit => (
            "the index may have been extended meanwhile: audit again, or ask its operator",
            "",
        ),
        (
            CheckCode::IndexProof
            | CheckCode::IndexManifest
            | CheckCode::IndexFiles
            | CheckCode::IndexPositions,
            _,
        ) => ("", SCAN),
        (CheckCode::Question, Class::Undecided) => (
            "`--exact` accepts that; otherwise ask for a bundle made without `--exact`",
            "",
        ),
        (CheckCode::Quorum | CheckCode::IndexQuorum, Class::Undecided) => {
            ("witnesses may not have cosigned yet: try again later", "")
        }
        (CheckCode::Genesis, Class::Undecided) => (
            "`glasslog verify entry` and `glasslog audit` judge logs of any kind",
            "",
        ),
        _ => return None,
    })
}

/// Returns true if the evidence of a check names this path.
fn is_about(check: &Check, path: &str) -> bool {
    fact(check, "path") == Some(&Fact::from(path))
}

/// Returns true if the index does not cover the whole log.
fn is_behind(report: &Report, check: &Check) -> bool {
    let size = report.checkpoint.as_ref().map_or(0, |head| head.size);
    let covered = fact(check, "upTo");
    fact(check, "method") == Some(&Fact::from("index")) && covered != Some(&Fact::Number(size))
}

fn fact<'a>(check: &'a Check, name: &str) -> Option<&'a Fact> {
    let mut facts = check.evidence.as_ref()?.facts();
    facts.find(|(fact, _)| *fact == name).map(|(_, fact)| fact)
}

fn log(report: &Report) -> String {
    match &report.checkpoint {
        Some(checkpoint) => format!(
            "the log `{}` of {}",
            checkpoint.origin,
            entries("", checkpoint.size, "")
        ),
        None => "the log".into(),
    }
}

/// `the 2 entries of …`, `1 entry`.
fn entries(before: &str, count: u64, after: &str) -> String {
    let noun = if count == 1 { "entry" } else { "entries" };
    format!("{before} {count} {noun}{after}")
        .trim_start()
        .to_owned()
}

fn name(query: &Question) -> String {
    let kind = match query.kind {
        "version" => "version ",
        "name" => "the name ",
        "digest" => "the digest ",
        "actor" => "actor ",
        "key" => "key ",
        _ => "",
    };
    // An exact history looked up one key: events about its digests or other names are not among them.
    let limits = match (query.exact == Some(true), query.state == Some(true)) {
        (false, false) => "",
        (true, false) => ", looked up exactly,",
        (false, true) => ", without routine accesses,",
        (true, true) => ", looked up exactly, without routine accesses,",
    };
    format!("{kind}`{}`{limits}", query.id)
}
