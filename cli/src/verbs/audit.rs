//! `audit`: reads everything, recomputes everything, with all cores.
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use glasslog_core::fetch::Query;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::limits::MAX_IN_FLIGHT;
use glasslog_core::note::{SignatureType, SignerKey};
use glasslog_core::report::{Class, Report, Verdict};
use glasslog_log::Layout;
use glasslog_log::audit::{Audited, CosignError, Cosigned, Files, Settings, audit};
use glasslog_log::disk::Disk;
use glasslog_log::keys::read_signer;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::destination::{now, refuse};
use crate::driver::{self, Head};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::source::Source;

/// Reads everything and recomputes everything: entries, tiles, signatures, and the index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog audit my.log --policy my.log/trust.policy
  glasslog audit my.log --policy trust.policy --cosign auditor.key
  glasslog audit https://log.example.com/ --policy trust.policy --format json")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    log: String,

    #[arg(long, value_name = "STATE", hide = true)]
    resume: Option<PathBuf>,

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
        if self.resume.is_some() {
            return Err(Failure::not_available("`--resume`"));
        }
        let cosigner = self.cosigner()?;
        let policy = self.trust.policy(Some(&self.log))?;
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let audited = self.audit(&mut source, &policy, console)?;
        let exit = console.verdict(audited.query.report())?;
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
        let key = read_signer(&Disk::new(), path).map_err(|error| refuse(&error))?;
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
        console: &Console,
    ) -> Result<Audited, Failure> {
        let mut audited = self.audit_once(source, policy, console)?;
        if let Source::Remote(remote) = source
            && remote.used_cache()
            && has(&audited.0, |report| report.result == Verdict::Failed)
        {
            remote.forget_cached();
            console.note("remembered files may be damaged: reading the log again without them");
            audited = self.audit_once(source, policy, console)?;
        }
        for _ in 0..driver::NEWER_HEADS {
            let is_unfinished = has(&audited.0, |report| report.class() == Class::Unfinished);
            if !is_unfinished || !audited.1.has_changed(source)? {
                break;
            }
            console.note("the log has grown meanwhile: reading it again with its newer checkpoint");
            audited = self.audit_once(source, policy, console)?;
        }
        Ok(audited.0)
    }

    fn audit_once(
        &self,
        source: &Source,
        policy: &[u8],
        console: &Console,
    ) -> Result<(Audited, Head), Failure> {
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
        let audited = audit(&reading, settings, &mut |done, total| {
            progress.show(done, total);
        })?;
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

/// Writes the proof down, and says how to check it.
fn write(fraud: &Fraud, path: Option<&Path>, console: &Console) -> Result<(), Failure> {
    let default = format!("index-{}.fraud", fraud.index_proof().index());
    let path = path.map_or_else(|| PathBuf::from(default), Path::to_path_buf);
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
