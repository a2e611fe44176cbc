//! `docs/cli.md` beside the command line: every verb has a section that names each of its flags, and the page names no flag
//! that no verb has.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use glasslog_tests::glasslog::{self, repository};

/// Flags of every verb, or of every verb that verifies: the page has them once, before the verbs.
const SHARED: [&str; 10] = [
    "--format",
    "--help",
    "--policy",
    "--require",
    "--max-checkpoint-age",
    "--offline",
    "--now",
    "--accept-index",
    "--max-memory",
    "--quiet",
];

pub(crate) fn help(words: &[&str]) -> String {
    let output = glasslog::command()
        .args(words)
        .arg("--help")
        .output()
        .expect("the program runs");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The names in the list of commands of a help text.
fn subverbs(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The flags in the lists of options of a help text, in their long form.
fn flags(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start);
    let options = lines.filter(|line| line.starts_with('-'));
    options
        .filter_map(|line| named(line).into_iter().next())
        .collect()
}

/// The flags that a text names.
fn named(text: &str) -> Vec<String> {
    let starts = text.match_indices("--").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        !before.is_some_and(|c| c == '-' || c.is_alphanumeric())
    });
    let flags = starts.map(|(at, _)| {
        let name = text[at + 2..].split(|c: char| !c.is_ascii_lowercase() && c != '-');
        format!("--{}", name.into_iter().next().unwrap_or_default())
    });
    flags
        .filter(|flag| flag.contains(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// Each verb, with its subverb if it has any, and its flags.
pub(crate) fn verbs() -> BTreeMap<String, BTreeSet<String>> {
    let mut verbs = BTreeMap::new();
    for verb in subverbs(&help(&[])) {
        let text = help(&[&verb]);
        let below = subverbs(&text);
        // A verb with subverbs may also do something by itself, and then has arguments.
        if below.is_empty() || text.contains("\nArguments:\n") {
            verbs.insert(verb.clone(), flags(&text));
        }
        for subverb in below {
            let flags = flags(&help(&[&verb, &subverb]));
            verbs.insert(format!("{verb} {subverb}"), flags);
        }
    }
    assert!(verbs.len() > 20, "only {} verbs found", verbs.len());
    verbs
}

/// The verbs that a heading names.
fn headed<'a>(heading: &str, verbs: &'a BTreeMap<String, BTreeSet<String>>) -> Vec<&'a str> {
    let parts = heading.trim_start_matches('#').split(" · ").map(str::trim);
    let parts: Vec<&str> = parts.collect();
    let is_named = |verb: &&String| {
        let verb = verb.as_str();
        parts.iter().any(|part| {
            let rest = part.strip_prefix(verb);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    verbs.keys().filter(is_named).map(String::as_str).collect()
}

#[test]
fn the_page_and_the_help_name_the_same_flags() {
    let page = fs::read_to_string(repository().join("docs/cli.md")).expect("the page");
    let verbs = verbs();
    let all: BTreeSet<&String> = verbs.values().flatten().collect();
    let mut faults = Vec::new();
    for flag in named(&page) {
        if !all.contains(&flag) {
            faults.push(format!("no verb has `{flag}`, which the page names"));
        }
    }
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for section in page.split("\n### ").skip(1) {
        let section = section.split("\n## ").next().unwrap_or_default();
        let heading = section.lines().next().unwrap_or_default();
        let mentioned: BTreeSet<String> = named(heading).into_iter().collect();
        let about = headed(heading, &verbs);
        for flag in mentioned {
            if !about.iter().any(|verb| verbs[*verb].contains(&flag)) {
                faults.push(format!("`{heading}`: none of {about:?} has `{flag}`"));
            }
        }
        for verb in about {
            sections.entry(verb).or_default().push_str(section);
        }
    }
    for (verb, flags) in &verbs {
        let Some(section) = sections.get(verb.as_str()) else {
            if verb != "completions" {
                faults.push(format!("`{verb}` has no section"));
            }
            continue;
        };
        let said: BTreeSet<String> = named(section).into_iter().collect();
        for flag in flags {
            let is_short =
                flag == "--output" && ["`-o`", "-o FILE"].iter().any(|it| section.contains(it));
            let is_said = said.contains(flag) || SHARED.contains(&flag.as_str());
            if !is_said && !is_short {
                faults.push(format!("the section of `{verb}` says nothing of `{flag}`"));
            }
        }
    }
    assert!(faults.is_empty(), "docs/cli.md: {faults:#?}");
}
