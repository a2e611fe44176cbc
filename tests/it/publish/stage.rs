//! A log with three witnesses, two of whom must cosign before a checkpoint is public.
use std::fs;
use std::path::Path;

use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{TrustPolicy, Verdict};
use glasslog_log::sequencer::{Acknowledgement, Answer, Limits, Running, Sequencer, Status};
use glasslog_log::{Layout, Log, NewLog};
use glasslog_tests::cosigner::Cosigner;
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "example.com/raw";
/// A moment in November 2026.
pub(crate) const NOW: u64 = 1_795_467_600;

/// Settings of a test that wants many rounds in a short time.
pub(crate) const QUICK: &str = "every = 0.02\ntimeout = 0.4\n";

/// A log and its witnesses.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) witnesses: Vec<Cosigner>,
}

impl Stage {
    /// Makes a raw log with three witnesses and these further settings.
    pub(crate) fn new(settings: &str) -> Self {
        let folder =
            tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap());
        NewLog::raw(ORIGIN)
            .create(folder.path().join("log"), NOW)
            .unwrap();
        let stage = Self {
            folder,
            witnesses: (1..=3).map(Cosigner::start).collect(),
        };
        add_witnesses(&stage.path(), &stage.witnesses, settings);
        stage
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn open(&self) -> Log {
        Log::open(self.path()).unwrap()
    }

    pub(crate) fn start(&self) -> Served {
        let (sequencer, running) = Sequencer::start(self.open(), Limits::default());
        Served {
            sequencer: Some(sequencer),
            running: Some(running),
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let bytes = fs::read(Layout::new(self.path()).checkpoint()).unwrap();
        Checkpoint::parse(&bytes).unwrap()
    }

    pub(crate) fn size(&self) -> u64 {
        self.checkpoint().head().size
    }

    /// The verdict of the log's own policy about the public checkpoint.
    pub(crate) fn verdict(&self) -> Verdict {
        let policy = fs::read(self.path().join("w.policy")).unwrap();
        let policy = TrustPolicy::parse(&policy).unwrap();
        policy.log().judge(&self.checkpoint(), u64::MAX >> 2)
    }

    /// The number of good cosignatures on the public checkpoint, none of which may be false.
    pub(crate) fn cosignatures(&self) -> usize {
        let verdict = self.verdict();
        assert!(verdict.accepts(), "{verdict:?}");
        let counts = verdict.witnesses.iter();
        counts.filter(|witness| witness.outcome.counts()).count()
    }
}

/// Lets the log at `path` ask these witnesses, two of whom must cosign.
pub(crate) fn add_witnesses(path: &Path, witnesses: &[Cosigner], settings: &str) {
    let key = fs::read_to_string(path.join("trust.policy")).unwrap();
    let log = key.lines().find(|line| line.starts_with("log ")).unwrap();
    let lines: String = (1..)
        .zip(witnesses)
        .map(|(number, witness)| witness.line(&format!("w{number}")))
        .collect();
    let policy = format!("{log}\n{lines}group g 2 w1 w2 w3\nquorum g\n");
    fs::write(path.join("w.policy"), policy).unwrap();
    let config = path.join("glasslog.toml");
    let text = fs::read_to_string(&config).unwrap();
    let section = format!("\n[witnesses]\npolicy = \"w.policy\"\n{settings}");
    fs::write(&config, text + &section).unwrap();
}

/// Gives the index of the log two witnesses of its own, both of whom must cosign.
pub(crate) fn add_index_witnesses(path: &Path, witnesses: &[Cosigner]) {
    let trust = fs::read_to_string(path.join("trust.policy")).unwrap();
    let (_, index) = trust.split_once("[index]").unwrap();
    let key = index.lines().find(|line| line.starts_with("log ")).unwrap();
    let lines: String = (4..)
        .zip(witnesses)
        .map(|(number, witness)| witness.line(&format!("w{number}")))
        .collect();
    let policy = path.join("w.policy");
    let text = fs::read_to_string(&policy).unwrap();
    let index = format!("[index]\n{key}\n{lines}group i all w4 w5\nquorum i\n");
    fs::write(&policy, format!("[log]\n{text}{index}")).unwrap();
}

/// A log that many may submit to.
pub(crate) struct Served {
    sequencer: Option<Sequencer>,
    running: Option<Running>,
}

impl Served {
    pub(crate) fn submit(&self, entry: &str, acknowledgement: Acknowledgement) -> Answer {
        let sequencer = self.sequencer.as_ref().unwrap();
        let entries = vec![entry.as_bytes().to_vec()];
        let pending = sequencer.submit(entries, acknowledgement, ()).unwrap();
        pending.wait().unwrap()
    }

    /// Submits an entry and waits until it is public; returns the size of the checkpoint.
    pub(crate) fn publish(&self, entry: &str) -> Option<u64> {
        let answer = self.submit(entry, Acknowledgement::Published);
        assert!(answer.outcomes[0].is_ok());
        assert_eq!(answer.checkpoint.is_none(), !answer.missing.is_empty());
        answer.checkpoint.map(|checkpoint| checkpoint.head().size)
    }

    pub(crate) fn status(&self) -> Status {
        self.sequencer.as_ref().unwrap().status()
    }

    /// Ends the log as a server does that was asked to stop.
    pub(crate) fn stop(mut self) {
        self.sequencer = None;
        self.running.take().unwrap().join().unwrap();
    }
}
