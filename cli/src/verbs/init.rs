//! `init`: makes a new log directory; its layout is in `docs/cli.md` ("A log directory").

use std::num::NonZeroUsize;
use std::path::PathBuf;

use glasslog_core::event::is_name;
use glasslog_core::note::{KeyName, Origin, Role, VerifierKey};
use glasslog_log::object_store::StoreSettings;
use glasslog_log::{Layout, NewLog};
use serde::Serialize;

use crate::args::named_key;
use crate::clock::now;
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head};
use crate::source;

/// Makes a new log: keys, configuration, genesis entry, signed checkpoint and trust policy.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog init my.log --origin models.example.com/access
  glasslog init my.log --origin models.example.com/access --auditor \"$(cat auditor.key.pub)\"
  glasslog init any.log --origin example.com/raw --raw
  glasslog init my.log --origin models.example.com/access --store s3://audit-logs/models")]
pub(crate) struct Args {
    /// Directory of the new log; it must be absent or empty
    pub(crate) log: PathBuf,

    /// The log's identity: the first line of its checkpoints
    #[arg(long)]
    pub(crate) origin: String,

    /// Sign checkpoints with this key instead of a new one
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Option<PathBuf>,

    /// No genesis entry, and any bytes are admitted
    #[arg(long)]
    pub(crate) raw: bool,

    /// Continue this closed log: the genesis commits to its final checkpoint and its keys
    #[arg(long, value_name = "LOG", conflicts_with = "raw")]
    pub(crate) succeeds: Option<PathBuf>,

    /// Auditor of the index, whom the trust policy then requires; repeat it for several, all of whom must have cosigned
    #[arg(long = "auditor", value_name = "VKEY")]
    pub(crate) auditors: Vec<String>,

    /// Witness of the log, whom the trust policy then requires; repeat it for several
    #[arg(long = "witness", value_name = "VKEY")]
    pub(crate) witnesses: Vec<String>,

    /// Number of witnesses that must have cosigned a checkpoint [default: all of them]
    #[arg(long, value_name = "N", requires = "witnesses")]
    pub(crate) quorum: Option<NonZeroUsize>,

    /// Keep everything but keys in this bucket; credentials come from the environment (`AWS_ACCESS_KEY_ID`, …)
    #[arg(long, value_name = "s3://BUCKET/PREFIX")]
    pub(crate) store: Option<String>,

    /// Address of an S3-compatible service, instead of AWS
    #[arg(long, value_name = "URL", requires = "store")]
    pub(crate) endpoint: Option<String>,

    /// Region of the bucket [default: us-east-1]
    #[arg(long, value_name = "NAME", requires = "store")]
    pub(crate) region: Option<String>,

    /// Allow an endpoint without TLS
    #[arg(long, requires = "store")]
    pub(crate) allow_http: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    schema_version: u32,
    result: &'static str,
    /// Leaf hash of entry 0, to be pinned in trust policies.
    genesis: Option<String>,
    checkpoint: Head,
}

