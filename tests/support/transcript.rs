//! Transcripts of the command line: files that show commands, all that they print and their exit codes, and are run.
//!
//! In a fenced `console` block, `$ ` begins a command; then come its standard output, its standard error with `2> ` before
//! each line, and `? ` with the exit code. A `console brief` block shows only the first line of standard output, which is
//! the verdict. `SNAPSHOTS=overwrite cargo test` writes down what the commands print now.
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::glasslog;

/// Runs every command of a transcript in `folder`, and compares what they print with what it shows.
///
/// # Panics
/// If they differ.
#[track_caller]
pub fn check(name: &str, folder: &Path) {
    let path = glasslog::package().join("transcripts").join(name);
    let shown = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (played, commands) = play(&shown, folder);
    assert!(commands > 0, "{name} runs nothing");
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(played.raw(), snapbox::Data::read_from(&path, None).raw());
}

/// The transcript as it should be, and how many commands it has.
fn play(shown: &str, folder: &Path) -> (snapbox::Data, usize) {
    let mut played = String::new();
    let mut commands = 0;
    // Inside a block, the number of lines of standard output that it shows.
    let mut block = None;
    for line in shown.lines() {
        if line.starts_with("```") {
            block = match (block, line) {
                (None, "```console") => Some(usize::MAX),
                (None, "```console brief") => Some(1),
                _ => None,
            };
            writeln!(played, "{line}").expect("text can be written");
        } else if let Some((command, lines)) = line.strip_prefix("$ ").zip(block) {
            commands += 1;
            let output = run(command, folder);
            write!(played, "{line}\n{}", show(&output, lines)).expect("text can be written");
        } else if block.is_none() {
            writeln!(played, "{line}").expect("text can be written");
        }
    }
    (snapbox::Data::text(played), commands)
}

fn show(output: &Output, lines: usize) -> String {
    let mut text = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines().take(lines) {
        writeln!(text, "{line}").expect("text can be written");
    }
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        writeln!(text, "2> {line}").expect("text can be written");
    }
    match output.status.code() {
        Some(code) => writeln!(text, "? {code}"),
        None => writeln!(text, "? {}", output.status),
    }
    .expect("text can be written");
    text
}

/// Runs `glasslog ARGUMENTS…`, with standard input from what follows `<`.
fn run(command: &str, folder: &Path) -> Output {
    let (command, input) = match command.split_once(" < ") {
        Some((command, input)) => (
            command,
            File::open(folder.join(input))
                .expect("the input is there")
                .into(),
        ),
        None => (command, Stdio::null()),
    };
    let words = words(command);
    let (program, arguments) = words.split_first().expect("a command has a first word");
    assert_eq!(program, "glasslog", "transcripts run glasslog only");
    glasslog::command()
        .args(arguments)
        .current_dir(folder)
        .env("GLASSLOG_CACHE", "off")
        .stdin(input)
        .output()
        .expect("glasslog runs")
}

/// Splits a command into words, with single quotes around those that are empty or hold spaces.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    for (part, text) in command.split('\'').enumerate() {
        if part % 2 == 1 {
            word.get_or_insert_with(String::new).push_str(text);
            continue;
        }
        for (gap, text) in text.split(' ').enumerate() {
            if gap > 0 {
                words.extend(word.take());
            }
            if !text.is_empty() {
                word.get_or_insert_with(String::new).push_str(text);
            }
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_a_shell_would() {
    assert_eq!(
        words("glasslog a  'b c' --d='e f' '' "),
        ["glasslog", "a", "b c", "--d=e f", ""]
    );
}
