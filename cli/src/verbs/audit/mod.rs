//! `audit`: reads everything, recomputes everything, with all cores.
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fs, thread};

use glasslog_client::audit::{Audited, Files, Keeper, Settings, audit};
use glasslog_core::fetch::Query;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::note::{SignatureType, SignerKey};
use glasslog_core::report::{Class, Report, Verdict};
use glasslog_core::text::limits::MAX_IN_FLIGHT;
use glasslog_core::verify::Inconsistency;
use glasslog_log::Layout;
use glasslog_log::directory::Disk;
use glasslog_log::index::{CosignError, Cosigned};

use crate::arguments::{TrustArgs, parse_duration};
use crate::console::Console;
use crate::destination::{named_key, now, refuse};
use crate::driver::{self, Head};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::source::Source;

mod state;

use state::StateFile;

/// Reads everything and recomputes everything: entries, tiles, signatures, and the index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog audit my.log --policy my.log/trust.policy
  glasslog audit my.log --policy trust.policy --resume my.state
  glasslog audit my.log --policy trust.policy --cosign auditor.key
  glasslog audit https://log.example.com/ --policy trust.policy --format json")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    log: String,

    /// Goes on from this file where an earlier audit stopped or ended, reads what is new, and keeps the file up to date
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,

    /// How often the state is saved on the way
    #[arg(long, value_name = "DURATION", default_value = "30s", requires = "resume", value_parser = parse_duration)]
    save_every: u64,

    /// Cosigns the index with this auditor's key if everything is right
    #[arg(long, value_name = "KEY")]
    cosign: Option<PathBuf>,

    /// Where the cosigned index checkpoint goes, instead of into the log directory
    #[arg(short, long, value_name = "FILE", requires = "cosign")]
    output: Option<PathBuf>,

    /// Where the proof goes if the index is false [default: index-MANIFEST.fraud]
    #[arg(long, value_name = "FILE")]
    fraud: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// An unreadable policy, a source that cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let state = self.resume.as_deref().map(StateFile::new).transpose()?;
        if let Some(fraud) = self.fraud.as_ref().filter(|path| path.exists()) {
            let error = ErrorKind::AlreadyExists.into();
            return Err(Failure::file(fraud.display(), &error)
                .hint("a proof is never written over another file: name a new one"));
        }
        let cosigner = self.cosigner()?;
        let policy = self.trust.policy(Some(&self.log))?;
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let audited = self.audit(&mut source, &policy, state.as_ref(), console)?;
        let exit = console.verdict(audited.query.report())?;
        if let (Some(evidence), Some(state)) = (&audited.inconsistency, &self.resume) {
            accuse(evidence, state, console)?;
        }
        if state.is_some() && !audited.is_kept {
            console.note("the state holds nothing beyond what was found right");
        }
        if let Some(fraud) = &audited.fraud {
            write(fraud, self.fraud.as_deref(), console)?;
        }
        match &cosigner {
            Some(_) if exit != Exit::Done => console.note("nothing was cosigned"),
            Some(key) => self.cosign(&audited, key, console)?,
            None => {}
        }
        Ok(exit)
    }

    /// The auditor's key, where the result of cosigning has a place to go.
    fn cosigner(&self) -> Result<Option<SignerKey>, Failure> {
        let Some(path) = &self.cosign else {
            return Ok(None);
        };
        if self.output.is_none() && !self.layout().config().is_file() {
            return Err(Failure::usage(format!(
                "`{}` is no log directory that a cosignature can be added to",
                self.log
            ))
            .hint("`-o FILE` writes the cosigned index checkpoint, for the log's operator"));
        }
        let key = named_key(path, "auditor")?;
        if key.verifier().signature_type() != SignatureType::CosignatureV1 {
            return Err(
                Failure::usage(format!("`{}` is no auditor's key", path.display()))
                    .hint("`glasslog keygen --kind auditor` makes one"),
            );
        }
        Ok(Some(key))
    }

    fn layout(&self) -> Layout {
        Layout::new(&self.log)
    }

    fn cosign(&self, audited: &Audited, key: &SignerKey, console: &Console) -> Result<(), Failure> {
        let name = key.verifier().name();
        let refused = |error: CosignError| match error {
            CosignError::Log(error) => refuse(&error),
            error => Failure::new(Exit::Usage, error.code(), error.to_string()),
        };
        let cosigned = Cosigned::new(audited, key, now()).map_err(refused)?;
        if let Some(path) = &self.output {
            let checkpoint = cosigned.checkpoint().map_err(refused)?;
            output::write(path, &checkpoint.encode())?;
            console.note(format_args!(
                "the index checkpoint, cosigned by `{name}`, was written to {}",
                path.display()
            ));
            return Ok(());
        }
        match cosigned.publish(&Disk::new(), &self.layout()) {
            Ok(true) => console.note(format_args!("the index was cosigned by `{name}`")),
            Ok(false) => {
                return Err(Failure::unfinished(
                    "audit-index-moved",
                    "the index has grown since it was audited, and nothing was cosigned",
                )
                .hint("audit again"));
            }
            Err(error) => return Err(refused(error)),
        }
        Ok(())
    }

    /// Audits; once more without remembered files where those failed, and where the log has grown meanwhile.
    fn audit(
        &self,
        source: &mut Source,
        policy: &[u8],
        state: Option<&StateFile>,
        console: &Console,
    ) -> Result<Audited, Failure> {
        let mut audited = self.audit_once(source, policy, state, console)?;
        if let Source::Remote(remote) = source
            && remote.used_cache()
            && has(&audited.0, |report| report.result == Verdict::Failed)
        {
            remote.forget_cached();
            console.note("remembered files may be damaged: reading the log again without them");
            audited = self.audit_once(source, policy, state, console)?;
        }
        for _ in 0..driver::NEWER_HEADS {
            let is_unfinished = has(&audited.0, |report| report.class() == Class::Unfinished);
            if !is_unfinished || !audited.1.has_changed(source)? {
                break;
            }
            console.note("the log has grown meanwhile: reading it again with its newer checkpoint");
            audited = self.audit_once(source, policy, state, console)?;
        }
        Ok(audited.0)
    }

    fn audit_once(
        &self,
        source: &Source,
        policy: &[u8],
        state: Option<&StateFile>,
        console: &Console,
    ) -> Result<(Audited, Head), Failure> {
        let earlier = match state {
            Some(state) => state.read(policy, console)?,
            None => None,
        };
        let mut save = |kept: &_| state.map_or(Ok(()), |state| state.write(kept));
        let mut keeper =
            state.map(|_| Keeper::new(earlier, Duration::from_secs(self.save_every), &mut save));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        // Only a directory can be asked for everything in it; a network is waited for.
        let (listing, threads) = match source {
            Source::Directory(directory) => (Some(directory.list()?), cores),
            Source::Remote(_) | Source::Bucket(_) => (None, MAX_IN_FLIGHT),
        };
        let settings = Settings {
            policy,
            options: self.trust.options(),
            listing,
            threads,
        };
        let progress = Progress::new(
            console,
            "auditing {wide_bar} {human_pos}/{human_len} entries",
        );
        let reading = Reading {
            source,
            head: Mutex::default(),
        };
        let mut show = |done, total| progress.show(done, total);
        let audited = audit(&reading, settings, keeper.as_mut(), &mut show)?;
        let head = reading.head.into_inner();
        Ok((audited, head.unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A source that remembers which heads it gave.
struct Reading<'a> {
    source: &'a Source,
    head: Mutex<Head>,
}

impl Files for Reading<'_> {
    type Error = Failure;

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let bytes = driver::read(self.source, path)?;
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        head.note(path, bytes.as_ref());
        Ok(bytes)
    }
}