impl Args {
    /// # Errors
    /// The origin or key does not fit, or the directory is not empty.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        source::directory(&self.log)?;
        let origin = |problem: String| Failure::usage(format!("`--origin`: {problem}"));
        Origin::parse(&self.origin).map_err(|error| origin(error.to_string()))?;
        KeyName::parse(&self.origin).map_err(|error| origin(error.to_string()))?;
        // Events name their log.
        if !self.raw && !is_name(&self.origin) {
            let rule = "the origin of a log of events has 1 to 256 printable ASCII characters without spaces";
            return Err(origin(rule.into()));
        }
        let mut log = match self.raw {
            true => NewLog::raw(&self.origin),
            false => NewLog::events(&self.origin),
        };
        if let Some(path) = &self.succeeds {
            log = log.succeeding(open_log(path)?.as_predecessor()?);
        }
        if let Some(path) = &self.key {
            let key = named_key(path, "log")?;
            let verifier = key.verifier();
            if verifier.name().as_str() != self.origin {
                return Err(Failure::usage(format!(
                    "`{}` is the key of `{}`, not of `{}`",
                    path.display(),
                    verifier.name().as_str(),
                    self.origin
                )));
            }
            log = log.with_key(key);
        }
        log = log.audited_by(self.auditors()?);
        let quorum = self.quorum.map(NonZeroUsize::get);
        log = log.witnessed_by(self.witnesses(quorum)?, quorum);
        if let Some(store) = self.store()? {
            log = log.in_store(store);
        }
        let made = log.create(&self.log, now())?;
        let genesis = made.genesis.map(|leaf| leaf.to_base64());
        let layout = Layout::new(&self.log);
        if console.is_json() {
            let checkpoint = Head::new(&self.origin, &made.head);
            console.result(
                &Made {
                    schema_version: 1,
                    result: "done",
                    genesis,
                    checkpoint,
                },
                Exit::Done,
            );
        } else {
            console.note(format_args!(
                "made log `{}` in `{}`",
                self.origin,
                self.log.display()
            ));
            console.note(format_args!(
                "readers need `{}`",
                layout.trust_policy().display()
            ));
            match genesis {
                Some(pin) => {
                    console.line(format_args!("genesis {pin}"));
                    console.hint("to pin the genesis, readers add the lines `[genesis]` and this hash to their trust policy");
                }
                None => console.line("genesis none"),
            }
        }
        Ok(Exit::Done)
    }

    /// Reads the keys of the auditors.
    fn auditors(&self) -> Result<Vec<VerifierKey>, Failure> {
        AUDITORS.read(&self.auditors)
    }

    /// Reads the keys of the witnesses, of whom `quorum` must cosign.
    fn witnesses(&self, quorum: Option<usize>) -> Result<Vec<VerifierKey>, Failure> {
        let keys = WITNESSES.read(&self.witnesses)?;
        match quorum {
            Some(quorum) if quorum > keys.len() => Err(Failure::usage(format!(
                "`--quorum {quorum}` asks for more witnesses than the {} that `--witness` names",
                keys.len()
            ))),
            _ => Ok(keys),
        }
    }

    fn store(&self) -> Result<Option<StoreSettings>, Failure> {
        let Some(url) = &self.store else {
            return Ok(None);
        };
        let wrong = |problem: String| Failure::usage(format!("`--store`: {problem}"));
        let mut settings = StoreSettings::new(url).map_err(wrong)?;
        settings.endpoint.clone_from(&self.endpoint);
        settings.allow_http = self.allow_http;
        if let Some(region) = &self.region {
            settings.region.clone_from(region);
        }
        Ok(Some(settings))
    }
}

/// An option that names the keys of a role.
struct Cosigners {
    flag: &'static str,
    kind: &'static str,
    role: Role,
}

const AUDITORS: Cosigners = Cosigners {
    flag: "--auditor",
    kind: "auditor",
    role: Role::Auditor,
};

const WITNESSES: Cosigners = Cosigners {
    flag: "--witness",
    kind: "witness",
    role: Role::Witness,
};

impl Cosigners {
    fn read(&self, texts: &[String]) -> Result<Vec<VerifierKey>, Failure> {
        let Self { flag, kind, role } = self;
        let mut keys: Vec<VerifierKey> = Vec::new();
        for text in texts {
            let key = VerifierKey::parse(text.trim()).map_err(|error| {
                Failure::usage(format!("`{flag} {text}`: {error}")).hint(format!(
                    "the value is the line in a `.pub` file: `{flag} \"$(cat {kind}.key.pub)\"`"
                ))
            })?;
            let name = key.name().as_str();
            if !role.allows(key.signature_type()) {
                let mut others = [Role::Auditor, Role::Witness].into_iter();
                let is_of = |other: &Role| other.allows(key.signature_type());
                let other = others.find(is_of).unwrap_or(Role::Log);
                return Err(Failure::usage(format!(
                    "`{name}` has the key of {other}, and `{flag}` takes that of another role"
                ))
                .hint(format!("`glasslog keygen --kind {kind}` makes one")));
            }
            if keys.iter().any(|known| known.public() == key.public()) {
                return Err(Failure::usage(format!(
                    "`{flag}`: the key of `{name}` is given twice"
                )));
            }
            keys.push(key);
        }
        Ok(keys)
    }
}
