//! The arrows of `docs/ARCHITECTURE.md`: which crate depends on which, which folder of the core names which, and no verb of
//! the command line another verb.
use std::collections::BTreeMap;

use glasslog_tests::glasslog::repository;

use super::files::{Module, module_of, modules, read};

/// The crates of this workspace that each crate may depend on; `tests`, `bench` and `xtask` may depend on any.
const CRATES: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("client", &["core"]),
    ("log", &["core", "client"]),
    ("server", &["core", "client", "log"]),
    ("cli", &["core", "client", "log", "server"]),
    ("wasm", &["core"]),
    ("fuzz", &["core"]),
];

/// The folders of the core that each folder may name beside itself.
const FOLDERS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("crypto", &["text"]),
    ("merkle", &["text"]),
    ("tiles", &["text", "merkle"]),
    ("note", &["text", "crypto", "merkle"]),
    ("trust", &["text", "merkle", "note"]),
    ("event", &["text", "crypto", "merkle", "note"]),
    ("rules", &["text", "crypto", "merkle", "note", "event"]),
    ("object_store", &["text", "merkle", "note"]),
    ("witness", &["text", "merkle", "note", "trust"]),
    (
        "index",
        &["text", "merkle", "tiles", "note", "trust", "event"],
    ),
    ("report", &["text", "merkle", "event", "rules"]),
    ("fetch", &["text", "tiles", "note", "index", "report"]),
    (
        "verify",
        &[
            "text", "crypto", "merkle", "tiles", "note", "trust", "event", "rules", "index",
            "report", "fetch",
        ],
    ),
];

#[test]
fn crates_depend_one_way() {
    for (package, allowed) in CRATES {
        let manifest = read(&repository().join(package).join("Cargo.toml"));
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            // A test may use what its crate may not.
            if !section.contains("dependencies") || section.contains("dev-dependencies") {
                continue;
            }
            let dependency = line.split([' ', '.', '=']).next().unwrap_or_default();
            let other = dependency.strip_prefix("glasslog-");
            let is_allowed = other.is_none_or(|other| allowed.contains(&other));
            assert!(is_allowed, "`{package}` may not depend on `{dependency}`");
            let is_outside = ["tokio", "cedar-policy", "reqwest"].contains(&dependency);
            assert!(
                !(*package == "core" && is_outside),
                "core meets `{dependency}`"
            );
        }
    }
}

#[test]
fn folders_of_the_core_name_only_what_is_below_them() {
    let allowed: BTreeMap<_, _> = FOLDERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for module in modules("core") {
        let Some(folder) = module.path.first() else {
            continue;
        };
        let below = allowed.get(folder.as_str());
        let below = below.unwrap_or_else(|| panic!("the table has no folder `{folder}`"));
        for path in module.named() {
            let named = path[0].as_str();
            // At the root are folders, and re-exports for callers.
            let is_inside = allowed.contains_key(named);
            if named != folder && !below.contains(&named) {
                let what = if is_inside { "folder" } else { "re-export" };
                wrong.push(format!(
                    "{} names the {what} `{}`",
                    module.file,
                    path.join("::")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn verbs_name_no_other_verb() {
    let all = modules("cli");
    let is_under_verbs = |module: &&Module| module.path.first().is_some_and(|it| it == "verbs");
    let mut wrong = Vec::new();
    for module in all.iter().filter(is_under_verbs) {
        for path in module.named() {
            // A file without `run` holds no verb, but a part of the verb whose folder it is in.
            let named = module_of(&all, &path).filter(is_under_verbs);
            let Some(verb) = named.filter(|named| named.text.contains("fn run(")) else {
                continue;
            };
            // A verb may name its own subverbs, and a subverb its verb.
            if !verb.path.starts_with(&module.path) && !module.path.starts_with(&verb.path) {
                wrong.push(format!("{} names `{}`", module.file, path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
