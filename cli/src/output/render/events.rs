//! Events as a table.
use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{ContentArrangement, Table, presets};
use glasslog_core::report::{EventView, PartyView, TimeView};
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::json::Value;
use glasslog_core::text::time;

use crate::answers::Answers;

/// Hex digits of a digest in a table: enough to tell the contents of one artifact apart by eye.
const DIGEST_SHOWN: usize = 12;

/// One row for each event, which may act on any of `answers`; wrapped to `width` on a terminal, one line each elsewhere.
pub(crate) fn table(events: &[EventView], answers: &Answers<'_>, width: Option<u16>) -> String {
    let is_bounded = |event: &EventView| bracket(&event.time).is_some();
    let with_brackets = events.iter().any(is_bounded);
    let mut header = vec!["index", "time claimed"];
    if with_brackets {
        header.push("time witnessed");
    }
    header.extend([
        "event",
        "actor",
        "subject",
        "digest",
        "signature",
        "remarks",
    ]);
    let row = |event: &EventView| row(event, answers, with_brackets);
    rows(header, events.iter().map(row), width)
}

/// The times between which witnesses vouch that the event came into the log; `None` if they vouch for none.
fn bracket(time: &TimeView) -> Option<String> {
    let shown = |word: &str, time: u64| format!("{word} {}", time::format(time));
    let after = time.not_before.map(|time| shown("after", time));
    let by = time.not_after.map(|time| shown("by", time));
    let parts: Vec<String> = after.into_iter().chain(by).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One row for each actor, action and signature verdict, with the number of their events and the last of them.
pub(crate) fn summary(events: &[EventView], width: Option<u16>) -> String {
    let mut groups: BTreeMap<_, (u64, &EventView)> = BTreeMap::new();
    for event in events {
        let group = (event.actor.as_deref(), action(event), event.signature);
        let (count, last) = groups.entry(group).or_insert((0, event));
        *count += 1;
        *last = event;
    }
    let header = vec![
        "events",
        "event",
        "actor",
        "signature",
        "last index",
        "last time claimed",
    ];
    let rows_of = groups
        .into_iter()
        .map(|((actor, action, signature), (count, last))| {
            vec![
                count.to_string(),
                display_safe(&action),
                display_safe(actor.unwrap_or("–")),
                signature.replace('-', " "),
                last.index.to_string(),
                shown(&last.occurred_at),
            ]
        });
    rows(header, rows_of, width)
}

fn rows(header: Vec<&str>, rows: impl Iterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            table.set_width(width);
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(header);
    table.add_rows(rows);
    table
        .lines()
        .map(|line| format!(" {}\n", line.trim_end()))
        .collect::<String>()
        .trim_end_matches('\n')
        .to_owned()
}

fn shown(text: &Option<String>) -> String {
    display_safe(text.as_deref().unwrap_or("–"))
}

/// The action, with its outcome if it did not succeed.
fn action(event: &EventView) -> String {
    let action = event.action.as_deref().unwrap_or(event.r#type);
    match event.outcome.as_deref() {
        Some(outcome) if outcome != "success" => format!("{action} ({outcome})"),
        _ => action.to_owned(),
    }
}

fn row(event: &EventView, answers: &Answers<'_>, with_bracket: bool) -> Vec<String> {
    let names: BTreeSet<&str> = event
        .subjects
        .iter()
        .map(|subject| subject.name.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut row = vec![event.index.to_string(), shown(&event.occurred_at)];
    if with_bracket {
        row.push(bracket(&event.time).unwrap_or_else(|| "–".into()));
    }
    row.extend([
        display_safe(&action(event)),
        shown(&event.actor),
        display_safe(&names.join(", ")),
        digests(event),
        event.signature.replace('-', " "),
        display_safe(&remarks(event, answers)),
    ]);
    row
}

/// Returns the beginning of the digest, or the number of digests if there are several.
fn digests(event: &EventView) -> String {
    let subjects = event.subjects.iter();
    let digests: BTreeSet<&str> = subjects.map(|subject| subject.digest.as_str()).collect();
    let mut digests = digests.into_iter();
    match (digests.next(), digests.count()) {
        (None, _) => "–".into(),
        (Some(digest), 0) => {
            let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
            hex.chars().take(DIGEST_SHOWN).collect()
        }
        (Some(_), others) => format!("{} digests", others + 1),
    }
}

fn remarks(event: &EventView, answers: &Answers<'_>) -> String {
    let mut remarks: Vec<String> = event
        .notes
        .iter()
        .map(|note| note.replace('-', " "))
        .collect();
    if let Some(code) = event.no_effect {
        remarks.push(code.replace('-', " "));
    }
    remarks.extend(answers.acts_on(event));
    remarks.extend(answers.answered(event));
    if let Some(actor) = &event.on_behalf_of {
        remarks.push(format!("on behalf of {actor}"));
    }
    if let Some(transfer) = &event.transfer {
        remarks.push(format!(
            "from {} to {}",
            party(&transfer.from),
            party(&transfer.to)
        ));
    }
    let place = [&event.environment, &event.region];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    if !place.is_empty() {
        remarks.push(format!("in {}", place.join(", ")));
    }
    if let Some(name) = member(&event.pipeline, "name") {
        remarks.push(format!("by pipeline {name}"));
    }
    if let Some(decision) = member(&event.policy, "decision").filter(|said| *said != "allow") {
        remarks.push(format!("policy decision {decision}"));
    }
    if let Some(exception) = &event.exception {
        let approvers = exception.approved_by.join(", ");
        remarks.push(format!("{} approved by {approvers}", exception.kind));
    }
    if let Some(since) = event.key.as_ref().and_then(|key| key.compromised_since) {
        remarks.push(format!("compromised since entry {since}"));
    }
    if let Some(reason) = &event.reason {
        let words = [&reason.code, &reason.text].into_iter().flatten();
        let words: Vec<&str> = words.map(String::as_str).collect();
        remarks.push(words.join(": "));
        remarks.extend(
            reason
                .ticket
                .iter()
                .map(|ticket| format!("ticket {ticket}")),
        );
    }
    remarks.join("; ")
}

fn party(party: &PartyView) -> String {
    match &party.location {
        Some(location) => format!("{} at {location}", party.custodian),
        None => party.custodian.clone(),
    }
}

/// Returns a text member of an object that the event signs.
fn member<'a>(object: &'a Option<Value<'static>>, name: &str) -> Option<&'a str> {
    object.as_ref()?.member(name)?.as_str()
}
