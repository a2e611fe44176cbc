//! `record`: makes, signs and submits one access event.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use glasslog_client::prove::{ProofError, prove};
use glasslog_client::source::Source;
use glasslog_client::submit::{Receipt, Refused, Wait};
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{
    AccessEvent, Action, Actor, ActorType, Context, Envelope, EventError, Outcome, Party, Reason,
    Subject, Transfer,
};
use glasslog_core::fetch::ProveError;
use glasslog_core::merkle::Hash;
use glasslog_core::note::TlogProof;
use glasslog_core::text::time;
use glasslog_core::text::wire::hex_decode;
use serde::Serialize;
use uuid::Uuid;

use crate::args::read_trust_policy;
use crate::clock::now;
use crate::destination::Destination;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known_signatures::keep_known;
use crate::origin::origin_of;
use crate::output::{Console, Watch, write_file};
use crate::{input, signer_spec, source, upkeep};

/// Longest time for which a cache may serve an older checkpoint than the server published.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes, signs and submits one event, and writes its proof.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog record --log my.log --signer ci.key --action read --artifact resnet50@2.1 --file model.bin
  glasslog record --log my.log --signer ci.key --action deploy --artifact resnet50@2.1 \\
      --digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \\
      --reason-code release --reason 'weekly release' --env prod")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long)]
    pub(crate) log: String,

    /// Key that signs: PATH or file:PATH
    #[arg(long, value_name = "SPEC")]
    pub(crate) signer: String,

    /// Action: register, read, write, execute, verify, transfer, receive, deploy, undeploy, delete, grant, revoke, hold, release or approve
    #[arg(long)]
    pub(crate) action: String,

    /// The artifact's name, with its version after the last `@`
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub(crate) artifact: String,

    /// File of the artifact, to be hashed
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "digest", conflicts_with = "digest")]
    pub(crate) file: Vec<PathBuf>,

    /// Digest of the artifact
    #[arg(long, value_name = "sha256:HEX", num_args = 1..)]
    pub(crate) digest: Vec<String>,

    /// Id of the actor [default: the actor named in the key file]
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,

    /// Kind of actor: human, workload, service or agent
    #[arg(long, value_name = "T", default_value = "workload")]
    pub(crate) actor_type: String,

    /// Reason, as a code
    #[arg(long, value_name = "C")]
    pub(crate) reason_code: Option<String>,

    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Environment, such as prod
    #[arg(long, value_name = "E")]
    pub(crate) env: Option<String>,

    /// Pipeline that acted
    #[arg(long, value_name = "P")]
    pub(crate) pipeline: Option<String>,

    /// Outcome: success, denied or failure
    #[arg(long, value_name = "OUTCOME", default_value = "success")]
    pub(crate) outcome: String,

    /// Custodian that gives, in a transfer or its receipt
    #[arg(long, value_name = "CUSTODIAN", requires = "to")]
    pub(crate) from: Option<String>,

    /// Custodian that takes, in a transfer or its receipt
    #[arg(long, value_name = "CUSTODIAN", requires = "from")]
    pub(crate) to: Option<String>,

    /// Leaf hash of the event that this one answers, in a release, revocation or receipt
    #[arg(long, value_name = "BASE64")]
    pub(crate) acts_on: Option<String>,

    /// Admin who signs too, to bind a name that was freed; more than one with a threshold
    #[arg(long, value_name = "SPEC")]
    pub(crate) admin: Vec<String>,

    /// State that a registration is the first of its name [default: found out from the log]
    #[arg(long)]
    pub(crate) new_name: bool,

    /// Trust policy that must accept the log's checkpoint before the event is signed
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// File of the proof [default: INDEX.tlog-proof]
    #[arg(short, long, value_name = "PROOF", conflicts_with = "no_wait")]
    pub(crate) output: Option<PathBuf>,

    /// Return when the event is durable, without a proof
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Print the signed envelope and submit nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    schema_version: u32,
    result: &'static str,
    index: u64,
    leaf_hash: String,
    /// Absent with `--no-wait`.
    proof: Option<String>,
}

