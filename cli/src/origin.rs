//! The origin of the log that an event is signed for, from the log's configuration, its checkpoint or a trust policy.

use glasslog_client::prove::prove;
use glasslog_client::rotation::FOLLOW;
use glasslog_client::source::{Source, is_address};
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::trust::{LogVerdict, TrustPolicy};
use glasslog_log::directory::Disk;
use glasslog_log::{Config, Layout};

use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Watch};
use crate::source;

/// Returns a log's origin. A server could name the origin of another log, for which the signature would then be valid; a
/// policy prevents that.
///
/// # Errors
/// The directory is not a log, or the policy does not accept the log: its checkpoint is missing, or not signed, cosigned
/// and begun as `history` requires.
pub(crate) fn origin_of(
    log: &str,
    policy: Option<&TrustPolicy>,
    console: &Console,
) -> Result<String, Failure> {
    let Some(policy) = policy else {
        return stated_origin(log, console);
    };
    let source = source::open(log, false)?;
    let origin = trusted_origin(&*source, policy, console)?;
    if !is_address(log)? {
        let config = Config::read(&Disk::new(), &Layout::new(log))?;
        if config.origin != origin {
            let message = format!(
                "`glasslog.toml` names the log `{}`, and its checkpoint the log `{origin}`",
                config.origin
            );
            return Err(Failure::new(Exit::False, "log-other-origin", message));
        }
    }
    Ok(origin)
}

/// Returns the origin of the one log that a policy names, so that the server at the address need not be asked, which may be
/// down. `None` for a directory, without a policy, and if the policy names several logs.
///
/// # Errors
/// `log` has the form of an address and is none.
pub(crate) fn origin_unasked(
    log: &str,
    policy: Option<&TrustPolicy>,
) -> Result<Option<String>, Failure> {
    let (true, Some(policy)) = (is_address(log)?, policy) else {
        return Ok(None);
    };
    let logs = policy.log().logs().iter();
    let mut origins = logs.map(|log| log.key.name().as_str());
    let first = origins.next();
    let is_one = origins.all(|origin| Some(origin) == first);
    Ok(first.filter(|_| is_one).map(str::to_owned))
}

/// Returns the origin that a directory's configuration or a server's checkpoint states.
fn stated_origin(log: &str, console: &Console) -> Result<String, Failure> {
    if !is_address(log)? {
        return Ok(Config::read(&Disk::new(), &Layout::new(log))?.origin);
    }
    let checkpoint = read_checkpoint(&*source::open(log, false)?)?;
    let origin = checkpoint.origin().as_str();
    console.note(format_args!(
        "signing for `{origin}`, as the server says; `--policy` would check it"
    ));
    Ok(origin.to_owned())
}

fn read_checkpoint(source: &dyn Source) -> Result<Checkpoint, Failure> {
    let bytes = source.read(CHECKPOINT_PATH)?;
    let bytes = bytes.ok_or_else(|| source::missing(source, CHECKPOINT_PATH))?;
    Checkpoint::parse(&bytes).map_err(|error| {
        let message = format!("`checkpoint`: {error}");
        Failure::new(Exit::Malformed, error.code(), message)
    })
}

/// Returns the origin of a log that a policy accepts as `history` does: signature, quorum and pinned genesis.
fn trusted_origin(
    source: &dyn Source,
    policy: &TrustPolicy,
    console: &Console,
) -> Result<String, Failure> {
    let checkpoint = read_checkpoint(source)?;
    check_signed(policy, &checkpoint, now())?;
    let origin = checkpoint.origin().as_str();
    if let Some(pin) = policy.genesis(origin) {
        let proof = prove(source, &Watch::reading(console), 0)?;
        check_signed(policy, proof.checkpoint(), now())?;
        let head = proof.checkpoint().head();
        if proof.proof().verify(&pin, 0, &head).is_err() {
            return Err(other_genesis(origin));
        }
    }
    Ok(origin.to_owned())
}

/// Says that a log does not begin with the entry that the policy pins.
pub(crate) fn other_genesis(origin: &str) -> Failure {
    let message = format!("the genesis of `{origin}` is not the one that the policy pins");
    Failure::new(Exit::False, "genesis-not-pinned", message)
        .hint("the log was begun anew, or the policy is another log's: ask its operator")
}

/// Checks that a checkpoint has the signature and the quorum that the policy asks for.
///
/// # Errors
/// It has not.
pub(crate) fn check_signed(
    policy: &TrustPolicy,
    checkpoint: &Checkpoint,
    now: u64,
) -> Result<(), Failure> {
    let origin = checkpoint.origin().as_str();
    let (verdict, verified) = policy.verify_log(checkpoint, now);
    match verdict.log {
        LogVerdict::Signed(_) if verified.is_some() => Ok(()),
        LogVerdict::Signed(_) => Err(Failure::new(
            Exit::Undecided,
            "checkpoint-not-trusted",
            format!("too few witnesses of the policy cosigned the checkpoint of `{origin}`"),
        )
        .hint(
            "witnesses may not have cosigned yet: try again later, or let them cosign with `glasslog witness cosign`",
        )),
        LogVerdict::Invalid(_, reason) => Err(Failure::new(
            Exit::Undecided,
            "checkpoint-not-trusted",
            format!("a key of `{origin}` signed its checkpoint, but {reason}"),
        )
        .hint(format!("{FOLLOW}; otherwise ask the operator for a newer trust policy"))),
        LogVerdict::OtherLast => Err(Failure::new(
            Exit::False,
            "log-ended-otherwise",
            format!(
                "`{origin}` signed another tree than that with which it ended, as the policy says"
            ),
        )),
        LogVerdict::BadSignature => Err(Failure::new(
            Exit::False,
            "log-signature-false",
            format!("the signature of `{origin}` on its checkpoint is false"),
        )),
        LogVerdict::UnknownKey => Err(Failure::new(
            Exit::Undecided,
            "log-unknown",
            format!("the policy knows no key that signed the checkpoint of `{origin}`"),
        )
        .hint(FOLLOW)),
        LogVerdict::UnknownOrigin => Err(Failure::new(
            Exit::Undecided,
            "log-unknown",
            format!("the policy names no log `{origin}`"),
        )
        .hint(
            "the policy may be another log's: `--policy`, or the variable `GLASSLOG_POLICY` if it is not given, names it",
        )),
    }
}
