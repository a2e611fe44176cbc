//! Events as a table.
use std::collections::BTreeSet;

use comfy_table::{ContentArrangement, Table, presets};
use glasslog_core::report::EventView;
use glasslog_core::text::escape::display_safe;

/// One row for each event; wrapped to `width` on a terminal, one line each elsewhere.
pub(crate) fn table(events: &[EventView], width: Option<u16>) -> String {
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
    table.set_header([
        "index",
        "time claimed",
        "event",
        "actor",
        "subject",
        "signature",
        "remarks",
    ]);
    for event in events {
        table.add_row(row(event));
    }
    table
        .lines()
        .map(|line| format!(" {}\n", line.trim_end()))
        .collect::<String>()
        .trim_end_matches('\n')
        .to_owned()
}

fn row(event: &EventView) -> [String; 7] {
    let shown = |text: &Option<String>| display_safe(text.as_deref().unwrap_or("–"));
    let action = event.action.as_deref().unwrap_or(event.r#type);
    let action = match event.outcome.as_deref() {
        Some(outcome) if outcome != "success" => format!("{action} ({outcome})"),
        _ => action.to_owned(),
    };
    let names: BTreeSet<&str> = event
        .subjects
        .iter()
        .map(|subject| subject.name.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    [
        event.index.to_string(),
        shown(&event.occurred_at),
        display_safe(&action),
        shown(&event.actor),
        display_safe(&names.join(", ")),
        event.signature.replace('-', " "),
        display_safe(&remarks(event)),
    ]
}

fn remarks(event: &EventView) -> String {
    let mut remarks: Vec<String> = event
        .notes
        .iter()
        .map(|note| note.replace('-', " "))
        .collect();
    if let Some(transfer) = &event.transfer {
        remarks.push(format!("from {} to {}", transfer.from, transfer.to));
    }
    if let Some(environment) = &event.environment {
        remarks.push(format!("in {environment}"));
    }
    if let Some(reason) = &event.reason {
        remarks.push(match &reason.text {
            Some(text) => format!("{}: {text}", reason.code),
            None => reason.code.clone(),
        });
    }
    remarks.join("; ")
}
