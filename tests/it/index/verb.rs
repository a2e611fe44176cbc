//! `glasslog index`: one's own log, and somebody else's under a key of one's own, from a directory and over HTTP.
use std::fs;
use std::path::Path;
use std::process::Command;

use glasslog_core::merkle::leaf_hash;
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::host::Host;
use tempfile::TempDir;

/// A raw log of so many lines, with a policy that trusts an index of somebody else.
struct World(TempDir);

impl World {
    fn new(entries: u32) -> Self {
        let folder =
            tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap());
        let world = Self(folder);
        world
            .run("init log --origin bench.example/raw --raw")
            .expect(0);
        world.grow(0, entries);
        world
            .run("keygen --kind index --name idx.example/raw --out ix.key")
            .expect(0);
        let log = fs::read_to_string(world.path("log/trust.policy")).unwrap();
        let log = log.split("\n[index]").next().unwrap();
        let key = fs::read_to_string(world.path("ix.key.pub")).unwrap();
        let policy = format!("{log}\n[index]\nlog {}\nquorum none\n", key.trim_end());
        fs::write(world.path("both.policy"), policy).unwrap();
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = glasslog::command();
        command.args(line.split(' ')).current_dir(self.0.path());
        command.env("GLASSLOG_CACHE", "off");
        command
    }

    fn run(&self, line: &str) -> Finished {
        finish(&mut self.command(line))
    }

    fn grow(&self, from: u32, to: u32) {
        let lines: String = (from..to)
            .map(|number| format!("line {number}\n"))
            .collect();
        fs::write(self.path("lines"), lines).unwrap();
        self.run("submit --log log lines").expect(0);
    }
}

fn leaf(number: u32) -> String {
    leaf_hash(format!("line {number}").as_bytes()).to_base64()
}

#[test]
fn an_index_of_ones_own_log_is_built_and_rebuilt() {
    let world = World::new(700);
    let built = world.run("index log --format json").expect(0).json();
    assert_eq!(built["index"], "bench.example/raw/index");
    assert_eq!(
        (&built["mapfn"], &built["indexed"]),
        (&"leaf/v1".into(), &700.into())
    );
    let look = |number| {
        let hash = leaf(number);
        world.run(&format!(
            "index log --policy log/trust.policy --format json --lookup {hash}"
        ))
    };
    assert_eq!(
        look(650).expect(0).json()["positions"],
        serde_json::json!([650])
    );
    // No auditor vouches for the index, and this reader does not accept its word.
    let absent = look(700).expect(5).json();
    assert_eq!(
        (&absent["complete"], &absent["size"]),
        (&700.into(), &700.into())
    );

    // A bucket that is lost is missed, never taken for an answer, and put back by a rebuild.
    fs::remove_dir_all(world.path("log/public/index/run")).unwrap();
    assert_eq!(look(650).expect(1).json()["error"]["code"], "missing-file");
    world.run("index log --rebuild").expect(0);
    assert_eq!(
        look(650).expect(0).json()["positions"],
        serde_json::json!([650])
    );

    // A line that is in the log and not yet in the index is not said to be absent.
    world.grow(700, 701);
    let tail = look(700).expect(5).json();
    assert_eq!(
        (&tail["complete"], &tail["size"]),
        (&700.into(), &701.into())
    );
}

#[test]
fn somebody_elses_log_is_indexed_over_http_and_further_as_it_grows() {
    let world = World::new(300);
    let host = Host::faithful(&world.path("log/public"));
    let url = host.url();
    let index = format!("index {url} --policy both.policy --key ix.key --out mine --format json");
    assert_eq!(world.run(&index).expect(0).json()["indexed"], 300);
    world.grow(300, 900);
    let built = world.run(&index).expect(0).json();
    assert_eq!(
        (&built["indexed"], &built["index"]),
        (&900.into(), &"idx.example/raw".into())
    );
    let look = |number| {
        let hash = leaf(number);
        world.run(&format!(
            "index {url} --policy both.policy --index mine --format json --lookup {hash}"
        ))
    };
    assert_eq!(
        look(899).expect(0).json()["positions"],
        serde_json::json!([899])
    );
    // No auditor vouches for the index: only a reader who accepts its word is told that it has no such entry.
    look(900).expect(5);
    let hash = leaf(900);
    let accepted =
        format!("index {url} --policy both.policy --index mine --accept-index --lookup {hash}");
    world.run(&accepted).expect(4);
    // The log's own index is signed by a key that this policy does not name.
    let own = format!("index {url} --policy both.policy --lookup {}", leaf(1));
    world.run(&own).expect(5);
    world.run(&format!("{index} --map access/v2")).expect(1);
}

#[test]
fn entries_that_the_checkpoint_does_not_commit_to_are_not_indexed() {
    let world = World::new(300);
    let bundle = world.path("log/public/tile/entries/000");
    let mut bytes = fs::read(&bundle).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let index = "index log/public --policy both.policy --key ix.key --out mine --format json";
    let refused = world.run(index).expect(3).json();
    assert_eq!(refused["error"]["code"], "log-file-not-in-tree");
    assert!(!Path::new(&world.path("mine/public/index/checkpoint")).exists());
    world
        .run("index log --policy both.policy --out mine")
        .expect(2);
    world.run("index log/public").expect(2);
}
