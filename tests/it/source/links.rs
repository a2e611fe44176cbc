//! Links between the pages: each leads to a file, and to a heading in it.
use std::collections::BTreeSet;
use std::path::Path;

use glasslog_tests::glasslog::repository;

use super::files::{files, read, shown};

/// The lines of a page outside of blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchors of a page's headings, as code hosts make them: lower case, without punctuation, hyphens for spaces.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c })
                .collect::<String>()
                .to_lowercase()
        })
        .collect()
}

/// The targets of the links in a line, but for addresses.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.match_indices("](").filter_map(|(at, mark)| {
        let rest = line.get(at + mark.len()..)?;
        rest.split(')').next()
    });
    links.filter(|target| !target.contains("://") && !target.contains(' ') && !target.is_empty())
}

#[test]
fn every_link_leads_to_a_heading() {
    let root = repository();
    let mut pages = files(&root.join("docs"), "md");
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)));
    let (mut dead, mut count) = (Vec::new(), 0);
    for page in &pages {
        let text = read(page);
        for target in prose(&text).flat_map(targets) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = page.parent().unwrap_or(Path::new("."));
            let path = match file {
                "" => page.clone(),
                file => folder.join(file),
            };
            let is_there =
                path.exists() && (anchor.is_empty() || anchors(&read(&path)).contains(anchor));
            if !is_there {
                dead.push(format!("{}: {target}", shown(page)));
            }
            count += 1;
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
    assert!(count > 300, "only {count} links found");
}
