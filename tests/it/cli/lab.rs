//! The lab: an operator, its host, witnesses and mirrors fail and lie, and each party gives the answer of `docs/situations.md`.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use glasslog_core::note::Origin;
use glasslog_core::witness::monitoring_path;
use glasslog_tests::glasslog::repository;
use glasslog_tests::host::Host;

use crate::cli::monitoring::{alerts, raw, with_key};
use crate::cli::writing::shell::{ORIGIN, Shell};

/// The exit codes of reader, monitor, mirror and witness.
type Codes = [i32; 4];

const WITNESSES: [&str; 3] = ["w1", "w2", "w3"];

/// The honest log `honest`, which all witnesses cosigned; what the monitor, the mirror and the witnesses know of it; and a fork.
struct Lab {
    shell: Shell,
    size: usize,
}

impl Lab {
    fn new(size: usize) -> Self {
        let shell = with_key();
        let mut lines = String::new();
        for witness in WITNESSES {
            shell
                .run(&format!(
                    "keygen --kind witness --name w.example/{witness} --out {witness}"
                ))
                .expect(0);
            lines += &format!(
                "witness {witness} {}\n",
                shell.read(&format!("{witness}.pub")).trim_end()
            );
        }
        let policy = format!(
            "[log]\nlog {}\n{lines}group g 2 w1 w2 w3\nquorum g\n",
            shell.read("k.pub").trim_end()
        );
        fs::write(shell.path("quorum"), policy).unwrap();
        let lab = Self { shell, size };
        lab.grow("honest", 0..size);
        lab.cosign("honest", &WITNESSES);
        lab.keep("honest", "older");
        lab.grow("honest", size..size + 5);
        lab.keep("w1.state", "w1.backup");
        lab.cosign("honest", &WITNESSES);
        lab.show("honest");
        assert_eq!(lab.codes("", "", "w3"), [0; 4]);
        for known in ["m.state", "copy"] {
            lab.keep(known, &format!("{known}.kept"));
        }
        lab.keep("honest", "before");
        lab.grow("fork", 1..size + 9);
        // Two witnesses that forgot what they cosigned.
        for witness in ["w1", "w2"] {
            lab.cosign_with("fork", witness, "forgot");
        }
        lab
    }

    fn grow(&self, log: &str, entries: std::ops::Range<usize>) {
        raw(&self.shell, log, entries);
    }

    fn keep(&self, from: &str, to: &str) {
        let (from, to) = (self.shell.path(from), self.shell.path(to));
        let _ = fs::remove_dir_all(&to);
        copy(&from, &to);
    }

    /// Shows a log where everyone looks.
    fn show(&self, log: &str) {
        self.keep(&format!("{log}/public"), "shown");
    }

    fn cosign(&self, log: &str, witnesses: &[&str]) {
        witnesses
            .iter()
            .for_each(|witness| self.cosign_with(log, witness, "state"));
    }

    fn cosign_with(&self, log: &str, witness: &str, state: &str) {
        let line = format!("witness cosign {log} --key {witness} --state {witness}.{state}");
        self.shell.run(&line).expect(0);
    }

    /// Puts monitor and mirror back to what they knew of the honest log, and asks each, with these flags for reader and monitor.
    fn ask(&self, reader: &str, monitor: &str) -> Codes {
        self.forget();
        self.codes(reader, monitor, "w3")
    }

    fn forget(&self) {
        for known in ["m.state", "copy"] {
            self.keep(&format!("{known}.kept"), known);
        }
    }

    fn codes(&self, reader: &str, monitor: &str, witness: &str) -> Codes {
        [
            self.code(&format!("audit shown --policy quorum{reader}")),
            self.monitor("shown", monitor).0,
            self.code("mirror shown copy --policy quorum --once"),
            self.witness(witness, "state"),
        ]
    }

    fn code(&self, line: &str) -> i32 {
        self.shell.run(line).code
    }

    /// A witness asks for the public tree at an address.
    fn witness(&self, witness: &str, state: &str) -> i32 {
        let host = Host::faithful(&self.shell.path("shown"));
        let line = format!(
            "witness cosign {} --policy quorum --key {witness} --state {witness}.{state} -o cosigned",
            host.url()
        );
        self.code(&line)
    }