impl Args {
    /// # Errors
    /// The arguments do not make an event, the log refuses it, or its proof cannot be made.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let signer = signer_spec::read(&self.signer)?;
        let actor = self.actor.clone().or(signer.actor).ok_or_else(|| {
            Failure::usage("`--actor` is required: the key file does not name its actor")
        })?;
        let mut keys = vec![signer.key];
        for admin in &self.admin {
            keys.push(signer_spec::read(admin)?.key);
        }
        let subjects = self.subjects(console)?;
        let origin = origin_of(&self.log, self.policy.as_deref(), console)?;
        let mut event = self.event(origin, actor)?;
        let entry = sign(&event, &subjects, &keys)?;
        if self.dry_run {
            console.line(String::from_utf8_lossy(&entry));
            return Ok(Exit::Done);
        }
        let wait = if self.no_wait {
            Wait::Durable
        } else {
            Wait::Published
        };
        // The lock on a directory is held until the proof is made.
        let mut destination = Destination::open(&self.log)?;
        let receipt = match destination.offer(entry, wait)? {
            // The log knows which registration is the first of a name.
            Err(refused) if is_about_new_name(&refused) && !self.new_name => {
                event.new_name = !event.new_name;
                destination.add(sign(&event, &subjects, &keys)?, wait)?
            }
            answer => answer?,
        };
        let proof = match wait {
            Wait::Durable => None,
            Wait::Published => Some(self.write_proof(&receipt, console)?),
        };
        self.tell(&receipt, proof, console);
        upkeep::extend_index(&self.log, destination, console);
        Ok(Exit::Done)
    }

    fn tell(&self, receipt: &Receipt, proof: Option<PathBuf>, console: &Console) {
        let proof = proof.map(|path| path.display().to_string());
        if console.is_json() {
            console.json(&Recorded {
                schema_version: 1,
                result: "done",
                index: receipt.index,
                leaf_hash: receipt.leaf_hash.to_base64(),
                proof,
            });
            return;
        }
        match proof {
            Some(proof) => console.line(format_args!(
                "recorded entry {}, proof in {proof}",
                receipt.index
            )),
            None => console.line(format_args!(
                "recorded entry {}, not published yet",
                receipt.index
            )),
        }
    }

    /// Returns a subject for each digest, all under the artifact's name.
    fn subjects(&self, console: &Console) -> Result<Vec<Subject>, Failure> {
        let given = self.digest.iter().map(|text| parse_digest(text));
        let hashed = self
            .file
            .iter()
            .map(|path| parse_digest(&input::digest(path, console)?));
        let digests: Vec<Hash> = given.chain(hashed).collect::<Result<_, _>>()?;
        Ok(digests
            .iter()
            .map(|digest| Subject::new(&self.artifact, digest))
            .collect())
    }

    fn event(&self, origin: String, actor: String) -> Result<AccessEvent, Failure> {
        let unknown = |flag: &str, value: &str, words: Vec<&str>| {
            Failure::usage(format!(
                "`{flag} {value}`: expected one of {}",
                words.join(", ")
            ))
        };
        let words = || Action::ALL.iter().map(|word| word.as_str()).collect();
        let action = Action::parse(&self.action)
            .ok_or_else(|| unknown("--action", &self.action, words()))?;
        let words = || Outcome::ALL.iter().map(|word| word.as_str()).collect();
        let outcome = Outcome::parse(&self.outcome)
            .ok_or_else(|| unknown("--outcome", &self.outcome, words()))?;
        let words = || ActorType::ALL.iter().map(|word| word.as_str()).collect();
        let kind = ActorType::parse(&self.actor_type)
            .ok_or_else(|| unknown("--actor-type", &self.actor_type, words()))?;
        let acts_on = self.acts_on.as_deref().map(|text| {
            Hash::parse_base64(text)
                .ok_or_else(|| Failure::usage("`--acts-on`: expected a leaf hash in base64"))
        });
        let party = |custodian: &String| Party {
            custodian: custodian.clone(),
            location: None,
        };
        Ok(AccessEvent {
            log: origin,
            event_id: Uuid::now_v7().to_string(),
            action,
            outcome,
            occurred_at: time::format(now()),
            actor: Actor {
                id: actor,
                kind,
                roles: Vec::new(),
                on_behalf_of: None,
            },
            context: Context {
                environment: self.env.clone(),
                region: None,
                pipeline: self.pipeline.as_deref().map(Context::pipeline_named),
            },
            reason: self.reason(),
            transfer: self
                .from
                .as_ref()
                .zip(self.to.as_ref())
                .map(|(from, to)| Transfer {
                    from: party(from),
                    to: party(to),
                }),
            policy: None,
            references: Vec::new(),
            exception: None,
            acts_on: acts_on.transpose()?,
            new_name: self.new_name,
        })
    }

    /// Returns the reason; words alone get the code `unspecified`.
    fn reason(&self) -> Option<Reason> {
        if self.reason_code.is_none() && self.reason.is_none() {
            return None;
        }
        Some(Reason {
            code: self
                .reason_code
                .clone()
                .unwrap_or_else(|| "unspecified".into()),
            text: self.reason.clone(),
            ticket: None,
        })
    }

    /// Makes the proof from the published files, checks it against the entry, and writes it.
    fn write_proof(&self, receipt: &Receipt, console: &Console) -> Result<PathBuf, Failure> {
        let source = source::open(&self.log, false)?;
        let proof = wait_for_proof(&*source, receipt.index, console)?;
        let head = proof.checkpoint().head();
        proof
            .proof()
            .verify(&receipt.leaf_hash, receipt.index, &head)
            .map_err(|error| {
                Failure::new(
                    Exit::False,
                    error.code(),
                    format!(
                        "the log has another entry at index {}: {error}",
                        receipt.index
                    ),
                )
            })?;
        let policy = self.policy.as_deref().map(read_trust_policy).transpose()?;
        let proof = keep_known(proof, &self.log, policy.as_ref(), console)?;
        let path = self
            .output
            .clone()
            .unwrap_or_else(|| format!("{}.tlog-proof", receipt.index).into());
        write_file(&path, &proof.encode())?;
        Ok(path)
    }
}

