//! Many entries at once: one answer for each line, and the good ones kept.
use std::fs;

use glasslog_core::merkle::leaf_hash;
use serde_json::Value;

use super::shell::{ORIGIN, Shell};

#[test]
fn submit_answers_each_line_and_keeps_the_good_ones() {
    let shell = Shell::with_log();
    let event = || {
        shell
            .record("log", "--action read --artifact a@1 --dry-run")
            .expect(0)
            .text()
            .to_owned()
    };
    let (first, second) = (event(), event());
    fs::write(
        shell.path("batch"),
        format!("{first}garbage\n{second}{first}"),
    )
    .unwrap();
    let submit = |log: &str| {
        let said = shell.run(&format!("submit --log {log} batch")).expect(8);
        let lines: Vec<Value> = said
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 4);
        let indices: Vec<Option<u64>> = lines.iter().map(|line| line["index"].as_u64()).collect();
        assert_eq!(indices, [Some(2), None, Some(3), Some(2)]);
        assert_eq!(
            lines[0]["leafHash"],
            leaf_hash(first.trim_end().as_bytes()).to_base64()
        );
        let error = lines[1]["error"].as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message"]);
    };
    submit("log");
    assert_eq!(shell.size(), 4);
    submit(&shell.serve().url);
    assert_eq!(shell.size(), 4, "the same envelope, the same index");
}

#[test]
fn submit_reads_standard_input_and_takes_many() {
    let shell = Shell::new();
    shell
        .run(&format!("init log --origin {ORIGIN} --raw"))
        .expect(0);
    let lines: String = (0..3_000).map(|index| format!("entry {index}\n")).collect();
    fs::write(shell.path("lines"), &lines).unwrap();
    let mut submit = shell.command("submit --log log -");
    let output = submit
        .stdin(fs::File::open(shell.path("lines")).unwrap())
        .output()
        .unwrap();
    assert_eq!(
        (
            output.status.code(),
            output.stdout.iter().filter(|byte| **byte == b'\n').count()
        ),
        (Some(0), 3_000)
    );
    assert_eq!(shell.size(), 3_000);
    let server = shell.serve();
    let said = shell
        .run(&format!("submit --log {} lines", server.url))
        .expect(0);
    let last: Value = serde_json::from_str(said.text().lines().last().unwrap()).unwrap();
    assert_eq!(last["index"], 2_999);
    fs::write(shell.path("none"), "").unwrap();
    shell.run("submit --log nowhere none").expect(1);
    drop(server);
    shell.run("submit --log log none").expect(4);
    shell.run("submit --log log nowhere").expect(1);
    shell.run("audit log --policy log/trust.policy").expect(0);
}