    /// The exit code of the monitor, and the kinds of its alarms.
    fn monitor(&self, logs: &str, rest: &str) -> (i32, Vec<String>) {
        let line = format!(
            "monitor {logs} --policy quorum --state m.state --watch none --once --max-lag 0s{rest}"
        );
        let said = self.shell.run(&line);
        let kinds = alerts(&said);
        let kinds = kinds
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned());
        (said.code, kinds.collect())
    }

    /// Checks that the evidence in a file convicts the log, and forgets it.
    fn convicts(&self, name: &str) {
        let line = format!("verify inconsistency {name}.inconsistency --policy quorum");
        self.shell.run(&line).expect(0);
        fs::remove_file(self.shell.path(&format!("{name}.inconsistency"))).unwrap();
    }

    /// A host that shows a checkpoint as witnesses do; its address is a flag of the monitor.
    fn shown_by_witness(&self, checkpoint: &str) -> (Host, String) {
        let origin = Origin::parse(ORIGIN).unwrap();
        let place = self.shell.path("prefix").join(monitoring_path(&origin));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(self.shell.path(checkpoint), place).unwrap();
        let host = Host::faithful(&self.shell.path("prefix"));
        let flag = format!(" --witness {}", host.url());
        (host, flag)
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// The codes of each row of the page, by the beginning of its situation.
fn page() -> BTreeMap<String, Codes> {
    let page = fs::read_to_string(repository().join("docs/situations.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let code = |cell: &&str| cell.split(' ').next().unwrap().parse().unwrap();
        let codes: Vec<i32> = cells[1..].iter().map(code).collect();
        (cells[0].to_owned(), codes.try_into().unwrap())
    };
    rows.map(row).collect()
}

fn run(size: usize) {
    let lab = Lab::new(size);
    let mut found = BTreeMap::new();
    let mut note = |situation: &str, codes: Codes| {
        found.insert(situation.to_owned(), codes);
    };
    lab.grow("honest", lab.size + 5..lab.size + 8);
    lab.cosign("honest", &WITNESSES);
    lab.show("honest");
    note("the log grows, and its witnesses cosign", lab.ask("", ""));

    lab.keep("fork", "lone");
    lab.grow("lone", size + 9..size + 12);
    lab.show("lone");
    note("a fork that no witness cosigned", lab.ask("", ""));

    lab.show("fork");
    note(
        "a fork that two witnesses cosigned, who lie or lost their memory",
        lab.ask("", ""),
    );
    for name in ["m.state", "copy", "w3.state"] {
        lab.convicts(name);
    }
    // Whatever was shown meanwhile, the honest log is followed on.
    lab.show("honest");
    assert_eq!(lab.monitor("shown", ""), (0, Vec::new()));

    lab.show("older");
    note("the log is rolled back to an older head", lab.ask("", ""));

    lab.show("before");
    let (_host, witness) = lab.shown_by_witness("honest/public/checkpoint");
    let codes = lab.ask("", &witness);
    note(
        "new entries are withheld that a witness has cosigned",
        codes,
    );

    lab.show("honest");
    std::thread::sleep(Duration::from_millis(2_100));
    let age = " --max-checkpoint-age 1s";
    note(
        "the same head for too long (`--max-checkpoint-age`)",
        lab.ask(age, age),
    );

    lab.keep("fork/public", "region");
    lab.forget();
    lab.code("mirror region other --policy quorum --once");
    let reader = lab
        .code("audit region --policy quorum")
        .max(lab.code("audit shown --policy quorum"));
    let monitor = lab.monitor("shown region", "").0;
    let merged = lab.code("mirror merge copy other -o merged --policy quorum");
    lab.keep("region", "shown");
    note(
        "two regions are shown different logs, each with a quorum",
        [reader, monitor, merged, lab.witness("w3", "state")],
    );
    for name in ["m.state", "merged", "w3.state"] {
        lab.convicts(name);
    }

    lab.keep("before", "alone");
    lab.grow("alone", size + 5..size + 8);
    lab.forget();
    lab.cosign("alone", &["w3"]);
    lab.show("alone");
    note(
        "two of three witnesses are gone, and the operator shows the new head without them",
        lab.codes("", "", "w3"),
    );

    lab.show("before");
    let (host, witness) = lab.shown_by_witness("before/public/checkpoint");
    lab.forget();
    assert_eq!(lab.monitor("shown", &witness).0, 0);
    fs::copy(
        lab.shell.path("older/public/checkpoint"),
        lab.shell
            .path("prefix")
            .join(monitoring_path(&Origin::parse(ORIGIN).unwrap())),
    )
    .unwrap();
    let mut codes = lab.codes("", &witness, "w3");
    codes[3] = lab.witness("w1", "backup");
    drop(host);
    note("a witness comes back with an old backup", codes);

    let (_host, witness) = lab.shown_by_witness("fork/public/checkpoint");
    lab.show("honest");
    lab.grow("honest", size + 8..size + 12);
    lab.cosign("honest", &WITNESSES);
    lab.show("honest");
    note(
        "one witness cosigned a fork, and the log is honest",
        lab.ask("", &witness),
    );
    lab.convicts("m.state");

    lab.forget();
    lab.keep("copy", "mirror");
    let reader = lab.code("audit mirror --policy quorum");
    // The first look may see the larger head before or after the mirror's.
    lab.monitor("shown mirror", "");
    let monitor = lab.monitor("shown mirror", "").0;
    let mirror = lab.code("mirror shown mirror --policy quorum --once");
    note(
        "a mirror lags",
        [reader, monitor, mirror, lab.witness("w3", "state")],
    );

    let bundle = format!(
        "shown/tile/entries/000{}",
        if size + 12 < 256 {
            format!(".p/{}", size + 12)
        } else {
            String::new()
        }
    );
    let mut bytes = fs::read(lab.shell.path(&bundle)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(lab.shell.path(&bundle), bytes).unwrap();
    lab.forget();
    fs::remove_file(lab.shell.path("m.state")).unwrap();
    fs::remove_dir_all(lab.shell.path("copy")).unwrap();
    note("a false entry", lab.codes("", "", "w3"));
    lab.show("honest");
    fs::write(lab.shell.path("shown/checkpoint"), "<!doctype html>").unwrap();
    note("a page instead of the checkpoint", lab.ask("", ""));
    fs::remove_dir_all(lab.shell.path("shown")).unwrap();
    note("the host is gone", lab.ask("", ""));

    assert_eq!(found, page());
}

#[test]
fn each_party_gives_the_documented_answer() {
    let began = Instant::now();
    run(10);
    // Nothing hangs: a party that waited for another would take its whole time limit.
    assert!(began.elapsed() < Duration::from_secs(300));
}

/// As above, where bundles and tiles become full on the way.
#[test]
fn each_party_gives_the_documented_answer_at_other_sizes() {
    if std::env::var_os("GLASSLOG_LONG_TESTS").is_some() {
        for size in [1, 245, 250, 256, 1_000, 65_530] {
            run(size);
        }
    }
}
