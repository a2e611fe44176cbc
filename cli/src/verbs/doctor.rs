//! `doctor`: looks for common problems around a log.

use std::fs;
use std::path::{Path, PathBuf};

use glasslog_client::io_reason;
use glasslog_client::rotation::FOLLOW;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::report::Outcome;
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::time;
use glasslog_core::trust::{LogVerdict, Policy, TrustPolicy, UnsupportedWitness, WitnessOutcome};
use glasslog_log::writer::check_private;
use serde::Serialize;

use crate::args::{given, parse_time};
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, mark};
use crate::policy_hint::policy_beside;
use crate::{input, source};

mod cosigning;
mod directory;
mod witness;

/// A clock before this time (2026-07-01) is wrong, because the program was written later.
const EARLIEST: u64 = 1_782_864_000;

/// Checks keys' permissions, the clock, the trust file and reachability.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits 1 if something is wrong. It judges the surroundings of a log, never what the log says.

Examples:
  glasslog doctor --log my.log
  glasslog doctor --log https://log.example.com/ --policy trust.policy --key ci.key")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: Option<String>,

    /// Trust policy to check [default: LOG/trust.policy]
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    policy: Option<PathBuf>,

    /// Secret keys to check beside those of the log
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,

    /// State of a witness to check; several are compared, since copies of one could cosign two versions of a log
    #[arg(long, value_name = "DB")]
    witness_state: Vec<PathBuf>,

    /// Open no sockets
    #[arg(long)]
    offline: bool,

    /// Use this time (RFC 3339, UTC) instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<u64>,
}

/// The outcome of one check.
#[derive(Debug, Serialize)]
struct Finding {
    code: &'static str,
    outcome: Outcome,
    detail: String,
    hint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Findings<'a> {
    schema_version: u32,
    result: &'static str,
    checks: &'a [Finding],
}

impl Finding {
    fn new(code: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            code,
            outcome,
            detail: detail.into(),
            hint: None,
        }
    }

    fn pass(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(code, Outcome::Pass, detail)
    }

    fn fail(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..Self::new(code, Outcome::Fail, detail)
        }
    }
}

impl Args {
    /// # Errors
    /// The address is malformed, or given with `--offline`. A problem around a log is a finding, not an error.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let now = self.now.unwrap_or_else(now);
        let mut findings = vec![check_clock(now)];
        if let Some(log) = &self.log {
            findings.extend(directory::check(Path::new(log), self.offline));
            findings.extend(check_keys(Path::new(log)));
        }
        findings.extend(self.key.iter().map(|path| check_key(path)));
        findings.extend(witness::check(&self.witness_state));
        let beside = self.log.as_deref().and_then(policy_beside);
        let policy = self.policy.as_ref().or(beside.as_ref());
        let policy = policy.and_then(|path| check_policy(path, &mut findings));
        if let Some(log) = &self.log {
            match self.read_checkpoint(log)? {
                Ok(bytes) => check_checkpoint(&bytes, policy.as_ref(), now, &mut findings),
                Err(finding) => findings.push(finding),
            }
        }
        let wrong = findings
            .iter()
            .any(|finding| finding.outcome == Outcome::Fail);
        let exit = if wrong { Exit::Unfinished } else { Exit::Done };
        show(console, &findings, exit);
        Ok(exit)
    }

    /// Reads the log's checkpoint; the inner error is the finding that it cannot be read.
    fn read_checkpoint(&self, log: &str) -> Result<Result<Vec<u8>, Finding>, Failure> {
        const HINT: &str =
            "`--log` takes a log directory, its public tree, or the address of such a tree";
        let read = source::open(log, self.offline).and_then(|source| {
            let bytes = source.read(CHECKPOINT_PATH)?;
            bytes.ok_or_else(|| source::missing(&*source, CHECKPOINT_PATH))
        });
        match read {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(failure) if failure.exit == Exit::Usage => Err(failure),
            Err(failure) => Ok(Err(Finding::fail(
                "reachable",
                failure.message,
                failure.hint.unwrap_or_else(|| HINT.into()),
            ))),
        }
    }
}

fn check_clock(now: u64) -> Finding {
    let shown = time::format(now);
    if now < EARLIEST {
        Finding::fail(
            "clock",
            format!("the clock reads {shown}, before this program was written"),
            "set the clock; freshness is judged by it",
        )
    } else {
        Finding::pass("clock", format!("the clock reads {shown}"))
    }
}

/// Checks the files in `LOG/keys`, if there are any, except public halves, which anyone may read.
fn check_keys(log: &Path) -> Vec<Finding> {
    let Ok(entries) = fs::read_dir(log.join("keys")) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        path.is_file() && path.extension().is_none_or(|extension| extension != "pub")
    });
    paths.sort();
    paths.iter().map(|path| check_key(path)).collect()
}

