//! `record`: makes, signs and submits one access event.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use glasslog_client::prove::{ProofError, prove};
use glasslog_client::source::Source;
use glasslog_client::submit::{Receipt, Refused, Wait};
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{
    AccessEvent, Action, Actor, ActorType, Context, Envelope, EventError, FileList, Outcome,
    Reason, Spki, Subject, Transfer,
};
use glasslog_core::fetch::ProveError;
use glasslog_core::merkle::Hash;
use glasslog_core::note::TlogProof;
use glasslog_core::text::limits::MAX_SUBJECTS;
use glasslog_core::trust::TrustPolicy;
use serde::Serialize;

use crate::args::{EventFields, given, parse_digest, parse_time, read_trust_policy, recorded_name};
use crate::clock::now;
use crate::contents::ContentArgs;
use crate::destination::Destination;
use crate::event_id::identity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kept_entry::offer_kept;
use crate::known_signatures::keep_known;
use crate::listing::list_files;
use crate::origin::{origin_of, origin_unasked};
use crate::output::{Console, Output, Watch, visible};
use crate::proof_files::{ProofFiles, Written};
use crate::remarks::{self, Known, Remark};
use crate::signer_spec::agreed_actor;
use crate::submitted::{State, Submitted};
use crate::{acts_on, member_flags, signer_spec, source, upkeep};

/// Longest time for which a cache may serve an older checkpoint than the server published.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes, signs and submits one event, and writes its proof.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog record --log my.log --signer ci.key --action read --artifact resnet50@2.1 --file model.bin
  glasslog record --log my.log --signer ci.key --action register --artifact resnet50@2.1 --file resnet50/ \\
      --reason-code release --reason 'release 2.1'
  glasslog record --log my.log --signer ci.key --action deploy --artifact resnet50@2.1 \\
      --digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \\
      --reason-code release --reason 'weekly release' --env prod")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    pub(crate) log: String,

    /// Key that signs: PATH or file:PATH
    #[arg(
        long,
        value_name = "SPEC",
        env = given::SIGNER,
        hide_env_values = true,
        value_parser = given::signer()
    )]
    pub(crate) signer: String,

    /// Action: register, read, write, execute, verify, transfer, receive, deploy, undeploy, delete, grant, revoke, hold, release or approve
    #[arg(long)]
    pub(crate) action: String,

    /// The artifact's name, with its version after the last `@`
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub(crate) artifact: String,

    /// File of the artifact, or its folder, to be hashed
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "digest", conflicts_with = "digest")]
    pub(crate) file: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) contents: ContentArgs,

    /// File for the list of a folder's files, which an entry holds only in part if they are many
    #[arg(long, value_name = "FILE")]
    pub(crate) file_list: Option<PathBuf>,

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

    /// Event that this one answers, in a release, revocation or receipt: its leaf hash in base64, or its index in the log
    #[arg(long, value_name = "EVENT")]
    pub(crate) acts_on: Option<String>,

    /// Admin who signs too, to bind a name that was freed, or to hold or release an artifact of another actor; more than one with a threshold
    #[arg(long, value_name = "SPEC")]
    pub(crate) admin: Vec<String>,

    /// State that a registration is the first of its name [default: found out from the log]
    #[arg(long)]
    pub(crate) new_name: bool,

    #[command(flatten)]
    pub(crate) fields: EventFields,

    /// Trust policy that must accept the log, as in `glasslog history`, before the event is signed
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    pub(crate) policy: Option<PathBuf>,

    /// File of the proof; `-` is standard output [default: ORIGIN-INDEX.tlog-proof, or with a number more]
    #[arg(short, long, value_name = "PROOF", conflicts_with_all = ["no_wait", "dry_run"])]
    pub(crate) output: Option<PathBuf>,

    /// File of the entry, which `verify proof` needs [default: beside the proof, ending in .entry]; with `--dry-run`, of the
    /// event's exact bytes, as `POST /add` takes them
    #[arg(long, value_name = "FILE")]
    pub(crate) entry: Option<PathBuf>,

    /// Id of the event, a UUID: the same command with the same id answers with the same index [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub(crate) event_id: Option<String>,

    /// Time of the event (RFC 3339) [default: the time in the id]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) occurred_at: Option<u64>,

    /// Return when the event is durable, without a proof
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Print the signed envelope and submit nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Submits the bytes of an event.
type Offer<'a> = dyn FnMut(&[u8]) -> Result<Result<Receipt, Refused>, Failure> + 'a;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    schema_version: u32,
    result: &'static str,
    index: u64,
    leaf_hash: String,
    event_id: String,
    /// `null` with `--no-wait`.
    proof: Option<String>,
    /// `null` if it was not written.
    entry: Option<String>,
    remarks: Vec<Remark>,
}

