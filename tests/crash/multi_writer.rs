//! Three writers of one log in a real S3 server, killed, paused and cut off at random; one history comes out.
//!
//! The test starts itself again as each writer. `GLASSLOG_WRITERS_SECONDS` sets how long the storm lasts,
//! `GLASSLOG_WRITERS_SEED` repeats its random choices (their moments still vary).

use crate::alone;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use crate::tree::{self, PublicLog};
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{Checkpoint, SignerKey};
use glasslog_log::object_store::{Candidate, StoreError, StoreSettings, Taken};
use glasslog_log::{Config, Layout, Log, LogError, NewLog};
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::proxy::{Proxy, Wire};
use glasslog_tests::versitygw::{CREDENTIALS, VersityGw};
use glasslog_tests::words;

const ORIGIN: &str = "example.com/shared";
const WRITERS: usize = 3;
const SECONDS: u64 = 12;
/// Far above what anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Entries of one append.
const BATCH: u64 = 4;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The credentials of the environment are the store's only ones, so the test runs itself with them.
fn with_credentials(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored", "--nocapture", "--quiet"])
        .envs(CREDENTIALS);
    command
}

/// A log directory for one writer: the keys and the configuration of `made`, reaching the store its own way.
fn directory_for(made: &Path, folder: &Path, settings: &StoreSettings) -> PathBuf {
    let (from, to) = (Layout::new(made), Layout::new(folder));
    fs::create_dir_all(to.keys()).unwrap();
    fs::copy(from.key("log"), to.key("log")).unwrap();
    let mut config = Config::read(&Default::default(), &from).unwrap();
    config.store = Some(settings.clone());
    fs::write(to.config(), config.encode()).unwrap();
    folder.to_owned()
}

/// Lines that a writer printed: `took`, `durable INDEX ENTRY`, `published INDEX ENTRY`.
type Said = Arc<Mutex<Vec<(Instant, usize, String)>>>;

struct Writer {
    number: usize,
    life: u64,
    directory: PathBuf,
    proxy: Proxy,
    child: Child,
    said: Said,
}

impl Writer {
    fn start(number: usize, life: u64, directory: &Path, said: &Said) -> Child {
        let mut child = with_credentials("multi_writer::writer_process")
            .env("GLASSLOG_WRITER_LOG", directory)
            .env("GLASSLOG_WRITER_NAME", format!("writer-{number}-{life}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = Arc::clone(said);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                said.lock().unwrap().push((Instant::now(), number, line));
            }
        });
        child
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.life += 1;
        self.child = Self::start(self.number, self.life, &self.directory, &self.said);
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Counts how often a lease was taken.
fn leases(said: &Said) -> usize {
    let said = said.lock().unwrap();
    said.iter().filter(|(_, _, line)| line == "took").count()
}

/// Names the current writer, by the lock object: the one that said last that it took the lease.
fn leader(said: &Said) -> Option<usize> {
    let said = said.lock().unwrap();
    let took = said.iter().rev().find(|(_, _, line)| line == "took");
    took.map(|(_, number, _)| *number)
}

fn choose(state: &mut u64, bound: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % bound
}

#[test]
fn writers_of_one_bucket_make_one_history() {
    let _alone = alone();
    if let Some(store) = VersityGw::start("several writers of one bucket") {
        drop(store);
        let status = with_credentials("multi_writer::storm").status().unwrap();
        assert!(status.success(), "the storm ended badly");
    }
}

#[test]
#[ignore = "started by the test of several writers, which sets its credentials"]
fn storm() {
    let Some(mut store) = VersityGw::start("several writers of one bucket") else {
        return;
    };
    let seed = number("GLASSLOG_WRITERS_SEED").unwrap_or(now()).max(1);
    let seconds = number("GLASSLOG_WRITERS_SECONDS").unwrap_or(SECONDS);
    println!("seed {seed}");
    let mut random = seed;
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let settings = store.settings("shared/one", store.address());
    NewLog::raw(ORIGIN)
        .in_store(settings)
        .create(&made, now())
        .unwrap();

    let said = Said::default();
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|number| {
            let proxy = Proxy::start(store.address());
            let settings = store.settings("shared/one", proxy.address());
            let own = folder.path().join(format!("writer-{number}"));
            let directory = directory_for(&made, &own, &settings);
            let child = Writer::start(number, 0, &directory, &said);
            let said = Arc::clone(&said);
            Writer {
                number,
                life: 0,
                directory,
                proxy,
                child,
                said,
            }
        })
        .collect();

