//! Reports as text for people: the verdict first, then the claims, the checks behind them and the findings.
//!
//! A renderer decides nothing: every word follows from members of the report.
use core::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use glasslog_core::report::{
    Check, CheckCode, Class, EventView, Fact, FileEvents, Outcome, Report,
};
use glasslog_core::text::escape::display_safe;

use crate::answers::Answers;

mod events;
mod folder;
mod verdict;

pub(crate) use verdict::hints;

const PASS: Style = AnsiColor::Green.on_default();
const FAIL: Style = AnsiColor::Red.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default();
const HEADING: Style = Style::new().bold();

/// The parts of a report that its text shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Whole,
    /// Everything, with only the last events.
    Last(usize),
    /// Everything, with counts of events instead of the events.
    Summary,
    /// The verdict in one sentence.
    Verdict,
}

/// Shows a report, styled; the output stream drops the styles if they are not wanted. `width` is the terminal's, if there
/// is one.
pub(crate) fn report(report: &Report, width: Option<u16>, extent: Extent) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_report(&mut text, report, width, extent);
    text.truncate(text.trim_end().len());
    text
}

fn write_report(
    out: &mut String,
    report: &Report,
    width: Option<u16>,
    extent: Extent,
) -> fmt::Result {
    let (mark, style) = match report.class() {
        Class::Verified => ('✓', PASS),
        Class::Undecided | Class::Nothing => ('?', UNKNOWN),
        _ => ('✗', FAIL),
    };
    let sentence = verdict::sentence(report);
    writeln!(
        out,
        "{style}{mark}{style:#} {HEADING}{}{HEADING:#}",
        visible(&sentence)
    )?;
    if extent == Extent::Verdict {
        return Ok(());
    }
    write_claims(out, report)?;
    if let Some(checkpoint) = &report.checkpoint {
        writeln!(out, "\n{HEADING}Log{HEADING:#}")?;
        writeln!(out, "  origin  {}", display_safe(&checkpoint.origin))?;
        writeln!(out, "  size    {}", checkpoint.size)?;
        writeln!(out, "  root    {}", checkpoint.root)?;
        if let Some(old) = &report.members.old {
            writeln!(out, "  older   size {}, root {}", old.size, old.root)?;
        }
    }
    write_checks(out, &report.checks)?;
    write_members(out, report)?;
    if let Some(events) = report
        .members
        .events
        .as_deref()
        .filter(|events| !events.is_empty())
    {
        let all = events.len();
        let answers = Answers::among(events);
        match extent {
            Extent::Summary => {
                writeln!(out, "\n{HEADING}Events, counted{HEADING:#}")?;
                writeln!(out, "{}", events::summary(events, width))?;
            }
            Extent::Last(last) if last < all => {
                writeln!(
                    out,
                    "\n{HEADING}Events, the last {last} of {all}{HEADING:#}"
                )?;
                writeln!(
                    out,
                    "{}",
                    events::table(&events[all - last..], &answers, width)
                )?;
            }
            _ => {
                writeln!(out, "\n{HEADING}Events{HEADING:#}")?;
                writeln!(out, "{}", events::table(events, &answers, width))?;
            }
        }
        write_answerable(out, events, &answers)?;
    }
    Ok(())
}

/// Writes what an answer to a hold, a grant or a transfer names with `--acts-on`, and the answers that there are: a second one has
/// its use where the first had no right to answer.
fn write_answerable(out: &mut String, events: &[EventView], answers: &Answers<'_>) -> fmt::Result {
    let is_answerable = |event: &&EventView| {
        let action = event.action.as_deref();
        event.outcome.as_deref() == Some("success")
            && matches!(action, Some("hold" | "grant" | "transfer"))
    };
    let mut answerable = events.iter().filter(is_answerable).peekable();
    if answerable.peek().is_some() {
        writeln!(out, "\n{HEADING}Answered with `--acts-on`{HEADING:#}")?;
    }
    for event in answerable {
        let action = event.action.as_deref().unwrap_or_default();
        let (index, hash) = (event.index, event.leaf_hash);
        let answered = answers.answered(event);
        let answered = answered.map_or_else(String::new, |by| format!("; {}", display_safe(&by)));
        writeln!(
            out,
            "  {action} {index}, by its index or leaf hash {hash}{answered}"
        )?;
    }
    Ok(())
}