impl Args {
    /// # Errors
    /// The arguments do not make an event, the log refuses it, or its proof cannot be made.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let signer = signer_spec::read(&self.signer)?;
        let actor = agreed_actor(self.actor.clone(), signer.actor, &self.signer)?;
        let mut keys = vec![signer.key];
        for admin in &self.admin {
            keys.push(signer_spec::read(admin)?.key);
        }
        let policy = self.policy.as_deref().map(read_trust_policy).transpose()?;
        let list = self.file_list.as_deref();
        let list = list.map(|path| Output::open(path, console)).transpose()?;
        let folder = self.folder(console)?;
        let subjects = self.subjects(recorded_name(&self.artifact)?, folder.as_ref(), console)?;
        let origin = self.origin(policy.as_ref(), console)?;
        let mut event = self.event(origin, actor, console)?;
        if let Some(folder) = &folder {
            if event.action == Action::Register {
                let fits = |event: &AccessEvent| fits(event, &subjects, &keys);
                list_files(&mut event, folder, list.is_some(), fits)?;
            }
            if let Some(list) = list {
                list.write(folder.encode().as_bytes())?;
            }
        }
        let mut remarks = remarks::of_event(&event, now());
        remarks.iter().for_each(|remark| warn(remark, console));
        if self.dry_run {
            let place = self.entry.as_deref();
            let place = place.map(|path| Output::open(path, console)).transpose()?;
            let entry = sign(&event, &subjects, &keys)?;
            match place {
                Some(place) => place.write(&entry)?,
                None => console.line(String::from_utf8_lossy(&entry)),
            }
            return Ok(Exit::Done);
        }
        let (output, entry) = (self.output.as_deref(), self.entry.as_deref());
        let (wait, files) = match self.no_wait {
            true => (Wait::Durable, ProofFiles::open_entry(entry, console)?),
            false => (Wait::Published, ProofFiles::open(output, entry, console)?),
        };
        files.check_entry_place(None)?;
        let known = self.known();
        let mut found = self.remarks_about_admins(&keys);
        let by_admins = self.admin.len() > found.len();
        if let Some(known) = &known {
            found.extend(known.remarks(&event, &subjects, folder.as_ref(), by_admins));
        }
        found.iter().for_each(|remark| warn(remark, console));
        remarks.extend(found);
        // An event that may be in the log already is found by the bytes that it has there; see `send`.
        event.new_name |= self.event_id.is_some() && registers(&event);
        // The lock on a directory is held until the proof is made.
        let mut destination = Destination::open(&self.log)?;
        let folder = files.folder();
        let mut offer = |entry: &[u8]| offer_kept(&mut destination, entry, wait, &folder, console);
        let (receipt, entry) = match self.send(&mut offer, &mut event, &subjects, &keys) {
            Ok(sent) => sent,
            Err(failure) => return Err(failure.keeping(&self.log, files.into_entry())),
        };
        let told = match wait {
            Wait::Durable => files.write_entry(&entry),
            Wait::Published => {
                let proof = self.proof(&receipt, policy.as_ref(), console);
                proof.and_then(|proof| {
                    files.write(&event.log, receipt.index, &proof.encode(), &entry)
                })
            }
        };
        let reused = known.and_then(|known| known.reused(&event.event_id, receipt.index));
        reused.iter().for_each(|remark| warn(remark, console));
        remarks.extend(reused);
        let told = told.and_then(|written| {
            self.tell(&receipt, &event.event_id, written, remarks, console);
            console.written()
        });
        told.map_err(|failure| self.then(failure, wait, &receipt, &entry))?;
        upkeep::extend_index(&self.log, destination, console);
        Ok(Exit::Done)
    }

    /// Returns the remarks about the keys of `--admin`, which follow that of the actor.
    fn remarks_about_admins(&self, keys: &[SecretKey]) -> Vec<Remark> {
        let keyids = keys
            .iter()
            .skip(1)
            .map(|key| Spki::new(key.public()).key_id());
        let admins = self.admin.iter().zip(keyids);
        remarks::of_admins(&self.log, self.policy.as_deref(), admins)
    }

    /// Returns what the log knows of the artifact. Another event with the same id may be a routine one.
    fn known(&self) -> Option<Known> {
        let has_routine = self.event_id.is_some();
        Known::of(
            &self.log,
            self.policy.as_deref(),
            &self.artifact,
            has_routine,
        )
    }

    /// Signs and submits the event; returns its position and its bytes. The log knows which registration is the first of a
    /// name, and refuses a registration that states it wrongly: that one is signed again.
    fn send(
        &self,
        offer: &mut Offer<'_>,
        event: &mut AccessEvent,
        subjects: &[Subject],
        keys: &[SecretKey],
    ) -> Result<(Receipt, Vec<u8>), Failure> {
        let entry = sign(event, subjects, keys)?;
        match offer(&entry)? {
            Err(refused) if is_about_new_name(&refused) && !self.new_name => {
                event.new_name = !event.new_name;
                let entry = sign(event, subjects, keys)?;
                Ok((offer(&entry)??, entry))
            }
            answer => Ok((answer?, entry)),
        }
    }

    /// Describes a failure that came after the log had answered.
    fn then(&self, failure: Failure, wait: Wait, receipt: &Receipt, entry: &[u8]) -> Failure {
        match wait {
            Wait::Durable => failure
                .after(Submitted::entry(State::Durable, receipt, entry))
                .keeping(&self.log, None),
            Wait::Published => {
                let failure = failure.after(Submitted::entry(State::InLog, receipt, entry));
                match failure.hint {
                    Some(_) => failure,
                    None => failure.hint(format!(
                        "`glasslog prove --log {} --index {} -o FILE` writes its proof",
                        self.log, receipt.index
                    )),
                }
            }
        }
    }

    fn tell(
        &self,
        receipt: &Receipt,
        event_id: &str,
        written: Written,
        remarks: Vec<Remark>,
        console: &Console,
    ) {
        if console.is_json() {
            console.result(
                &Recorded {
                    schema_version: 1,
                    result: "done",
                    index: receipt.index,
                    leaf_hash: receipt.leaf_hash.to_base64(),
                    event_id: event_id.to_owned(),
                    proof: written.proof,
                    entry: written.entry,
                    remarks,
                },
                Exit::Done,
            );
            return;
        }
        match written.proof.as_deref() {
            Some("-") => console.line(format_args!(
                "recorded entry {}, proof on standard output",
                receipt.index
            )),
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

    /// Returns the files of the folder, if the artifact is one.
    fn folder(&self, console: &Console) -> Result<Option<FileList>, Failure> {
        match self.file.as_slice() {
            [path] if path.is_dir() => self.contents.folder(path, console).map(Some),
            _ if self.file_list.is_some() => Err(Failure::usage(
                "`--file-list` is the list of a folder's files, but no folder is given",
            )),
            paths => match paths.iter().find(|path| path.is_dir()) {
                None => Ok(None),
                Some(path) => Err(Failure::usage(format!(
                    "`{}` is a folder, which is recorded alone",
                    path.display()
                ))
                .hint("name the folder that holds all files, or its files one by one")),
            },
        }
    }

    /// Returns a subject for each digest, all under the artifact's name.
    fn subjects(
        &self,
        name: &str,
        folder: Option<&FileList>,
        console: &Console,
    ) -> Result<Vec<Subject>, Failure> {
        let given = self.digest.iter().map(|text| parse_digest(text));
        let hashed = self.file.iter().map(|path| match folder {
            Some(folder) => Ok(folder.root()),
            None => self.contents.file(path, console),
        });
        self.check_count()?;
        let digests: Vec<Hash> = given.chain(hashed).collect::<Result<_, _>>()?;
        Ok(digests
            .iter()
            .map(|digest| Subject::new(name, digest))
            .collect())
    }

    /// Checks the number of subjects, in the words of the command line.
    fn check_count(&self) -> Result<(), Failure> {
        let (flag, count) = match self.file.len() {
            0 => ("--digest", self.digest.len()),
            files => ("--file", files),
        };
        if count <= MAX_SUBJECTS {
            return Ok(());
        }
        let message = format!(
            "`{flag}` is given {count} times, and an event can have {MAX_SUBJECTS} subjects"
        );
        Err(Failure::new(Exit::Malformed, "too-many-subjects", message)
            .hint("record a folder as one artifact with `--file DIR`, or make several events"))
    }

    /// Returns the origin of the log that the event is signed for. A dry run asks no server if the policy names one log.
    fn origin(&self, policy: Option<&TrustPolicy>, console: &Console) -> Result<String, Failure> {
        let unasked = match self.dry_run {
            true => origin_unasked(&self.log, policy)?,
            false => None,
        };
        if let Some(origin) = unasked {
            return Ok(origin);
        }
        origin_of(&self.log, policy, console).map_err(|failure| match self.dry_run {
            true if policy.is_none() && failure.exit == Exit::Unfinished => failure.hint(
                "with `--policy FILE`, a dry run takes the log's origin from there and asks no server",
            ),
            _ => failure,
        })
    }

    fn event(
        &self,
        origin: String,
        actor: String,
        console: &Console,
    ) -> Result<AccessEvent, Failure> {
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
        let acts_on = self.acts_on.as_deref();
        let acts_on =
            acts_on.map(|text| acts_on::resolve(text, &self.log, self.policy.as_deref(), console));
        let fields = &self.fields;
        let identity = identity(self.event_id.as_deref(), self.occurred_at)?;
        Ok(AccessEvent {
            log: origin,
            event_id: identity.event_id,
            action,
            outcome,
            occurred_at: identity.occurred_at,
            actor: Actor {
                id: actor,
                kind,
                roles: fields.role.clone(),
                on_behalf_of: fields.on_behalf_of.clone(),
            },
            context: Context {
                environment: self.env.clone(),
                region: fields.region.clone(),
                pipeline: self.pipeline.as_deref().map(Context::pipeline_named),
            },
            reason: self.reason(),
            transfer: self
                .from
                .as_ref()
                .zip(self.to.as_ref())
                .map(|(from, to)| Transfer {
                    from: fields.from(from),
                    to: fields.to(to),
                }),
            policy: fields.decision()?,
            references: fields.references()?,
            exception: fields.exception(),
            acts_on: acts_on.transpose()?,
            new_name: self.new_name,
            files: Vec::new(),
            file_list: None,
        })
    }

    /// Returns the reason; words or a ticket alone get the code `unspecified`.
    fn reason(&self) -> Option<Reason> {
        let ticket = self.fields.ticket.clone();
        if self.reason_code.is_none() && self.reason.is_none() && ticket.is_none() {
            return None;
        }
        Some(Reason {
            code: self
                .reason_code
                .clone()
                .unwrap_or_else(|| "unspecified".into()),
            text: self.reason.clone(),
            ticket,
        })
    }

    /// Makes the proof from the published files, and checks it against the entry.
    fn proof(
        &self,
        receipt: &Receipt,
        policy: Option<&TrustPolicy>,
        console: &Console,
    ) -> Result<TlogProof, Failure> {
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
                    format!("the log shows another entry at this index: {error}"),
                )
            })?;
        keep_known(proof, &self.log, policy, console)
    }
}

