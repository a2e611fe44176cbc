//! Stable codes: each names one thing in the whole workspace, and `docs/formats/codes.md` says what.
//!
//! The page's last part is what the sources say; `SNAPSHOTS=overwrite cargo test -p glasslog-tests --test it codes` writes
//! it anew.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use glasslog_tests::glasslog::repository;

use super::files::{files, read, without_tests};

/// Packages whose errors and checks reach a user.
const PACKAGES: [&str; 6] = ["core", "client", "log", "server", "cli", "wasm"];

/// Begins the part of the page that comes from the sources.
const MARK: &str = "## From the sources\n";

/// A code, and what the documentation of its variant says about it.
struct Code {
    code: String,
    meaning: String,
}

#[test]
fn every_code_is_unique() {
    let mut seen = BTreeMap::new();
    let errors = by_file()
        .into_iter()
        .flat_map(|(file, codes)| codes.into_iter().map(move |c| (file.clone(), c.code)));
    let checks = checks()
        .into_iter()
        .map(|check| ("checks".to_owned(), check));
    // The command line may use one of its own codes in several places; it never gives a code of the others another meaning.
    let verbs = failures()
        .into_iter()
        .map(|code| ("the command line".to_owned(), code));
    for (file, code) in errors.chain(checks).chain(verbs) {
        if let Some(first) = seen.insert(code.clone(), file.clone()) {
            panic!("`{code}` is in {first} and in {file}");
        }
    }
    // A scan that finds nothing would agree with everything.
    assert!(seen.len() > 150, "only {} codes found", seen.len());
}

#[test]
fn every_code_is_kebab_case() {
    let errors = by_file().into_values().flatten().map(|code| code.code);
    for code in errors.chain(checks()).chain(failures()) {
        assert!(is_kebab_case(&code), "`{code}`");
    }
}

#[test]
fn every_check_is_documented() {
    let page = read(&repository().join("docs/formats/report.md"));
    let checks = checks();
    assert!(checks.len() > 15, "only {} checks found", checks.len());
    for check in checks {
        assert!(
            page.contains(&format!("`{check}`")),
            "docs/formats/report.md says nothing of the check `{check}`"
        );
    }
}

#[test]
fn every_code_is_documented() {
    let path = repository().join("docs/formats/codes.md");
    let page = read(&path);
    let (head, tail) = page
        .split_once(MARK)
        .expect("the page has a part from the sources");
    for code in failures() {
        assert!(
            head.contains(&format!("| `{code}` |")),
            "docs/formats/codes.md says nothing of `{code}` of the command line"
        );
    }
    let told = tell();
    if env::var_os("SNAPSHOTS").is_some_and(|wish| wish == "overwrite") {
        fs::write(&path, format!("{head}{MARK}{told}")).expect("the page can be written");
    } else if tail != told {
        let new: Vec<_> = told.lines().filter(|line| !tail.contains(line)).collect();
        let old: Vec<_> = tail.lines().filter(|line| !told.contains(line)).collect();
        panic!(
            "docs/formats/codes.md is not what the sources say: it lacks {new:#?} and has {old:#?}; \
             `SNAPSHOTS=overwrite cargo test -p glasslog-tests --test it codes` writes it anew"
        );
    }
}

/// The part of the page that comes from the sources.
fn tell() -> String {
    let mut text = String::new();
    for (file, codes) in by_file() {
        write!(text, "\n### {file}\n\n| code | meaning |\n|---|---|\n")
            .expect("text can be written");
        for Code { code, meaning } in codes {
            assert!(
                !meaning.is_empty(),
                "`{code}` in {file}: its variant says nothing"
            );
            writeln!(text, "| `{code}` | {meaning} |").expect("text can be written");
        }
    }
    text
}

/// The codes that functions called `code` give, by file.
fn by_file() -> BTreeMap<String, Vec<Code>> {
    let mut found = BTreeMap::new();
    for path in sources() {
        let text = without_tests(&read(&path));
        let codes: Vec<Code> = text
            .match_indices("fn code(")
            .flat_map(|(at, _)| codes_of(&text, at))
            .collect();
        if !codes.is_empty() {
            let file = path
                .strip_prefix(repository())
                .expect("sources lie in the repository");
            found.insert(file.display().to_string(), codes);
        }
    }
    found
}