/// Checks one secret key by the rule of the verbs that read it.
fn check_key(path: &Path) -> Finding {
    const CODE: &str = "key-permissions";
    let shown = path.display();
    if let Err(error) = fs::metadata(path) {
        let detail = format!("`{shown}`: {}", io_reason(&error));
        return Finding::fail(CODE, detail, "check the path, and who owns its directory");
    }
    match check_private(path) {
        Ok(()) => Finding::pass(CODE, format!("only its owner can read `{shown}`")),
        Err(error) => Finding::fail(CODE, error.to_string(), error.hint().unwrap_or_default()),
    }
}

fn check_policy(path: &Path, findings: &mut Vec<Finding>) -> Option<TrustPolicy> {
    let shown = path.display();
    let bytes = match input::read(path, input::MAX_POLICY) {
        Ok(bytes) => bytes,
        Err(failure) => {
            let hint = "ask the log's operator for its trust policy";
            findings.push(Finding::fail("policy", failure.message, hint));
            return None;
        }
    };
    match TrustPolicy::parse(&bytes) {
        Ok(policy) => {
            findings.push(Finding::pass("policy", format!("`{shown}` is well formed")));
            let sections = [Some(policy.log()), policy.index(), policy.audit()];
            let unsupported = sections.into_iter().flatten().flat_map(Policy::unsupported);
            findings.extend(unsupported.map(unsupported_witness));
            let logs = policy.log().logs().iter();
            let mut origins = logs.map(|log| log.key.name().as_str());
            findings.push(
                match origins.all(|origin| policy.genesis(origin).is_some()) {
                    true => Finding::pass("pin", "the policy pins the genesis"),
                    false => Finding::new(
                        "pin",
                        Outcome::Unknown,
                        "the policy does not pin the genesis: admins are those that the log names",
                    ),
                },
            );
            Some(policy)
        }
        Err(error) => {
            let words = format!("`{shown}`: {error}");
            let hint = "the format is in docs/formats/trust-policy.md";
            findings.push(Finding::fail("policy", words, hint));
            None
        }
    }
}

/// Says that a witness of the policy counts towards no quorum.
fn unsupported_witness(witness: &UnsupportedWitness) -> Finding {
    let detail = format!(
        "witness `{}` has a key of type {}, which this version cannot verify with: it counts towards no quorum",
        witness.name,
        witness.key.type_name()
    );
    Finding {
        hint: Some("a newer version may know the type".to_owned()),
        ..Finding::new("witness-key", Outcome::Unknown, detail)
    }
}

fn check_checkpoint(
    bytes: &[u8],
    policy: Option<&TrustPolicy>,
    now: u64,
    findings: &mut Vec<Finding>,
) {
    findings.push(Finding::pass(
        "reachable",
        "the log's checkpoint can be read",
    ));
    let checkpoint = match Checkpoint::parse(bytes) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            return findings.push(Finding::fail(
                "checkpoint",
                error.to_string(),
                "is this the address of a log's public tree?",
            ));
        }
    };
    let origin = checkpoint.origin().as_str();
    let Some(policy) = policy else { return };
    let (verdict, _) = policy.verify_log(&checkpoint, now);
    findings.push(match verdict.log {
        LogVerdict::Signed(_) => Finding::pass(
            "trusted",
            format!("the policy knows the log `{origin}` and its key"),
        ),
        LogVerdict::UnknownOrigin => Finding::fail(
            "trusted",
            format!("the policy names no log `{origin}`"),
            "is it the policy of another log?",
        ),
        LogVerdict::UnknownKey => Finding::fail(
            "trusted",
            format!("no key that the policy has for `{origin}` signed the checkpoint"),
            FOLLOW,
        ),
        LogVerdict::Invalid(_, reason) => Finding::fail(
            "trusted",
            format!("a key of `{origin}` signed the checkpoint, but {reason}"),
            "ask the operator for a newer trust policy",
        ),
        LogVerdict::OtherLast => Finding::fail(
            "trusted",
            format!(
                "`{origin}` signed another tree than that with which it ended, as the policy says"
            ),
            "keep both checkpoints: they are evidence against the log",
        ),
        LogVerdict::BadSignature => Finding::fail(
            "trusted",
            format!("the signature by the key of `{origin}` is wrong"),
            "the checkpoint was altered or damaged",
        ),
    });
    for witness in &verdict.witnesses {
        if let WitnessOutcome::Future { time } = witness.outcome {
            let detail = format!(
                "witness `{}` cosigned at {}, after what the clock reads",
                witness.name,
                time::format(time)
            );
            findings.push(Finding::fail(
                "clock",
                detail,
                "set the clock, or ask the witness",
            ));
        }
    }
}

fn show(console: &Console, findings: &[Finding], exit: Exit) {
    let wrong = findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Fail)
        .count();
    if console.is_json() {
        let result = if wrong == 0 { "done" } else { "failed" };
        return console.result(
            &Findings {
                schema_version: 1,
                result,
                checks: findings,
            },
            exit,
        );
    }
    for finding in findings {
        console.line(format_args!(
            "{} {:<15}  {}",
            mark(finding.outcome),
            finding.code,
            display_safe(&finding.detail)
        ));
        if let Some(hint) = &finding.hint {
            console.hint(display_safe(hint));
        }
    }
    console.line(match wrong {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        _ => format!("{wrong} things are wrong"),
    });
}