fn warn(remark: &Remark, console: &Console) {
    console.warn(visible(&remark.message));
}

/// Makes the proof as soon as a checkpoint that covers the entry is published.
fn wait_for_proof(
    source: &dyn Source,
    index: u64,
    console: &Console,
) -> Result<TlogProof, Failure> {
    let started = Instant::now();
    loop {
        match prove(source, &Watch::reading(console), index) {
            Err(ProofError::Prove(ProveError::NoSuchEntry { .. })) => {
                if started.elapsed() >= PATIENCE {
                    return Err(Failure::unfinished(
                        "checkpoint-older",
                        format!(
                            "`checkpoint` was served without it for {} s, perhaps from a cache",
                            PATIENCE.as_secs()
                        ),
                    ));
                }
                thread::sleep(Duration::from_secs(1));
            }
            outcome => return Ok(outcome?),
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

/// Tells whether an event is a registration, which alone can state that a name is new.
fn registers(event: &AccessEvent) -> bool {
    event.action == Action::Register && event.is_success()
}

/// Tells whether the event makes an entry, also with the member `newName`, which the log may ask for.
fn fits(event: &AccessEvent, subjects: &[Subject], keys: &[SecretKey]) -> Result<bool, Failure> {
    let event = AccessEvent {
        new_name: true,
        ..event.clone()
    };
    match sign(&event, subjects, keys) {
        Ok(_) => Ok(true),
        Err(failure) if failure.code == "envelope-too-large" => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Tells whether the log refused a registration only because of its member `newName`.
fn is_about_new_name(refused: &Refused) -> bool {
    matches!(
        refused.code.as_str(),
        "register-new-name-missing" | "register-new-name-false"
    )
}

/// Describes arguments that do not make a valid event.
fn malformed(error: &EventError) -> Failure {
    let failure = Failure::new(
        Exit::Malformed,
        error.code(),
        member_flags::of_access(error),
    );
    match error.code() {
        "access-reason-missing" => failure
            .hint("give `--reason TEXT`; its code, `--reason-code`, is `unspecified` by default"),
        "access-transfer-missing" => failure.hint("give `--from` and `--to`"),
        "access-acts-on-missing" => {
            failure.hint("give `--acts-on` with the index or leaf hash of that event, as `glasslog history ARTIFACT` shows them")
        }
        _ => failure,
    }
}