fn write_claims(out: &mut String, report: &Report) -> fmt::Result {
    let claims = &report.claims;
    let detail = |code| find(report, code).map_or("not examined", |check| check.detail.as_str());
    let included = match claims.included {
        Outcome::Pass => "the shown entries are in the log",
        Outcome::Fail => "the shown entries are not the log's",
        Outcome::Unknown if report.class() == Class::Nothing => "there is nothing to include",
        Outcome::Unknown => "not decided",
    };
    let complete = match (claims.complete, find(report, CheckCode::Coverage)) {
        // The claim's name comes before it.
        (_, Some(check)) => {
            let detail = check.detail.as_str();
            detail.strip_prefix("complete ").unwrap_or(detail)
        }
        (_, None) => "not examined",
    };
    writeln!(out)?;
    for (claim, outcome, words) in [
        ("included", claims.included, included),
        ("complete", claims.complete, complete),
        ("fresh", claims.fresh, detail(CheckCode::Freshness)),
    ] {
        writeln!(out, "  {} {claim:<8}  {}", mark(outcome), visible(words))?;
    }
    Ok(())
}

fn write_checks(out: &mut String, checks: &[Check]) -> fmt::Result {
    writeln!(out, "\n{HEADING}Checks{HEADING:#}")?;
    let longest = checks
        .iter()
        .map(|check| check.code.as_str().len())
        .max()
        .unwrap_or(0);
    for check in checks {
        let code = check.code.as_str();
        let aside = if check.required || check.outcome == Outcome::Pass {
            ""
        } else {
            " (not required)"
        };
        writeln!(
            out,
            "  {} {code:<longest$}  {}{aside}",
            mark(check.outcome),
            visible(&check.detail)
        )?;
        // The evidence helps to find the cause; the details of these two checks contain it already.
        let told = matches!(check.code, CheckCode::Freshness | CheckCode::Coverage);
        if let Some(evidence) = check
            .evidence
            .as_ref()
            .filter(|_| check.outcome != Outcome::Pass && !told)
        {
            for (name, fact) in evidence.facts() {
                write_fact(out, name, fact, longest + 6)?;
            }
        }
    }
    Ok(())
}

/// Writes one fact a line, those of a group side by side.
fn write_fact(out: &mut String, name: &str, fact: &Fact, indent: usize) -> fmt::Result {
    match fact {
        Fact::List(facts) => facts
            .iter()
            .try_for_each(|fact| write_fact(out, name, fact, indent)),
        fact => writeln!(out, "{:indent$}{name} {}", "", fact_text(fact)),
    }
}

fn fact_text(fact: &Fact) -> String {
    match fact {
        Fact::Number(number) => number.to_string(),
        Fact::Text(text) => display_safe(text),
        Fact::List(facts) => facts.iter().map(fact_text).collect::<Vec<_>>().join(" "),
        Fact::Group(evidence) => {
            let facts = evidence.facts().map(|(_, fact)| fact_text(fact));
            facts.collect::<Vec<_>>().join(" ")
        }
    }
}

