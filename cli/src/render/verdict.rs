//! The verdict in one plain sentence, which claims no more than was proven.
use glasslog_core::report::{Class, Outcome, Question, Report};

/// Says what a report came to.
pub(crate) fn sentence(report: &Report) -> String {
    match report.class() {
        Class::Verified => format!("Verified: {}.", verified(report)),
        Class::Nothing => format!("Nothing to verify: {}.", nothing(report)),
        Class::Malformed => format!("Malformed: {}.", cause(report)),
        Class::Unfinished => format!("Could not finish: {}.", cause(report)),
        Class::Inconsistent => format!("Inconsistent: {}.", cause(report)),
        Class::False => format!("False: {}.", cause(report)),
        Class::Undecided => format!("Not decided: {}.", cause(report)),
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
            format!("{log} begins with all entries of the older checkpoint, unchanged")
        }
        "log" => format!("everything that {log} publishes was read and recomputed, and agrees"),
        "file" => {
            let files = members.files.as_ref().map_or(0, Vec::len);
            let files = if files == 1 {
                "the file".into()
            } else {
                format!("each of the {files} files")
            };
            format!("{log} holds signed events about {files}")
        }
        _ if report.claims.complete == Outcome::Pass => {
            let (are, events) = if events == 1 {
                ("this is", "the only event".into())
            } else {
                ("these are", format!("all {events} events"))
            };
            format!("{are} {events} about {} in {log}", name(&report.query))
        }
        _ => format!(
            "the events shown about {} are in {log}; whether there are others is not decided",
            name(&report.query)
        ),
    }
}

fn nothing(report: &Report) -> String {
    match &report.checkpoint {
        Some(checkpoint) if checkpoint.size == 0 => {
            format!("the log `{}` is empty", checkpoint.origin)
        }
        Some(_) if report.complete => format!(
            "no event about {} is in {}",
            name(&report.query),
            log(report)
        ),
        _ => "there is no evidence".into(),
    }
}

/// The first reason for the verdict.
fn cause(report: &Report) -> &str {
    report
        .checks
        .iter()
        .find(|check| {
            check.required && check.outcome != Outcome::Pass && check.class == report.class()
        })
        .map_or("there is no evidence", |check| check.detail.as_str())
}

fn log(report: &Report) -> String {
    match &report.checkpoint {
        Some(checkpoint) => format!(
            "the first {} entries of the log `{}`",
            checkpoint.size, checkpoint.origin
        ),
        None => "the log".into(),
    }
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
    format!("{kind}`{}`", query.id)
}