fn has(audited: &Audited, is_so: impl Fn(&Report) -> bool) -> bool {
    audited.query.report().is_some_and(is_so)
}

/// Writes the proof down, over no other, and says how to check it.
fn write(fraud: &Fraud, path: Option<&Path>, console: &Console) -> Result<(), Failure> {
    let number = fraud.index_proof().index();
    let path = match path {
        Some(path) => path.to_path_buf(),
        None => free_name(number, &fraud.encode()),
    };
    output::write(&path, &fraud.encode())?;
    console.note(format_args!(
        "a proof that the index is false was written to {}",
        path.display()
    ));
    console.hint(format_args!(
        "anyone can check it: `glasslog verify fraud {} --policy FILE`",
        path.display()
    ));
    Ok(())
}

/// The first name that is free, or has the same proof.
fn free_name(number: u64, proof: &[u8]) -> PathBuf {
    let names = (1u32..).map(|copy| match copy {
        1 => PathBuf::from(format!("index-{number}.fraud")),
        copy => PathBuf::from(format!("index-{number}-{copy}.fraud")),
    });
    let is_free = |path: &PathBuf| match fs::read(path) {
        Ok(bytes) => bytes == proof,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    names.into_iter().find(is_free).unwrap_or_default()
}

/// Writes the evidence of a split view beside the state, which is left as it was.
fn accuse(evidence: &Inconsistency, state: &Path, console: &Console) -> Result<(), Failure> {
    let mut path = OsString::from(state.as_os_str());
    path.push(".inconsistency");
    let path = PathBuf::from(path);
    output::write(&path, &evidence.encode())?;
    console.note(format_args!(
        "both checkpoints, and what shows that they contradict each other, were written to {}",
        path.display()
    ));
    console.hint("show the file to everyone who relies on this log");
    Ok(())
}
