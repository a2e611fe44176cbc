//! Source files of the workspace, and the paths that they name.
use std::fs;
use std::path::{Path, PathBuf};

use glasslog_tests::glasslog::repository;

/// A module of a crate: its path in the crate, and its text without comments and unit tests.
pub(crate) struct Module {
    /// For `core/src/tiles/edge.rs`, `["tiles", "edge"]`; empty for the root of the crate.
    pub(crate) path: Vec<String>,
    /// For messages, from the repository's root.
    pub(crate) file: String,
    pub(crate) text: String,
}

/// Reads all modules of the crate in this folder, except those of unit tests.
pub(crate) fn modules(package: &str) -> Vec<Module> {
    let source = repository().join(package).join("src");
    let read_module = |file: PathBuf| {
        let inside = file.strip_prefix(&source).expect("it is in the folder");
        let mut path: Vec<String> = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        path.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
        Module {
            path,
            text: without_comments(&without_tests(&read(&file))),
            file: shown(&file),
        }
    };
    let files = files(&source, "rs").into_iter();
    let files = files.filter(|file| !file.ends_with("tests.rs"));
    files.map(read_module).collect()
}

impl Module {
    /// The paths that start with `crate`, `self` or `super` in this module, as paths in the crate, and those that start
    /// with a name of its own, such as a child module.
    pub(crate) fn named(&self) -> Vec<Vec<String>> {
        self.named_in(&self.text)
    }

    /// The paths that this module exports under its own name.
    pub(crate) fn reexports(&self) -> Vec<Vec<String>> {
        let uses = self.text.match_indices("pub").filter_map(|(at, _)| {
            let (before, statement) = self.text[at..].split_once("use ")?;
            let is_use = ["pub ", "pub(crate) ", "pub(super) "].contains(&before);
            is_use.then(|| statement.split(';').next().unwrap_or_default())
        });
        uses.flat_map(|paths| self.named_in(paths)).collect()
    }

    fn named_in(&self, text: &str) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices("::") {
            let before = &text[..at];
            let start = before
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + 1);
            // The first part of a path only.
            if before[..start].ends_with("::") {
                continue;
            }
            let mut base = match &before[start..] {
                "crate" => Vec::new(),
                "self" | "super" => self.path.clone(),
                "" => continue,
                name => [self.path.as_slice(), &[name.to_owned()]].concat(),
            };
            if &before[start..] == "super" {
                base.pop();
            }
            expand(&text[at + 2..], &base, &mut found);
        }
        found
    }
}

/// Adds the paths that a path's rest leads to, several for a group in braces; returns the text behind it.
fn expand<'a>(rest: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let before = rest.len();
            rest = expand(rest, base, found).trim_start();
            if let Some(alias) = rest.strip_prefix("as ") {
                rest = alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            }
            rest = rest.trim_start_matches([',', ' ', '\n']);
            assert!(rest.len() < before, "no path begins at `{:.40}`", rest);
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
        .unwrap_or(rest.len());
    let mut path = base.to_vec();
    match &rest[..end] {
        "super" => drop(path.pop()),
        "self" => {}
        name => path.push(name.to_owned()),
    }
    match rest[end..].strip_prefix("::") {
        Some(more) => expand(more, &path, found),
        None => {
            found.push(path);
            &rest[end..]
        }
    }
}

/// The module that a path leads into.
pub(crate) fn module_of<'a>(modules: &'a [Module], path: &[String]) -> Option<&'a Module> {
    let leads_into = modules
        .iter()
        .filter(|module| path.starts_with(&module.path));
    leads_into.max_by_key(|module| module.path.len())
}

/// Every file below a folder with this ending.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A path from the root of the repository.
pub(crate) fn shown(path: &Path) -> String {
    let inside = path.strip_prefix(repository()).unwrap_or(path);
    inside.display().to_string()
}

/// Cuts the unit tests off, which are at the end of a file.
pub(crate) fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Leaves out the lines that are comments.
pub(crate) fn without_comments(text: &str) -> String {
    let lines = text.lines();
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}
