//! `inspect`: shows any file of Glasslog without judging it.

use std::path::PathBuf;

use glasslog_core::fetch::HEADER;
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::json::Value;
use glasslog_core::text::limits::{MAX_BUNDLE_BYTES, MAX_OFFLINE_BUNDLE};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::Console;

mod facts;
mod recognise;

/// Shows any file of ours: what it says, not whether it is true.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Knows checkpoints, proofs, bundles, policies, keys, signed events, tiles and entry bundles. Of a secret key it shows
the public half.

Examples:
  glasslog inspect my.log/public/checkpoint
  glasslog inspect 7.tlog-proof")]
pub(crate) struct Args {
    /// The file; `-` is standard input
    file: PathBuf,
}

impl Args {
    /// # Errors
    /// The file cannot be read (exit 1), or is of no known kind (exit 8).
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let bytes = input::read_by_kind(&self.file, HEADER.len(), |beginning| {
            match beginning == HEADER.as_bytes() {
                true => MAX_OFFLINE_BUNDLE,
                // The largest of the other files.
                false => MAX_BUNDLE_BYTES,
            }
        })?;
        let facts = recognise::recognise(&bytes).map_err(|why| {
            let shown = self.file.display();
            let failure = Failure::new(
                Exit::Malformed,
                "unknown-file",
                format!("`{shown}` is not a file that Glasslog knows"),
            );
            match (FileKind::of(&bytes), why) {
                (Some(kind), _) if kind.is_state() => Failure {
                    message: format!("`{shown}` is {}, which is not shown", kind.words()),
                    ..failure
                },
                (_, Some(why)) => failure.hint(format!("it looks like {why}")),
                (_, None) => failure,
            }
        })?;
        if console.is_json() {
            console.line(facts.encode());
        } else {
            let mut text = String::new();
            show(&mut text, &facts, 0);
            console.line(text.trim_end());
            console.note("nothing here was checked");
        }
        Ok(Exit::Done)
    }
}

/// Writes facts as an indented outline, one a line, with text from the file escaped.
fn show(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| name != "schemaVersion") {
                out.push_str(&format!("{indent}{}:", display_safe(name)));
                show_after(out, value, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                // The first line of an item stands beside its dash.
                let mut inner = String::new();
                show(&mut inner, item, depth + 1);
                let inner = inner.trim_start();
                out.push_str(&format!("{indent}- {}\n", inner.trim_end()));
            }
        }
        scalar => out.push_str(&format!("{indent}{}\n", scalar_text(scalar))),
    }
}

fn show_after(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if members.is_empty() => out.push_str(" none\n"),
        Value::Array(items) if items.is_empty() => out.push_str(" none\n"),
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            show(out, value, depth + 1);
        }
        scalar => out.push_str(&format!(" {}\n", scalar_text(scalar))),
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => display_safe(text),
        other => other.encode(),
    }
}
