//! TypeScript types of reports, generated from the Rust types (`wasm/js/report.d.ts`).
//!
//! `SNAPSHOTS=overwrite cargo test -p glasslog-core typescript` writes the file anew.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, format, fs};

use ts_rs::{Config, TS};

use crate::merkle::hash::Hash;
use crate::report::check::{Check, CheckCode, Class, CompleteBy, Outcome};
use crate::report::checkpoint_summary::CheckpointSummary;
use crate::report::event_view::{
    EventView, ExceptionView, FileListView, FileView, GenesisView, KeyView, PartyView,
    PredecessorView, ReasonView, SubjectView, TimeView, TransferView,
};
use crate::report::evidence::{Evidence, Fact};
use crate::report::fraud_view::FraudSummary;
use crate::report::inconsistency_view::InconsistencySummary;
use crate::report::report::{
    AcknowledgedEntry, Claims, Counts, EntrySummary, FileEvents, FolderView, Question,
    RegisteredAs, Report, Verdict, VersionSummary,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wasm/js/report.d.ts");

const HEAD: &str = "\
// Types of a report (docs/formats/report.md), generated from core/src/report: do not edit.

/**
 * An unsigned 64-bit integer. `JSON.parse` yields a number, which is exact up to 2^53; a parser that keeps every digit may
 * yield text instead.
 */
export type Whole = number | string;
";

/// A type whose JSON does not follow from its declaration.
macro_rules! by_hand {
    ($($name:ident, $docs:literal, |$cfg:ident| $shape:expr;)*) => {$(
        impl TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn docs() -> Option<String> {
                Some(format!("/**\n * {}\n */\n", $docs))
            }

            fn decl($cfg: &Config) -> String {
                format!("type {} = {};", stringify!($name), $shape)
            }

            fn name(_: &Config) -> String {
                stringify!($name).to_string()
            }

            fn inline(cfg: &Config) -> String {
                Self::name(cfg)
            }
        }
    )*};
}

by_hand! {
    Hash, "A SHA-256 hash, standard base64.", |_cfg| "string";
    CheckCode, "Stable name of a check.", |_cfg| {
        let codes: Vec<String> = CheckCode::ALL.iter().map(|code| format!("\"{}\"", code.as_str())).collect();
        codes.join(" | ")
    };
    Fact, "One value of the evidence.", |_cfg| "Whole | string | Array<Fact> | Evidence";
    Evidence, "What a check saw: named facts in a fixed order.", |_cfg| "{ [name: string]: Fact }";
}

fn declare<T: TS>(cfg: &Config, text: &mut String) {
    text.push('\n');
    text.push_str(&T::docs().unwrap_or_default());
    text.push_str("export ");
    text.push_str(&T::decl(cfg));
    text.push('\n');
}

/// Indents members, and removes the spaces that the generator leaves at line ends.
fn indented(text: &str) -> String {
    let mut depth = 0usize;
    let mut out = String::new();
    for line in text.lines().map(str::trim_end) {
        depth += usize::from(line.ends_with('{'));
        let indent = if depth > 0 && !line.ends_with('{') {
            "  "
        } else {
            ""
        };
        let line = line
            .strip_suffix(" };")
            .map_or_else(|| line.to_string(), |last| format!("{last}\n}};"));
        depth -= usize::from(depth > 0 && line.ends_with("\n};"));
        out.push_str(&format!("{indent}{line}\n"));
    }
    out
}

macro_rules! declare_all {
    ($cfg:expr, $text:expr, $($name:ident)*) => { $(declare::<$name>($cfg, $text);)* };
}

#[test]
fn the_declarations_are_those_of_the_rust_types() {
    let cfg = Config::new().with_large_int("Whole");
    let mut text = HEAD.to_string();
    declare_all!(
        &cfg,
        &mut text,
        Report Verdict Class Question CheckpointSummary Claims CompleteBy Outcome Check CheckCode Evidence Fact EventView TimeView SubjectView
        ReasonView TransferView PartyView ExceptionView FileView FileListView KeyView GenesisView PredecessorView AcknowledgedEntry
        VersionSummary FileEvents RegisteredAs FolderView EntrySummary Counts FraudSummary InconsistencySummary Hash
    );
    let text = indented(&text);
    if env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
        fs::write(FILE, &text).unwrap();
    }
    let stored = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        stored == text,
        "wasm/js/report.d.ts is stale: run `SNAPSHOTS=overwrite cargo test -p glasslog-core typescript`"
    );
}