    // Everyone can read the checkpoint at any time; all that were ever seen must fit together.
    let public = store.file("shared/one/public");
    let mut seen: BTreeMap<u64, TreeHead> = BTreeMap::new();
    let mut look = |public: &Path| {
        let read = fs::read(public.join("checkpoint")).unwrap_or_default();
        if let Ok(checkpoint) = Checkpoint::parse(&read) {
            let head = checkpoint.head();
            let first = *seen.entry(head.size).or_insert(head);
            assert_eq!(first, head, "two checkpoints of one size");
        }
    };

    let mut counts = [0; 5];
    let mut takeovers = Vec::new();
    let end = Instant::now() + Duration::from_secs(seconds);
    // A storm that deposes nobody shows nothing: on a slow machine it takes longer.
    let latest = end + PATIENCE;
    while Instant::now() < end || (leases(&said) <= 2 && Instant::now() < latest) {
        let calm = Instant::now() + Duration::from_millis(400 + choose(&mut random, 800));
        while Instant::now() < calm {
            look(&public);
            thread::sleep(Duration::from_millis(20));
        }
        // The one that writes is the one to be struck, mostly.
        let struck = match choose(&mut random, 4) {
            0 => choose(&mut random, WRITERS as u64) as usize,
            _ => leader(&said).unwrap_or_default(),
        };
        let kind = choose(&mut random, 5) as usize;
        counts[kind] += 1;
        let long = Duration::from_millis(200 + choose(&mut random, 2_000));
        let writer = &mut writers[struck];
        match kind {
            0 => {
                let before = said.lock().unwrap().len();
                let struck_at = Instant::now();
                writer.kill();
                thread::sleep(long);
                writer.restart();
                let said = said.lock().unwrap();
                let next = said[before..].iter().find(|(_, _, line)| line == "took");
                takeovers.extend(next.map(|(at, _, _)| at.duration_since(struck_at)));
            }
            1 => {
                writer.signal("-STOP");
                thread::sleep(long);
                writer.signal("-CONT");
            }
            2 | 3 => {
                let wire = if kind == 2 { Wire::Cut } else { Wire::Mute };
                writer.proxy.set(wire);
                thread::sleep(long);
                writer.proxy.set(Wire::Cut);
                writer.proxy.set(Wire::Whole);
            }
            _ => store.restart(),
        }
    }

    // Afterwards somebody writes again, and what was durable is published.
    let calm = said.lock().unwrap().len();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let enough = said.lock().unwrap()[calm..]
            .iter()
            .filter(|(_, _, line)| line.starts_with("published"))
            .count();
        if enough > 50 {
            break;
        }
        assert!(Instant::now() < deadline, "nobody writes after the storm");
        thread::sleep(Duration::from_millis(50));
    }
    for writer in &mut writers {
        writer.kill();
    }
    // The last leader was killed with entries staged: a last writer publishes them.
    let mut last = Log::open(&made).unwrap();
    last.publish(now()).unwrap();
    last.close().unwrap();
    look(&public);

    check(&store, &made, &folder.path().join("tree"), &said, &seen);
    let epochs = leases(&said);
    println!(
        "{seconds} s: killed {}, paused {}, cut off {}, muted {}, store killed {}; {epochs} leases, takeovers after a kill: {takeovers:?}",
        counts[0], counts[1], counts[2], counts[3], counts[4]
    );
    assert!(epochs > 2, "a storm that deposes nobody shows nothing");
}