/// Makes the proof as soon as a checkpoint that covers the entry is published.
fn wait_for_proof(
    source: &dyn Source,
    index: u64,
    console: &Console,
) -> Result<TlogProof, ProofError> {
    let started = Instant::now();
    loop {
        match prove(source, &Watch::reading(console), index) {
            Err(ProofError::Prove(ProveError::NoSuchEntry { .. }))
                if started.elapsed() < PATIENCE =>
            {
                thread::sleep(Duration::from_secs(1));
            }
            outcome => return outcome,
        }
    }
}

/// Encodes and signs the event.
fn sign(event: &AccessEvent, subjects: &[Subject], keys: &[SecretKey]) -> Result<Vec<u8>, Failure> {
    let payload = event
        .to_payload(subjects)
        .map_err(|error| malformed(&error))?;
    let keys: Vec<&SecretKey> = keys.iter().collect();
    let envelope =
        Envelope::sign(payload, &keys).map_err(|error| malformed(&EventError::Envelope(error)))?;
    Ok(envelope.encode())
}

/// Tells whether the log refused a registration only because of its member `newName`.
fn is_about_new_name(refused: &Refused) -> bool {
    matches!(
        refused.code.as_str(),
        "register-new-name-missing" | "register-new-name-false"
    )
}

fn parse_digest(text: &str) -> Result<Hash, Failure> {
    text.strip_prefix("sha256:")
        .and_then(hex_decode)
        .and_then(|bytes| bytes.try_into().ok())
        .map(Hash::from_bytes)
        .ok_or_else(|| {
            Failure::usage(format!(
                "`{text}` is not a digest: expected `sha256:` and 64 digits of lower-case hex"
            ))
        })
}

/// Describes arguments that do not make a valid event.
fn malformed(error: &EventError) -> Failure {
    let failure = Failure::new(Exit::Malformed, error.code(), error.to_string());
    match error.code() {
        "access-reason-missing" => failure.hint("give `--reason-code` and `--reason`"),
        "access-transfer-missing" => failure.hint("give `--from` and `--to`"),
        "access-acts-on-missing" => {
            failure.hint("give `--acts-on` with the leaf hash of that event")
        }
        _ => failure,
    }
}
