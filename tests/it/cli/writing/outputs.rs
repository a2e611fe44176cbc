//! Places of output files: pipes, devices, links, read-only files, standard output and default names, on every verb with
//! `-o`.
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::thread;

use glasslog_tests::command::finish;
use serde_json::Value;

use super::shell::{CI, Shell, mode};

const READ: &str = "--action read --artifact m@1";
const POLICY: &str = "--policy log/trust.policy";

/// The verbs that write one file, as command lines without their `-o`, and the beginning of that file.
fn writers() -> [(String, &'static str); 3] {
    let digest = super::shell::DIGEST;
    [
        (
            format!("record --log log --signer ci.key --digest {digest} {READ}"),
            "c2sp.org/tlog-proof@v1\n",
        ),
        (
            "prove --log log --index 2".into(),
            "c2sp.org/tlog-proof@v1\n",
        ),
        (format!("bundle m@1 --log log {POLICY}"), "glasslog-bundle/"),
    ]
}

fn shell() -> Shell {
    let shell = Shell::with_log();
    shell.record("log", READ).expect(0);
    shell
}

/// Case 1: the output goes to what stands at the path.
#[test]
fn an_output_goes_to_what_stands_at_its_path() {
    for (verb, begins) in writers() {
        let shell = shell();
        // A pipe gets the bytes and stays a pipe.
        let pipe = shell.path("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        shell.run(&format!("{verb} -o pipe")).expect(0);
        assert!(
            reader.join().unwrap().starts_with(begins.as_bytes()),
            "{verb}"
        );
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert!(!shell.path("pipe.entry").exists(), "{verb}");

        // A link stays a link, and its target keeps its mode.
        fs::write(shell.path("target"), "old").unwrap();
        fs::set_permissions(shell.path("target"), Permissions::from_mode(0o640)).unwrap();
        symlink("target", shell.path("link")).unwrap();
        shell.run(&format!("{verb} -o link")).expect(0);
        assert!(shell.path("link").is_symlink());
        let target = fs::read(shell.path("target")).unwrap();
        assert!(target.starts_with(begins.as_bytes()), "{verb}");
        assert_eq!(mode(&shell.path("target")), 0o640);

        // A device takes the bytes.
        assert!(shell.has_device("null"));
        shell.run(&format!("{verb} -o null")).expect(0);
        assert!(shell.path("null").is_symlink(), "{verb}");

        // Standard output holds the file alone.
        let said = shell.run(&format!("{verb} -o -")).expect(0);
        assert!(said.stdout.starts_with(begins.as_bytes()), "{said}");
        fs::write(shell.path("piped"), &said.stdout).unwrap();
        assert!(!shell.path("-").exists());
        let said = shell.run(&format!("{verb} -o - --format json")).expect(2);
        assert!(
            said.stderr.contains("both written to standard output"),
            "{said}"
        );
    }
}

/// A place that cannot be written is found before anything is signed; the old file stays.
#[test]
fn a_place_that_cannot_be_written_is_refused_first() {
    let shell = shell();
    fs::write(shell.path("ro"), "old").unwrap();
    fs::set_permissions(shell.path("ro"), Permissions::from_mode(0o444)).unwrap();
    fs::create_dir(shell.path("folder")).unwrap();
    symlink("ring", shell.path("ring")).unwrap();
    let size = shell.size();
    for (verb, _) in writers() {
        for (place, words) in [
            ("no/such/dir/p", "no such file or directory"),
            ("ro", "permission denied"),
            ("folder", "is a directory"),
            ("ring", "symbolic links"),
        ] {
            let said = shell
                .run(&format!("{verb} -o {place} --format json"))
                .expect(1);
            let message = said.json()["error"]["message"].to_string();
            assert!(message.contains(words), "{said}");
            assert_eq!(said.json()["submitted"], Value::Null);
        }
    }
    for flag in ["--entry ro", "--entry no/such/p", "-o x --entry folder"] {
        shell.record("log", &format!("{READ} {flag}")).expect(1);
    }
    shell
        .record("log", &format!("{READ} -o x --entry x"))
        .expect(2);
    shell
        .record("log", &format!("{READ} -o - --entry -"))
        .expect(2);
    assert_eq!(shell.size(), size);
    assert_eq!(shell.read("ro"), "old");
    let left = fs::read_dir(shell.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().contains(".part")),
        "{left:?}"
    );
}

/// Case 7: two logs, one folder, one index: no proof is overwritten, and each is verified with what stands beside it.
#[test]
fn default_names_overwrite_nothing() {
    let shell = Shell::with_log();
    shell.run("init B --origin b.example/log").expect(0);
    shell
        .run(&format!("keys enrol --log B --actor {CI} --key ci.key.pub"))
        .expect(0);
    let said = shell
        .record("log", &format!("{READ} --format json"))
        .expect(0)
        .json();
    assert_eq!(said["proof"], "models.example.com-access-2.tlog-proof");
    assert_eq!(said["entry"], "models.example.com-access-2.entry");
    let said = shell
        .record("B", &format!("{READ} --format json"))
        .expect(0)
        .json();
    assert_eq!(said["proof"], "b.example-log-2.tlog-proof");
    shell
        .run("verify proof models.example.com-access-2.tlog-proof --policy log/trust.policy")
        .expect(0);
    shell
        .run("verify proof b.example-log-2.tlog-proof --policy B/trust.policy")
        .expect(0);

    // The same event again, under a newer checkpoint: the proof is another file.
    let event = "--event-id 019a8c3e-7d1b-7f0e-9b7a-000000000001";
    let again = |name: &str| {
        let said = shell.record("log", &format!("{READ} {event} --format json"));
        let said = said.expect(0).json();
        assert_eq!(
            (&said["index"], said["proof"].as_str()),
            (&3.into(), Some(name))
        );
        shell
            .run(&format!("verify proof {name} {POLICY}"))
            .expect(0);
    };
    again("models.example.com-access-3.tlog-proof");
    let first = shell.read("models.example.com-access-3.tlog-proof");
    shell.record("log", READ).expect(0);
    again("models.example.com-access-3-2.tlog-proof");
    assert_eq!(shell.read("models.example.com-access-3.tlog-proof"), first);
}

/// `verify proof` needs the entry, which `record` and `prove` leave beside the proof or where `--entry` says.
#[test]
fn the_entry_is_written_beside_the_proof() {
    let shell = shell();
    shell.record("log", &format!("{READ} -o p")).expect(0);
    shell.run(&format!("verify proof p {POLICY}")).expect(0);
    shell
        .run("prove --log log --index 2 -o q.tlog-proof")
        .expect(0);
    shell
        .run(&format!("verify proof q.tlog-proof {POLICY}"))
        .expect(0);
    shell
        .run("prove --log log --index 2 -o r --entry event")
        .expect(0);
    assert!(!shell.path("r.entry").exists());
    shell
        .run(&format!("verify proof r --entry event {POLICY}"))
        .expect(0);
    let said = shell.run(&format!("verify proof r {POLICY}")).expect(1);
    assert!(said.stderr.contains("hint: `--entry FILE`"), "{said}");
    shell
        .run(&format!("verify proof r --entry p.entry {POLICY}"))
        .expect(3);
    assert_eq!(shell.read("event"), shell.read("q.entry"));
    shell.run("submit --log log event").expect(0);

    // The user did not name the file beside the proof, so nothing but an entry is replaced there.
    shell.record("log", &format!("{READ} -o p")).expect(0);
    shell.run(&format!("verify proof p {POLICY}")).expect(0);
    fs::write(shell.path("model.entry"), "mine").unwrap();
    let size = shell.size();
    shell.record("log", &format!("{READ} -o model")).expect(1);
    shell.run("prove --log log --index 2 -o model").expect(1);
    assert_eq!(
        (shell.size(), shell.read("model.entry").as_str()),
        (size, "mine")
    );
}

/// An auditor's outputs are opened before the audit; a proof of fraud replaces nothing.
/// An entry never replaces another file, whoever named the place.
#[test]
fn an_entry_replaces_nothing_but_an_entry() {
    let shell = shell();
    let digest = super::shell::DIGEST;
    for line in [
        "prove --log log --index 2 -o p".to_owned(),
        format!("record --log log --signer ci.key --digest {digest} {READ} -o p"),
    ] {
        fs::write(shell.path("weights.bin"), "mine").unwrap();
        let said = shell.run(&format!("{line} --entry weights.bin")).expect(1);
        assert!(
            said.stderr.contains("is a file that holds no entry"),
            "{said}"
        );
        assert_eq!(shell.read("weights.bin"), "mine");
        shell.run(&format!("{line} --entry e")).expect(0);
        shell.run(&format!("{line} --entry e")).expect(0);
    }
    assert_eq!(shell.size(), 5, "what was refused is not recorded");
}

#[test]
fn an_auditors_outputs_are_opened_before_the_audit() {
    let shell = shell();
    shell
        .run("keygen --kind auditor --name a.example/1 --out auditor.key")
        .expect(0);
    let audit = format!("audit log {POLICY} --cosign auditor.key");
    shell.run(&format!("{audit} -o no/such/p")).expect(1);
    let said = shell.run(&format!("{audit} -o -")).expect(0);
    assert!(
        said.text().starts_with("c2sp.org/tlog-proof@v1\n"),
        "{said}"
    );
    assert!(said.stderr.contains("was read whole"), "{said}");
    fs::write(shell.path("old"), "x").unwrap();
    shell
        .run(&format!("audit log {POLICY} --fraud old"))
        .expect(1);
    shell
        .run(&format!("audit log {POLICY} --fraud no/p"))
        .expect(1);
    assert_eq!(shell.read("old"), "x");
}

/// Secret keys and the files of a log are no places for an output, whatever verb writes it.
#[test]
fn no_output_replaces_a_key_or_a_file_of_a_log() {
    let shell = shell();
    shell.run("init other --origin other.example").expect(0);
    symlink("other/public", shell.path("linked")).unwrap();
    shell
        .run("keygen --kind auditor --name a.example/1 --out auditor.key")
        .expect(0);
    let mut verbs: Vec<String> = writers().map(|(verb, _)| verb).into();
    verbs.push(format!("audit log {POLICY} --cosign auditor.key"));
    for (place, words) in [
        ("ci.key", "holds a secret key"),
        ("auditor.key", "holds a secret key"),
        ("other/keys/log", "holds a secret key"),
        ("other/keys/admin", "holds a secret key"),
        ("other/public/checkpoint", "is a file of a log"),
        ("linked/checkpoint", "is a file of a log"),
        ("other/glasslog.toml", "is a file of a log"),
        ("other/trust.policy", "is a file of a log"),
        ("log/state/head", "is a file of a log"),
    ] {
        let before = fs::read(shell.path(place)).unwrap();
        for verb in &verbs {
            let said = shell.run(&format!("{verb} -o {place} --format json"));
            let error = said.expect(1).json()["error"].clone();
            assert_eq!(error["code"], "output-taken", "{verb} -o {place}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(words), "{verb}: {message}");
        }
        assert_eq!(fs::read(shell.path(place)).unwrap(), before, "{place}");
    }
}

/// A file that belongs to a result and cannot be written leaves no result that the exit code contradicts.
#[test]
fn a_result_agrees_with_the_exit_code() {
    let shell = shell();
    shell
        .run(&format!("bundle m@1 --log log {POLICY} -o w0"))
        .expect(0);
    if !shell.has_device("full") {
        return glasslog_tests::skip::skipped("/dev/full is absent: a full disk is not tried");
    }
    let digest = super::shell::DIGEST;
    for line in [
        format!("bundle m@1 --log log {POLICY} -o full"),
        format!("bundle m@1 --log log {POLICY} --since w0 -o full"),
        "prove --log log --index 0 -o full".to_owned(),
        format!("record --log log --signer ci.key --digest {digest} {READ} -o full"),
        format!("record --log log --signer ci.key --digest {digest} {READ} --no-wait --entry full"),
    ] {
        let said = shell.run(&format!("{line} --format json")).expect(1);
        let lines = said.text().lines().count();
        assert_eq!(lines, 1, "{line}: {said}");
        assert_eq!(said.json()["error"]["code"], "file", "{line}: {said}");
        let said = shell.run(&line).expect(1);
        assert!(!said.text().contains("Verified"), "{line}: {said}");
    }
}

/// Help and scripts are results too.
#[test]
fn every_result_on_a_full_device_is_an_error() {
    let shell = shell();
    if !shell.has_device("full") {
        return glasslog_tests::skip::skipped("/dev/full is absent: a full disk is not tried");
    }
    for line in [
        "--help",
        "--version",
        "completions bash",
        "keys list --log log",
        "log status log",
        "publish log",
        "inspect log/public/checkpoint",
        "doctor --log log",
        "prove --log log --index 0 -o x",
        "prove --log log --index 0 -o -",
        "keygen --kind actor --name a --out new.key",
        "history m@1 --log log --policy log/trust.policy",
        "history absent@1 --log log --policy log/trust.policy",
        "audit log --policy log/trust.policy",
    ] {
        for format in ["text", "json"] {
            let full = File::options()
                .write(true)
                .open(shell.path("full"))
                .unwrap();
            let mut command = shell.command(line);
            if !line.starts_with("--") && !line.ends_with("-o -") {
                command.args(["--format", format]);
            }
            let output = command
                .stdout(full)
                .stderr(Stdio::piped())
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
            let told = stderr.matches("standard output: no space left on the device");
            assert_eq!(told.count(), 1, "{line}: {stderr}");
            let _ = fs::remove_file(shell.path("new.key"));
            let _ = fs::remove_file(shell.path("new.key.pub"));
        }
    }
}

/// Closing asks, and does nothing without a terminal to ask at.
#[test]
fn closing_a_log_asks() {
    let shell = shell();
    let said = shell.run("log close log").expect(2);
    assert!(said.stderr.contains("hint: `--yes`"), "{said}");
    shell.record("log", READ).expect(0);
    shell.run("log close log --yes").expect(0);
    shell.record("log", READ).expect(6);
    shell.run("log close nowhere").expect(1);
    let refused = finish(&mut shell.command("log close nowhere --yes")).expect(1);
    assert!(refused.stderr.contains("nowhere"), "{refused}");
}

/// A command under another limit or umask of the shell.
fn under(shell: &Shell, limit: &str, line: &str) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
        .arg(glasslog_tests::glasslog::binary())
        .args(line.split(' '))
        .current_dir(shell.folder.path())
        .env("GLASSLOG_CACHE", "off");
    command
}

/// A disk that takes no byte: the old file stays, nothing is left beside it, and an event that is in the log is said to be.
#[test]
fn a_disk_that_fails_leaves_the_old_file() {
    let shell = shell();
    let names = || {
        let entries = fs::read_dir(shell.folder.path()).unwrap();
        entries.count()
    };
    for name in ["old", "old.entry"] {
        shell
            .run(&format!(
                "prove --log log --index 2 -o first --entry {name}"
            ))
            .expect(0);
    }
    let (before, files) = (shell.read("old"), names());
    let full = "trap '' XFSZ; ulimit -f 0";
    for line in [
        "prove --log log --index 1 -o old".to_owned(),
        format!("bundle m@1 --log log {POLICY} -o old"),
        format!("bundle m@1 --log log {POLICY} -o new"),
    ] {
        let said = finish(&mut under(&shell, full, &line)).expect(1);
        assert!(said.stderr.contains("File too large"), "{said}");
        assert_eq!(
            (shell.read("old"), names()),
            (before.clone(), files),
            "{line}"
        );
    }
    let server = shell.serve();
    let digest = super::shell::DIGEST;
    // An event that cannot be kept is not sent.
    for output in ["-o old", "--entry other"] {
        let size = shell.size();
        let line = format!(
            "record --log {} --signer ci.key --digest {digest} {READ} {output} --format json",
            server.url
        );
        let said = finish(&mut under(&shell, full, &line)).expect(1);
        let message = said.json()["error"]["message"].to_string();
        assert!(message.contains("unanswered-"), "{said}");
        assert_eq!(said.json()["submitted"], Value::Null, "{said}");
        assert_eq!(
            (shell.read("old"), names(), shell.size()),
            (before.clone(), files, size)
        );
    }
}

/// The kernel's own answer for a full disk, on a disk that fills before the event is sent, and after.
#[test]
fn a_full_disk_loses_no_event() {
    let shell = shell();
    let server = shell.serve();
    let digest = super::shell::DIGEST;
    let record = |first: u32| {
        let mut traced = Command::new("strace");
        traced
            .args(["-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"])
            .arg(format!(
                "--inject=fsync,fdatasync:error=ENOSPC:when={first}+"
            ))
            .arg(glasslog_tests::glasslog::binary())
            .args(["record", "--signer", "ci.key", "--format", "json", "--log"])
            .arg(&server.url)
            .args(READ.split(' '))
            .args(["--digest", digest])
            .current_dir(shell.folder.path())
            .env("GLASSLOG_CACHE", "off");
        traced
    };
    let mut probe = Command::new("strace");
    let probe = probe.args(["-o", "/dev/null", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        return glasslog_tests::skip::skipped("strace cannot trace here: a full disk is not tried");
    }
    let size = shell.size();
    let said = finish(&mut record(1)).expect(1);
    let message = said.json()["error"]["message"].to_string();
    assert!(message.contains("no space left on the device"), "{said}");
    assert_eq!(
        (&said.json()["submitted"], shell.size()),
        (&Value::Null, size)
    );
    let said = finish(&mut record(2)).expect(1);
    let error = said.json();
    let message = error["error"]["message"].to_string();
    assert!(
        message.contains(&format!("entry {size} is in the log, but ")),
        "{said}"
    );
    assert_eq!(
        (&error["submitted"]["state"], &error["exitCode"]),
        (&"in-log".into(), &1.into())
    );
}

/// The public tree is readable for a web server, and the rest is not, whatever the umask of the writers.
#[test]
fn the_public_tree_is_readable_under_any_umask() {
    let shell = Shell::new();
    let digest = super::shell::DIGEST;
    for line in [
        "init log --origin models.example.com/access".to_owned(),
        format!("keygen --kind actor --name {CI} --out ci.key"),
        format!("keys enrol --log log --actor {CI} --key ci.key.pub"),
        format!("record --log log --signer ci.key --digest {digest} {READ}"),
    ] {
        finish(&mut under(&shell, "umask 077", &line)).expect(0);
    }
    let mut folders = vec![shell.path("log")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o755, "{folder:?}");
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            seen += 1;
            match path.is_dir() {
                true if name == "keys" || name == "state" => assert_eq!(mode(&path), 0o700),
                true => folders.push(path),
                false => assert_eq!(mode(&path), 0o644, "{path:?}"),
            }
        }
    }
    assert!(seen > 10, "{seen}");
    // The user's own files follow the umask.
    assert_eq!(
        mode(&shell.path("models.example.com-access-2.tlog-proof")),
        0o600
    );
    assert_eq!(mode(&shell.path("ci.key")), 0o600);
}