/// One history: its files add up, every acknowledged entry is at its index, every checkpoint that was seen fits.
fn check(store: &VersityGw, made: &Path, tree: &Path, said: &Said, seen: &BTreeMap<u64, TreeHead>) {
    // A killed server leaves hidden files of its own behind, which it does not serve either.
    let public = store.file("shared/one/public");
    let mut paths = Vec::new();
    tree::list(&public, "", &mut paths);
    for path in paths
        .iter()
        .filter(|path| !path.contains("/.") && !path.starts_with('.'))
    {
        let to = tree.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(public.join(path), to).unwrap();
    }
    let key = fs::read_to_string(Layout::new(made).key("log")).unwrap();
    let key = SignerKey::parse(key.trim_end()).unwrap();
    let log = PublicLog::read(tree, key.verifier());
    let policy = Layout::new(made).trust_policy();
    glasslog(words!["audit", tree, "--policy", policy]).expect(0);
    for head in seen.values() {
        assert!(
            log.extends(head),
            "a checkpoint of size {} was taken back",
            head.size
        );
    }
    let (mut durable, mut published) = (0, 0);
    for (_, _, line) in said.lock().unwrap().iter() {
        let mut words = line.splitn(3, ' ');
        let kind = words.next().unwrap();
        let (Some(index), Some(entry)) = (words.next(), words.next()) else {
            continue;
        };
        match kind {
            "durable" => durable += 1,
            "published" => published += 1,
            _ => continue,
        }
        let index: usize = index.parse().unwrap();
        let found = log.entries.get(index).map(Vec::as_slice);
        assert_eq!(found, Some(entry.as_bytes()), "acknowledged at {index}");
    }
    println!(
        "{} entries, {durable} durable, {published} published acknowledgements, {} checkpoints seen",
        log.entries.len(),
        seen.len()
    );
    assert!(durable > 0 && published > 0);
}

/// One writer: takes the lease when it can, writes until it loses it, for ever.
#[test]
#[ignore = "started by the test of several writers"]
fn writer_process() {
    let Some(directory) = env::var_os("GLASSLOG_WRITER_LOG").map(PathBuf::from) else {
        return;
    };
    let name = env::var("GLASSLOG_WRITER_NAME").unwrap();
    let settings = Config::read(&Default::default(), &Layout::new(&directory)).unwrap();
    let settings = settings.store.unwrap();
    let mut next = 0;
    loop {
        let Ok(mut candidate) = Candidate::new(&settings, &directory, None) else {
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        loop {
            match candidate.look() {
                Ok(Taken::Held(_)) => thread::sleep(Duration::from_millis(50)),
                Ok(Taken::Bucket(bucket)) => {
                    let opened = Log::open_in(*bucket, &directory);
                    match opened.and_then(|log| write(log, &name, &mut next)) {
                        Err(LogError::Store(_)) => {}
                        // A deposed writer may find its successor's checkpoint, and files it was about to read gone.
                        Err(error) => eprintln!("{name}: {error}"),
                        Ok(()) => unreachable!("a writer only ends with an error"),
                    }
                }
                Err(StoreError::Unreachable { .. }) => thread::sleep(Duration::from_millis(50)),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn write(mut log: Log, name: &str, next: &mut u64) -> Result<(), LogError> {
    say(&["took".into()]);
    loop {
        let entries: Vec<String> = (*next..*next + BATCH)
            .map(|n| format!("{name} {n}"))
            .collect();
        let bytes = entries
            .iter()
            .map(|entry| entry.clone().into_bytes())
            .collect();
        let outcomes = log.append(bytes)?;
        let lines = |kind: &str| -> Vec<String> {
            let pairs = outcomes.iter().zip(&entries);
            pairs
                .map(|(outcome, entry)| {
                    format!("{kind} {} {entry}", outcome.as_ref().unwrap().index)
                })
                .collect()
        };
        say(&lines("durable"));
        log.publish(now())?;
        say(&lines("published"));
        *next += BATCH;
    }
}

fn say(lines: &[String]) {
    let mut text = lines.join("\n");
    text.push('\n');
    stdout().write_all(text.as_bytes()).unwrap();
    stdout().flush().unwrap();
}
