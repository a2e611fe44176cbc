//! No circles of imports between the files of a crate, parents and their child modules apart.
use std::collections::{BTreeMap, BTreeSet};

use super::files::{Module, module_of, modules};

const CRATES: [&str; 6] = ["core", "client", "log", "server", "cli", "wasm"];

/// Circles that are left, by one of their files, with the reason.
const LEFT: &[(&str, &str)] = &[];

#[test]
fn files_import_each_other_one_way() {
    let mut found = Vec::new();
    for package in CRATES {
        let modules = modules(package);
        let imports: BTreeMap<&str, BTreeSet<&str>> = modules
            .iter()
            .map(|module| (module.file.as_str(), imports(&modules, module)))
            .collect();
        let reached: BTreeMap<&str, _> = imports
            .keys()
            .map(|file| (*file, reached(&imports, file)))
            .collect();
        let mut seen = BTreeSet::new();
        for (file, others) in &reached {
            // Files on a circle reach each other.
            let circle: BTreeSet<&str> = others
                .iter()
                .copied()
                .filter(|other| reached[other].contains(file))
                .collect();
            if !circle.is_empty() && seen.insert(circle.clone()) {
                let files: Vec<_> = circle.into_iter().collect();
                if !LEFT.iter().any(|(left, _)| files.contains(left)) {
                    found.push(files.join(" "));
                }
            }
        }
    }
    assert!(found.is_empty(), "circles:\n{}", found.join("\n"));
}

/// The files that define what a module names, except its parent and its children.
fn imports<'a>(modules: &'a [Module], module: &Module) -> BTreeSet<&'a str> {
    let named = module.named();
    let named = named.iter().filter_map(|path| definer(modules, path, 0));
    let is_family = |other: &Module| {
        let (one, two) = (&other.path, &module.path);
        one.len().abs_diff(two.len()) <= 1 && (one.starts_with(two) || two.starts_with(one))
    };
    let named = named.filter(|other| !is_family(other));
    named.map(|other| other.file.as_str()).collect()
}

/// The module that defines what is at a path, behind re-exports.
fn definer<'a>(modules: &'a [Module], path: &[String], steps: usize) -> Option<&'a Module> {
    let module = module_of(modules, path)?;
    let name = path.get(module.path.len());
    let reexport = module
        .reexports()
        .into_iter()
        .find(|path| path.last() == name);
    match reexport {
        // A glob or a name that leads to itself has an end here.
        Some(path) if steps < 8 => definer(modules, &path, steps + 1),
        _ => Some(module),
    }
}

fn reached<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}
