//! A host that adds a line under the log's name to the checkpoint, by a key that some readers know and the honest builder
//! of an index does not: nothing that is handed on has the line, and nobody is convicted.
use std::fs;
use std::path::{Path, PathBuf};

use glasslog_core::note::{Signature, VerifierKey};
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str, code: i32) -> Finished {
        let mut command = glasslog::command();
        command.args(line.split(' ')).current_dir(self.0.path());
        command.env("GLASSLOG_CACHE", "off");
        finish(&mut command).expect(code)
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).expect(name)).into_owned()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn a_line_by_a_key_that_the_builder_does_not_know_is_not_handed_on() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let place = Place(folder.expect("a folder"));
    place.run("init log --origin models.example.com/access", 0);
    place.run(
        "keygen --kind log --name models.example.com/access --out later.key",
        0,
    );
    place.run(
        "keygen --kind index --name indexer.example --out index.key",
        0,
    );
    let honest = place.read("log/public/checkpoint");
    let later = VerifierKey::parse(place.read("later.key.pub").trim()).expect("a key");
    let junk = Signature::new(later.name().clone(), later.id(), vec![7; 64]).expect("a line");
    let junk = junk.encode_line();
    let (_, line) = junk.trim_end().rsplit_once(' ').expect("base64");
    let shown = format!("{honest}{junk}");

    // The host shows the line while a third party indexes the log, and others make bundles and proofs.
    copy(&place.path("log/public"), &place.path("host"));
    fs::remove_dir_all(place.path("host/index")).expect("the log's own index");
    fs::write(place.path("host/checkpoint"), &shown).expect("the checkpoint");
    let policy = place.read("log/trust.policy");
    let (log, _) = policy.split_once("[index]").expect("two sections");
    let index = format!("[index]\nlog {}quorum none\n", place.read("index.key.pub"));
    fs::write(place.path("known.policy"), format!("{log}{index}")).expect("a policy");
    let both = log.replacen("quorum none", &format!("log {later}\nquorum none"), 1);
    fs::write(place.path("both.policy"), format!("{both}{index}")).expect("a policy");
    place.run(
        "index host --policy known.policy --key index.key --out mine",
        0,
    );
    let manifests = place.read("mine/public/index/tile/entries/000.p/1");
    assert!(manifests.contains("models.example.com/access") && !manifests.contains(line));
    copy(&place.path("mine/public/index"), &place.path("host/index"));
    let bundle = "bundle m@1 --log host --policy known.policy -o m.bundle";
    place.run(bundle, 4);
    place.run(
        "prove --log host --index 0 --policy known.policy -o 0.proof",
        0,
    );
    for made in ["m.bundle", "0.proof"] {
        assert!(!place.read(made).contains(line), "{made}");
    }
    place.run(
        "verify bundle m.bundle --policy both.policy --now 2030-01-01T00:00:00Z",
        4,
    );

    // The host takes the line back. The reader who knows the key has nothing to refuse, and no proof of anything.
    fs::write(place.path("host/checkpoint"), &honest).expect("the checkpoint");
    place.run("history m@1 --log host --policy both.policy", 4);
    place.run("audit host --policy both.policy --fraud made.fraud", 0);
    assert!(!place.path("made.fraud").exists());
}
