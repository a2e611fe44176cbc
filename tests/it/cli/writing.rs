//! The writing verbs as their user meets them: answers, files, exit codes, on a directory and through a server.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glasslog_core::event::{Spki, parse_secret_pem};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::{SignatureType, SignerKey, VerifierKey};
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::served::Served;
use serde_json::{Value, json};
use tempfile::TempDir;

const ORIGIN: &str = "models.example.com/access";
const CI: &str = "ci@example.org";
const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER_DIGEST: &str =
    "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

/// A folder in which commands run.
struct Shell {
    folder: TempDir,
}

impl Shell {
    fn new() -> Self {
        Self {
            // In memory where there is such a place: dozens of commands that each sync a dozen files take a minute else.
            folder: tempfile::tempdir_in("/dev/shm")
                .unwrap_or_else(|_| tempfile::tempdir().unwrap()),
        }
    }

    /// A log with one enrolled actor, whose key is `ci.key`.
    fn with_log() -> Self {
        let shell = Self::new();
        shell.run(&format!("init log --origin {ORIGIN}")).expect(0);
        shell
            .run(&format!("keygen --kind actor --name {CI} --out ci.key"))
            .expect(0);
        shell
            .run(&format!(
                "keys enrol --log log --actor {CI} --key ci.key.pub"
            ))
            .expect(0);
        shell
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = glasslog::command();
        command
            .args(line.split(' '))
            .current_dir(self.folder.path())
            .env("GLASSLOG_CACHE", "off");
        command
    }

