//! Writing through the URL of a served log, and hosts that take no entries.

use super::shell::Shell;

#[test]
fn a_served_log_is_written_through_its_url() {
    let shell = Shell::with_log();
    let mut server = shell.serve();
    for line in [
        "publish log",
        "submit --log log ci.key",
        "serve log --listen 127.0.0.1:0",
    ] {
        let said = shell.run(line).expect(1);
        assert!(
            said.stderr.contains(&format!("by process {}", server.id())),
            "{said}"
        );
        assert!(
            said.stderr.contains(&format!("`--log {}`", server.url)),
            "{said}"
        );
    }
    let read = "--action read --artifact a@1";
    let said = shell
        .record(
            &server.url,
            &format!("{read} --policy log/trust.policy --format json"),
        )
        .expect(0);
    assert_eq!(said.json()["index"], 2);
    let proof = shell.read("models.example.com-access-2.tlog-proof");
    assert!(proof.contains("\nindex 2\n"));
    assert_eq!(shell.size(), 3);
    shell
        .record(&server.url, &format!("{read} --no-wait"))
        .expect(0);
    server.terminate();
    assert_eq!(shell.size(), 4, "a stop publishes what was accepted");
    shell.record("log", read).expect(0);

    let server = shell.serve();
    shell.record(&server.url, read).expect(0);
    drop(server);
    shell.record("log", read).expect(0);
    shell.run("audit log --policy log/trust.policy").expect(0);
}

/// Before anything is signed for the log that a server claims to be, a policy can say which log it is.
#[test]
fn a_policy_keeps_a_server_from_naming_another_log() {
    let shell = Shell::with_log();
    shell.run("init other --origin other.example/log").expect(0);
    let server = shell.serve();
    let said = shell
        .record(
            &server.url,
            "--action read --artifact a@1 --policy other/trust.policy",
        )
        .expect(5);
    assert!(said.stderr.contains("the policy names no log"), "{said}");
    assert_eq!(shell.size(), 2);
}

#[test]
fn a_static_host_takes_no_entries() {
    let shell = Shell::with_log();
    let server = shell.serve();
    let said = shell
        .record(
            &format!("{}/tile/", server.url),
            "--action read --artifact a@1",
        )
        .expect(1);
    assert!(said.stderr.contains("not a log's address"), "{said}");
    shell
        .record(
            "http://127.0.0.1:1/",
            "--action read --artifact a@1 --dry-run",
        )
        .expect(1);
}