fn write_members(out: &mut String, report: &Report) -> fmt::Result {
    let members = &report.members;
    if let Some(keys) = members.keys.as_deref().filter(|keys| !keys.is_empty()) {
        writeln!(out, "\n{HEADING}Looked up{HEADING:#}")?;
        let longest = keys.iter().map(|key| key.kind.len()).max();
        let longest = longest.map_or(0, |longest| longest.max("version".len()));
        for key in keys {
            writeln!(out, "  {:<longest$}  {}", key.kind, display_safe(&key.id))?;
        }
    }
    if let Some(files) = &members.files {
        writeln!(out, "\n{HEADING}Files{HEADING:#}")?;
        for file in files {
            let found = display_safe(&evidence_for(file));
            writeln!(out, "  {}  {found}", display_safe(&file.digest))?;
        }
    }
    if let Some(folder) = &members.folder {
        folder::write(out, folder)?;
    }
    if let Some(entry) = &members.entry {
        writeln!(out, "\n{HEADING}Entry{HEADING:#}")?;
        writeln!(out, "  index      {}", entry.index)?;
        writeln!(out, "  leaf hash  {}", entry.leaf_hash)?;
    }
    if let Some(acknowledged) = &members.acknowledged {
        writeln!(out, "\n{HEADING}Acknowledged by the admins{HEADING:#}")?;
        for entry in acknowledged {
            let reason = display_safe(&entry.reason);
            let at = entry.acknowledged_at;
            writeln!(out, "  entry {} at {at}: {reason}", entry.index)?;
        }
    }
    if let Some(new) = &members.new {
        let new: Vec<String> = new.iter().map(u64::to_string).collect();
        writeln!(out, "\n{HEADING}New since the older history{HEADING:#}")?;
        writeln!(
            out,
            "  {}",
            match new.is_empty() {
                true => "no event".into(),
                false => format!("events {}", new.join(", ")),
            }
        )?;
    }
    if let Some(withdrawn) = members.withdrawn.as_deref().filter(|some| !some.is_empty()) {
        let withdrawn: Vec<String> = withdrawn.iter().map(u64::to_string).collect();
        writeln!(
            out,
            "\n{HEADING}Withdrawn since the older history{HEADING:#}"
        )?;
        writeln!(
            out,
            "  events {}, which count for nothing now",
            withdrawn.join(", ")
        )?;
    }
    if let Some(counts) = &members.counts {
        writeln!(out, "\n{HEADING}Counted{HEADING:#}")?;
        for (count, what) in [
            (counts.entries, "entries"),
            (counts.access_events, "access events"),
            (counts.key_events, "key events"),
            (counts.signed, "signed by a key valid at their position"),
            (counts.unreadable, "unreadable as events"),
            (counts.tiles, "tiles compared"),
        ] {
            writeln!(out, "  {count:>9}  {what}")?;
        }
    }
    Ok(())
}

/// Returns the evidence for a file: its registrations and mentions, or the events that are no evidence.
fn evidence_for(file: &FileEvents) -> String {
    let list = |indices: &[u64]| {
        let shown: Vec<String> = indices.iter().map(u64::to_string).collect();
        shown.join(", ")
    };
    let mut parts: Vec<String> = file
        .registered_as
        .iter()
        .map(|found| {
            let path = found.path.as_ref();
            let path = path.map_or_else(String::new, |path| format!("{path} of "));
            format!(
                "registered as {path}{} by {} in entry {}",
                found.name, found.actor, found.index
            )
        })
        .collect();
    if !file.mentioned_by.is_empty() {
        let only = if parts.is_empty() { "only " } else { "" };
        parts.push(format!("{only}mentioned by {}", list(&file.mentioned_by)));
    }
    match (parts.is_empty(), file.events.is_empty()) {
        (true, true) => "no event".into(),
        (true, false) => format!("no evidence: {}", list(&file.events)),
        (false, _) => parts.join("; "),
    }
}

fn find(report: &Report, code: CheckCode) -> Option<&Check> {
    report.checks.iter().find(|check| check.code == code)
}

/// Escapes a sentence of the verifier, which may have escaped what it quotes already.
pub(crate) fn visible(sentence: &str) -> String {
    let mut buffer = [0; 4];
    sentence
        .chars()
        .map(|character| display_safe(character.encode_utf8(&mut buffer)))
        .collect()
}

/// Returns the mark of an outcome; the colour only repeats it.
pub(crate) fn mark(outcome: Outcome) -> impl fmt::Display {
    let (mark, style) = match outcome {
        Outcome::Pass => ('✓', PASS),
        Outcome::Fail => ('✗', FAIL),
        Outcome::Unknown => ('?', UNKNOWN),
    };
    format!("{style}{mark}{style:#}")
}