/// The codes of one function, and what its variants say.
fn codes_of(text: &str, at: usize) -> Vec<Code> {
    let owner = text[..at]
        .rfind("\nimpl ")
        .map_or("", |from| word(&text[from + 6..]));
    let body = block(&text[at..]);
    let mut codes = Vec::new();
    for (start, _) in body.match_indices('"').step_by(2) {
        let code = body[start + 1..]
            .split('"')
            .next()
            .unwrap_or_default()
            .to_owned();
        // The last path before the arrow names the variant: `Self::Shape { .. } =>`.
        let pattern = body[..start]
            .rsplit_once("=>")
            .map_or("", |(before, _)| before);
        let meaning = match pattern.rsplit_once("::") {
            None => documentation(text, &format!("{owner} "), ""),
            Some((before, variant)) => {
                let name = before
                    .rsplit(|c: char| !c.is_alphanumeric())
                    .next()
                    .unwrap_or_default();
                let name = if name == "Self" { owner } else { name };
                let declared = text.find(&format!("enum {name} ")).unwrap_or_default();
                documentation(block_after(text, declared), word(variant), "    ")
            }
        };
        codes.push(Code { code, meaning });
    }
    codes
}

/// The first paragraph of the documentation of `name`, without links.
fn documentation(text: &str, name: &str, indent: &str) -> String {
    let mut paragraph = Vec::new();
    let mut ended = false;
    let mut in_attribute = false;
    for line in text.lines() {
        if let Some(said) = line.strip_prefix(&format!("{indent}///")) {
            ended |= said.trim().is_empty();
            if !ended {
                paragraph.push(said.trim());
            }
            continue;
        }
        let declared = line.strip_prefix(indent).unwrap_or_default();
        let declared = ["pub struct ", "pub enum "]
            .iter()
            .find_map(|kind| declared.strip_prefix(kind))
            .unwrap_or(declared);
        if declared
            .strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        {
            break;
        }
        // An attribute may take several lines.
        in_attribute |= declared.starts_with("#[");
        if !in_attribute {
            paragraph.clear();
            ended = false;
        }
        in_attribute &= !line.ends_with(']');
    }
    paragraph
        .join(" ")
        .replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
}

/// The names of the checks of a report.
fn checks() -> Vec<String> {
    let folder = repository().join("core/src/report");
    let named = files(&folder, "rs").into_iter().find_map(|path| {
        let text = read(&path);
        let at = text.find("\ncheck_codes! ")?;
        Some(literals(block(&text[at..])))
    });
    named.expect("the checks have names")
}

/// Codes of the command line, which stand where a failure is made and may stand in several places.
fn failures() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for path in files(&repository().join("cli/src"), "rs") {
        let text = without_tests(&read(&path));
        let itself = path.ends_with("failure.rs").then_some("Self::");
        for maker in ["Failure::"].into_iter().chain(itself) {
            for (at, _) in text.match_indices(maker) {
                let Some((_, arguments)) = text[at..].split_once('(') else {
                    continue;
                };
                // The code comes before the text for people: first, or after the exit code.
                let literal = |argument: &str| {
                    let code = argument
                        .trim()
                        .strip_prefix('"')?
                        .strip_suffix('"')?
                        .to_owned();
                    is_kebab_case(&code).then_some(code)
                };
                codes.extend(arguments.splitn(3, ',').take(2).find_map(literal));
            }
        }
    }
    // A scan that finds nothing would agree with everything.
    assert!(
        codes.len() > 12,
        "only {} codes of the command line found",
        codes.len()
    );
    codes
}

fn is_kebab_case(code: &str) -> bool {
    code.split('-').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

fn sources() -> Vec<PathBuf> {
    PACKAGES
        .iter()
        .flat_map(|package| files(&repository().join(package).join("src"), "rs"))
        .collect()
}

/// The text from the first `{` to the `}` that closes it.
fn block(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return &text[..at],
            '}' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The text between the braces after `at`.
fn block_after(text: &str, at: usize) -> &str {
    block(&text[at..])
        .split_once('{')
        .map_or("", |(_, inner)| inner)
}

/// The name at the beginning of a text.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
}

/// The string literals of a piece of code that escapes nothing.
fn literals(code: &str) -> Vec<String> {
    code.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
