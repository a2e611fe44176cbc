//! The names of a log's public files are written in the core alone, and there in one module for each family of files.
use glasslog_tests::glasslog::repository;

use super::files::{files, read, shown, without_comments, without_tests};

/// The beginning of each family's names, and the module that writes them.
const FAMILIES: [(&str, &str); 4] = [
    ("tile/entries", "core/src/tiles/entry_bundle.rs"),
    ("tile/", "core/src/tiles/tile.rs"),
    ("checkpoints/", "core/src/fetch/log_file.rs"),
    ("index/", "core/src/index/format/file.rs"),
];

/// Files that name a family to people, with the reason.
const EXCEPT: [(&str, &str); 1] = [(
    "site/src/report/index_words.ts",
    "chooses words by a report's missing file; the core is in the worker, which the words do not ask",
)];

/// Folders of code that ships, with the ending of its files.
const CODE: [(&str, &str); 7] = [
    ("core/src", "rs"),
    ("client/src", "rs"),
    ("log/src", "rs"),
    ("server/src", "rs"),
    ("cli/src", "rs"),
    ("wasm/src", "rs"),
    ("site/src", "ts"),
];

#[test]
fn names_of_public_files_are_written_once() {
    let mut wrong = Vec::new();
    for (folder, ending) in CODE {
        for path in files(&repository().join(folder), ending) {
            let file = shown(&path);
            if file.ends_with("/tests.rs") || EXCEPT.iter().any(|(except, _)| *except == file) {
                continue;
            }
            let text = without_comments(&without_tests(&read(&path)));
            for line in text.lines() {
                let family = FAMILIES.iter().find(|(name, _)| is_in_literal(line, name));
                if let Some((_, writer)) = family
                    && *writer != file
                {
                    wrong.push(format!("{file}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Tells whether a string in the line begins with the name, or continues a folder with it.
fn is_in_literal(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = &line[..at];
        let is_import = line.contains(" from \"") || line.contains("import");
        let starts = before.ends_with(['"', '\'', '`', '}']) || before.ends_with("\"/");
        starts && !is_import
    })
}