    fn run(&self, line: &str) -> Finished {
        finish(&mut self.command(line))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn size(&self) -> u64 {
        self.read("log/public/checkpoint")
            .lines()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }

    /// `record` of a read by the enrolled actor.
    fn record(&self, log: &str, rest: &str) -> Finished {
        self.run(&format!(
            "record --log {log} --signer ci.key --digest {DIGEST} {rest}"
        ))
    }

    fn serve(&self) -> Served {
        Served::start(self.command("serve log"), Stdio::null()).expect("it listens")
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn keygen_writes_both_halves_once() {
    let shell = Shell::new();
    for (kind, name, signs) in [
        ("log", ORIGIN, Some(SignatureType::Ed25519)),
        (
            "index",
            "models.example.com/access/index",
            Some(SignatureType::Ed25519),
        ),
        (
            "witness",
            "witness.example/w1",
            Some(SignatureType::CosignatureV1),
        ),
        (
            "auditor",
            "auditor.example/a1",
            Some(SignatureType::CosignatureV1),
        ),
        ("actor", CI, None),
        ("admin", "admin", None),
    ] {
        let line = format!("keygen --kind {kind} --name {name} --out {kind}.key");
        let said = shell.run(&line).expect(0);
        let (secret, public) = (
            shell.read(&format!("{kind}.key")),
            shell.read(&format!("{kind}.key.pub")),
        );
        assert_eq!(mode(&shell.path(&format!("{kind}.key"))), 0o600, "{kind}");
        match signs {
            Some(signature_type) => {
                let signer = SignerKey::parse(secret.trim_end()).unwrap();
                let verifier = VerifierKey::parse(public.trim_end()).unwrap();
                assert_eq!(signer.verifier(), &verifier);
                assert_eq!(
                    (verifier.signature_type(), verifier.name().as_str()),
                    (signature_type, name)
                );
                assert_eq!(said.text(), public);
            }
            None => {
                let (signer, actor) = parse_secret_pem(&secret).unwrap();
                let (key, named) = Spki::parse_pem(&public).unwrap();
                assert_eq!(key, Spki::new(signer.public()));
                assert_eq!(
                    (actor.as_deref(), named.as_deref()),
                    (Some(name), Some(name))
                );
                assert_eq!(said.text().trim_end(), key.key_id());
            }
        }
        let again = shell.run(&line).expect(1);
        assert!(again.stderr.contains("exists already"), "{again}");
        assert_eq!(shell.read(&format!("{kind}.key")), secret);
        fs::remove_file(shell.path(&format!("{kind}.key"))).unwrap();
        shell.run(&line).expect(1);
        assert!(
            !shell.path(&format!("{kind}.key")).exists(),
            "a secret key without its public half"
        );
    }
    let json = shell
        .run("keygen --kind actor --name a --out a.key --format json")
        .expect(0)
        .json();
    assert_eq!(json["result"], "done");
    assert_eq!(
        (&json["secret"], &json["public"]),
        (&json!("a.key"), &json!("a.key.pub"))
    );
}

#[test]
fn keygen_refuses_what_it_cannot_make() {
    let shell = Shell::new();
    for (arguments, words) in [
        (
            "--kind actor --name a --alg p256",
            "`--alg p256` is not available in this version",
        ),
        (
            "--kind witness --name a --alg ml-dsa-44",
            "`--alg ml-dsa-44` is not available in this version",
        ),
        ("--kind log --name a+b", "`--name`"),
        ("--kind actor --name \u{e9}", "`--name`: an actor's id is"),
    ] {
        let said = shell.run(&format!("keygen {arguments} --out k")).expect(2);
        assert!(said.stderr.contains(words), "{said}");
        assert!(!shell.path("k").exists());
    }
}

#[test]
fn init_prints_the_pin_of_the_genesis() {
    let shell = Shell::new();
    let said = shell.run(&format!("init log --origin {ORIGIN}")).expect(0);
    let entries = fs::read(shell.path("log/public/tile/entries/000.p/1")).unwrap();
    let genesis = leaf_hash(&entries[2..]).to_base64();
    assert_eq!(said.text(), format!("genesis {genesis}\n"));
    let pinned = format!("{}\n[genesis]\n{genesis}\n", shell.read("log/trust.policy"));
    fs::write(shell.path("pinned.policy"), pinned).unwrap();
    shell
        .run("verify entry 0 --log log --policy pinned.policy")
        .expect(0);

    let json = shell
        .run(&format!("init json --origin {ORIGIN} --format json"))
        .expect(0)
        .json();
    assert_eq!(json["checkpoint"]["origin"], ORIGIN);
    assert_eq!(
        (&json["result"], &json["checkpoint"]["size"]),
        (&json!("done"), &json!(1))
    );
    assert_eq!(json["genesis"].as_str().unwrap().len(), 44);
}

#[test]
fn init_takes_a_key_that_is_the_logs_own() {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    shell
        .run("keygen --kind witness --name w --out w")
        .expect(0);
    shell
        .run(&format!("init log --origin {ORIGIN} --key k --raw"))
        .expect(0);
    assert_eq!(shell.read("log/keys/log"), shell.read("k"));
    assert!(
        shell
            .read("log/trust.policy")
            .contains(shell.read("k.pub").trim_end())
    );
    for (arguments, code) in [
        ("--origin other.example/log --key k", 2),
        (&*format!("--origin {ORIGIN} --key w"), 2),
        (&*format!("--origin {ORIGIN} --key k.pub"), 8),
        (&*format!("--origin {ORIGIN} --key nowhere"), 1),
        ("--origin a+b", 2),
    ] {
        shell.run(&format!("init other {arguments}")).expect(code);
        assert!(!shell.path("other").exists(), "{arguments}");
    }
}

#[test]
fn init_leaves_a_full_directory_alone() {
    let shell = Shell::new();
    fs::create_dir(shell.path("log")).unwrap();
    fs::write(shell.path("log/file"), "mine").unwrap();
    let said = shell.run(&format!("init log --origin {ORIGIN}")).expect(1);
    assert!(said.stderr.contains("`log` is not empty"), "{said}");
    assert_eq!(fs::read_dir(shell.path("log")).unwrap().count(), 1);

    shell.run(&format!("init half --origin {ORIGIN}")).expect(0);
    fs::remove_file(shell.path("half/glasslog.toml")).unwrap();
    for line in [
        format!("init half --origin {ORIGIN}"),
        "publish half".into(),
    ] {
        let said = shell.run(&line).expect(1);
        assert!(
            said.stderr
                .contains("`half` holds a log whose making was interrupted"),
            "{said}"
        );
        assert!(
            said.stderr.contains("hint: nothing was published from it"),
            "{said}"
        );
    }
    shell.run("publish nowhere").expect(1);
}

#[test]
fn record_answers_with_a_proof() {
    let shell = Shell::with_log();
    let said = shell
        .record("log", "--action read --artifact resnet50@2.1 --format json")
        .expect(0)
        .json();
    assert_eq!(said.as_object().unwrap().len(), 5);
    assert_eq!(said["schemaVersion"], 1);
    assert_eq!(
        (&said["result"], &said["index"], &said["proof"]),
        (&json!("done"), &json!(2), &json!("2.tlog-proof"))
    );
    let entries = fs::read(shell.path("log/public/tile/entries/000.p/3")).unwrap();
    let at = entries
        .windows(11)
        .rposition(|window| window == b"{\"payload\":")
        .unwrap();
    assert_eq!(said["leafHash"], leaf_hash(&entries[at..]).to_base64());
    fs::write(shell.path("entry"), &entries[at..]).unwrap();
    shell
        .run("verify proof 2.tlog-proof --entry entry --policy log/trust.policy")
        .expect(0);

    let said = shell
        .record("log", "--action read --artifact resnet50@2.1 -o proof")
        .expect(0);
    assert_eq!(said.text(), "recorded entry 3, proof in proof\n");
    assert!(
        shell
            .read("proof")
            .starts_with("c2sp.org/tlog-proof@v1\nindex 3\n")
    );
}

#[test]
fn record_without_waiting_is_durable_and_published_later() {
    let shell = Shell::with_log();
    let said = shell
        .record(
            "log",
            "--action read --artifact a@1 --no-wait --format json",
        )
        .expect(0)
        .json();
    assert_eq!((&said["index"], &said["proof"]), (&json!(2), &Value::Null));
    assert_eq!(shell.size(), 2);
    let said = shell.run("publish log --format json").expect(0).json();
    assert_eq!((&said["checkpoint"]["size"], shell.size()), (&json!(3), 3));
    let root = said["checkpoint"]["root"].as_str().unwrap().to_owned();
    let again = shell.run("publish log").expect(0);
    assert_eq!(
        again.text(),
        format!("published {ORIGIN} size 3 root {root}\n")
    );
}

#[test]
fn a_dry_run_prints_what_submit_takes() {
    let shell = Shell::with_log();
    let said = shell
        .record("log", "--action read --artifact a@1 --dry-run")
        .expect(0);
    assert!(said.text().starts_with("{\"payload\":\"") && said.text().ends_with("}\n"));
    assert_eq!(shell.size(), 2);
    fs::write(shell.path("event"), &said.stdout).unwrap();
    let submitted = shell.run("submit --log log event").expect(0).json();
    let leaf = leaf_hash(said.text().trim_end().as_bytes()).to_base64();
    assert_eq!(submitted, json!({ "index": 2, "leafHash": leaf }));
}

#[test]
fn record_hashes_files_and_names_them_all() {
    let shell = Shell::with_log();
    fs::write(shell.path("one"), "test").unwrap();
    fs::write(shell.path("two"), "").unwrap();
    let said = shell
        .run("record --log log --signer file:ci.key --action read --artifact m@1 --file one two --dry-run")
        .expect(0)
        .json();
    let payload =
        glasslog_core::text::wire::base64_decode(said["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let digests: Vec<&Value> = statement["subject"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| &subject["digest"]["sha256"])
        .collect();
    assert_eq!(
        digests,
        [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
    assert_eq!(
        statement["predicate"]["actor"],
        json!({ "id": CI, "type": "workload" })
    );
    assert_eq!(statement["predicate"]["log"], ORIGIN);
    shell
        .run("record --log log --signer ci.key --action read --artifact m@1 --file nowhere")
        .expect(1);
}

/// What `record` refuses before it asks the log.
#[test]
fn record_refuses_what_is_no_event() {
    let shell = Shell::with_log();
    for (rest, code, words) in [
        (
            "--action deploy --artifact a@1",
            8,
            "hint: give `--reason-code` and `--reason`",
        ),
        (
            "--action deploy --artifact a@1 --reason-code c",
            8,
            "needs a reason",
        ),
        (
            "--action transfer --artifact a@1 --reason why",
            8,
            "hint: give `--from` and `--to`",
        ),
        (
            "--action release --artifact a@1 --reason why",
            8,
            "hint: give `--acts-on`",
        ),
        (
            "--action peek --artifact a@1",
            2,
            "expected one of register, read",
        ),
        (
            "--action read --artifact a@1 --outcome maybe",
            2,
            "expected one of success",
        ),
        (
            "--action read --artifact a@1 --actor-type robot",
            2,
            "expected one of human",
        ),
        ("--action read --artifact a@1 --acts-on x", 2, "`--acts-on`"),
        ("--action read --artifact \u{e9}@1", 8, "name"),
    ] {
        let said = shell.record("log", rest).expect(code);
        assert!(said.stderr.contains(words), "{said}");
    }
    for (arguments, code) in [
        ("--signer ci.key --digest sha256:AB", 2),
        ("--signer ci.key", 2),
        ("--signer ssh-agent:SHA256:x --digest sha256:00", 2),
        ("--signer pkcs11:token=x --digest sha256:00", 2),
        ("--signer exec:kms --digest sha256:00", 2),
        ("--signer nowhere --digest sha256:00", 1),
        ("--signer ci.key.pub --digest sha256:00", 8),
    ] {
        shell
            .run(&format!(
                "record --log log --action read --artifact a@1 {arguments}"
            ))
            .expect(code);
    }
    assert_eq!(shell.size(), 2);
}

/// What the log refuses, with the same exit codes on a directory and through a server.
#[test]
fn refusals_have_one_exit_code_each() {
    let shell = Shell::with_log();
    let register = "--action register --artifact m@1 --reason-code r --reason first";
    shell.record("log", register).expect(0);
    shell
        .run("keygen --kind actor --name mallory --out mallory.key")
        .expect(0);
    shell
        .run("keygen --kind admin --name admin --out other.admin")
        .expect(0);
    let forged = shell
        .record("log", "--action read --artifact m@1 --dry-run")
        .expect(0);
    let at = forged.text().rfind("\"sig\":\"").unwrap() + 10;
    let mut forged = forged.text().to_owned();
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    fs::write(shell.path("forged"), forged).unwrap();
    fs::write(shell.path("garbage"), "garbage\n").unwrap();
    fs::write(shell.path("long"), "x".repeat(70_000)).unwrap();
    let cases = [
        (
            "record --signer mallory.key --action read --artifact m@1 --digest sha256:",
            5,
            "event-unknown-key",
        ),
        (
            "record --signer ci.key --actor someone --action read --artifact m@1 --digest sha256:",
            5,
            "event-actor-mismatch",
        ),
        (
            "record --signer ci.key --action register --artifact m@1 --reason-code r --reason second --digest other:",
            6,
            "register-conflict",
        ),
        (
            "keys enrol --actor mallory --key mallory.key.pub --admin other.admin",
            5,
            "event-unknown-key",
        ),
        (
            "keys enrol --actor mallory --key ci.key.pub --admin log/keys/admin",
            6,
            "key-already-enrolled",
        ),
        (
            "keys revoke --key mallory.key.pub --reason lost --admin log/keys/admin",
            5,
            "key-not-enrolled",
        ),
        ("submit forged", 3, "event-bad-signature"),
        ("submit garbage", 8, "json"),
        ("submit long", 8, "entry-too-large"),
    ];
    let check = |log: &str| {
        for (line, exit, code) in cases {
            let line = line
                .replace("sha256:", DIGEST)
                .replace("other:", OTHER_DIGEST);
            let said = shell
                .run(&format!("{line} --log {log} --format json"))
                .expect(exit);
            let found = said.json()["error"]["code"].as_str().unwrap().to_owned();
            assert!(found.contains(code), "{line}: {said}");
        }
    };
    check("log");
    let server = shell.serve();
    check(&server.url);
    assert_eq!(shell.size(), 3);
}

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

#[test]
fn keys_come_and_go() {
    let shell = Shell::with_log();
    let said = shell
        .run("keys list --log log --format json")
        .expect(0)
        .json();
    assert_eq!(
        (&said["size"], said["admins"].as_array().unwrap().len()),
        (&json!(2), 1)
    );
    let key = &said["keys"][0];
    assert_eq!(
        (&key["actor"], &key["enrolledAt"], &key["revokedAt"]),
        (&json!(CI), &json!(1), &Value::Null)
    );
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    shell
        .run("keys revoke --log log --key ci.key.pub --reason stolen --compromised-since 2")
        .expect(0);
    let said = shell.run("keys list --log log").expect(0);
    assert!(
        said.text()
            .contains(", enrolled at 1, revoked at 3, compromised since 2 (stolen)\n"),
        "{said}"
    );
    shell
        .record("log", "--action read --artifact a@1")
        .expect(5);
    shell
        .run("keys revoke --log log --key ci.key.pub --reason again")
        .expect(6);
    let server = shell.serve();
    let remote = shell
        .run(&format!("keys list --log {}", server.url))
        .expect(0);
    assert_eq!(remote.text(), said.text());
    shell
        .run(&format!(
            "keys enrol --log {} --actor a --key ci.key.pub",
            server.url
        ))
        .expect(2);
    drop(server);
    shell
        .run(&format!("init raw --origin {ORIGIN} --raw"))
        .expect(0);
    shell.run("keys list --log raw").expect(4);
}

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
    assert!(shell.read("2.tlog-proof").contains("\nindex 2\n"));
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
    assert!(said.stderr.contains("the policy knows no key"), "{said}");
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

#[test]
fn a_witness_cosigns_what_extends_what_it_saw() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w")
        .expect(0);
    let cosign = "witness cosign log --key w --state w.state";
    let said = shell.run(cosign).expect(0);
    assert_eq!(
        said.text(),
        format!("witness.example/w1 cosigned {ORIGIN} size 2\n")
    );
    let server = shell.serve();
    shell
        .record(&server.url, "--action read --artifact a@1")
        .expect(0);
    let said = shell
        .run(&format!("{cosign} --format json"))
        .expect(0)
        .json();
    assert_eq!(
        (&said["checkpoint"]["size"], &said["seen"]["size"]),
        (&json!(3), &json!(2))
    );
    assert!(
        shell
            .read("log/public/checkpoint")
            .contains("\n\u{2014} witness.example/w1 ")
    );
    drop(server);
    let policy = shell.read("log/trust.policy").replacen(
        "quorum none",
        &format!("witness w1 {}\nquorum w1", shell.read("w.pub").trim_end()),
        1,
    );
    fs::write(shell.path("witnessed.policy"), policy).unwrap();
    shell
        .run("audit log --policy witnessed.policy --max-checkpoint-age 1h")
        .expect(0);

    for (line, code) in [
        (
            "witness cosign http://127.0.0.1:1/ --key w --state w.state",
            2,
        ),
        ("witness cosign log --key log/keys/index --state w.state", 2),
        ("witness cosign nowhere --key w --state w.state", 1),
        ("witness cosign log --key nowhere --state w.state", 1),
        ("witness cosign log --key w.pub --state w.state", 8),
        (
            "witness cosign log --key w --state w.state --policy w.pub",
            8,
        ),
        ("witness serve", 2),
    ] {
        shell.run(line).expect(code);
    }
}

#[test]
fn a_witness_gives_evidence_of_a_fork() {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w")
        .expect(0);
    for (log, entries) in [
        ("log", "a\nb\nc\n"),
        ("fork", "a\nX\nc\nd\n"),
        ("older", "a\n"),
    ] {
        shell
            .run(&format!("init {log} --origin {ORIGIN} --key k --raw"))
            .expect(0);
        fs::write(shell.path("entries"), entries).unwrap();
        shell.run(&format!("submit --log {log} entries")).expect(0);
    }
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(0);
    let memory = shell.read("w.state");
    let said = shell
        .run("witness cosign fork --key w --state w.state --format json")
        .expect(7);
    assert_eq!(said.json()["error"]["code"], "inconsistent-heads");
    assert!(
        shell
            .read("w.state.inconsistency")
            .starts_with("glasslog-inconsistency/v1\nold ")
    );
    let said = shell
        .run("witness cosign older --key w --state w.state")
        .expect(5);
    assert!(
        said.stderr
            .contains("shows size 1, but this witness has cosigned size 3"),
        "{said}"
    );
    assert_eq!(shell.read("w.state"), memory);
    for log in ["fork", "older"] {
        assert!(
            !shell
                .read(&format!("{log}/public/checkpoint"))
                .contains("witness.example")
        );
    }

    fs::write(shell.path("entries"), "d\n").unwrap();
    shell.run("submit --log log entries").expect(0);
    let mut tile = fs::read(shell.path("log/public/tile/0/000.p/4")).unwrap();
    tile[0] ^= 1;
    fs::write(shell.path("log/public/tile/0/000.p/4"), tile).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(3);
    fs::remove_file(shell.path("log/public/tile/0/000.p/4")).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(1);
    let forged = shell
        .read("log/public/checkpoint")
        .replacen("\n4\n", "\n5\n", 1);
    fs::write(shell.path("log/public/checkpoint"), forged).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(3);
    shell
        .run("init other --origin other.example/log --raw")
        .expect(0);
    shell
        .run("witness cosign log --key w --state w.state --policy other/trust.policy")
        .expect(5);
}

#[test]
fn a_log_whose_state_was_rolled_back_writes_nothing() {
    let shell = Shell::with_log();
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(shell.path(to)).unwrap();
        for name in ["head", "journal"] {
            fs::copy(shell.path(from).join(name), shell.path(to).join(name)).unwrap();
        }
    };
    copy("log/state", "backup");
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    copy("backup", "log/state");
    let said = shell
        .record("log", "--action read --artifact b@1")
        .expect(1);
    assert!(said.stderr.contains(
        "the private state ends at size 2, but a checkpoint of size 3 is public: the state was rolled back"
    ));
    assert!(
        said.stderr
            .contains("glasslog: hint: restore `state/` and `public/` from one moment"),
        "{said}"
    );
    assert_eq!(shell.size(), 3);
}
