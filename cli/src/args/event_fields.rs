//! Claims of an access event beside its action, artifact and actor, each by its own flag (`docs/formats/events.md`,
//! "Artifact access").

use std::path::PathBuf;

use clap::Args;
use glasslog_core::event::{Exception, Party};
use glasslog_core::text::json::{self, Value};
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_core::text::time;

use super::digest::parse_digest;
use super::time::parse_time;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// Claims of an access event.
#[derive(Debug, Args)]
pub(crate) struct EventFields {
    /// Ticket of the reason
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    pub(crate) ticket: Option<String>,

    /// Role of the actor; repeatable
    #[arg(long, value_name = "ROLE", help_heading = "Claims")]
    pub(crate) role: Vec<String>,

    /// Actor on whose behalf the actor acted
    #[arg(long, value_name = "ID", help_heading = "Claims")]
    pub(crate) on_behalf_of: Option<String>,

    /// Region, such as eu-west-1
    #[arg(long, value_name = "REGION", help_heading = "Claims")]
    pub(crate) region: Option<String>,

    /// Location at the custodian who gives
    #[arg(long, value_name = "TEXT", requires = "from", help_heading = "Claims")]
    from_location: Option<String>,

    /// Location at the custodian who takes
    #[arg(long, value_name = "TEXT", requires = "to", help_heading = "Claims")]
    to_location: Option<String>,

    /// Other document, by its digest, and its URI before it; repeatable
    #[arg(long, value_name = "[URI=]sha256:HEX", help_heading = "Claims")]
    reference: Vec<String>,

    /// Policy decision: a JSON file with `engine`, `policySet` and `decision`
    #[arg(long, value_name = "FILE", help_heading = "Claims")]
    policy_decision: Option<PathBuf>,

    /// Emergency in which the rules were bypassed: emergency or break-glass
    #[arg(long, value_name = "KIND", help_heading = "Claims", requires_all = ["exception_approver", "exception_expires", "exception_review"])]
    exception: Option<String>,

    /// Approver of the exception; repeatable
    #[arg(
        long,
        value_name = "ID",
        requires = "exception",
        help_heading = "Claims"
    )]
    exception_approver: Vec<String>,

    /// End of the exception (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "exception", help_heading = "Claims")]
    exception_expires: Option<u64>,

    /// Latest time of the exception's review (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "exception", help_heading = "Claims")]
    exception_review: Option<u64>,
}

impl EventFields {
    /// Returns the giving side of a transfer.
    pub(crate) fn from(&self, custodian: &str) -> Party {
        party(custodian, self.from_location.as_ref())
    }

    /// Returns the receiving side of a transfer.
    pub(crate) fn to(&self, custodian: &str) -> Party {
        party(custodian, self.to_location.as_ref())
    }

    /// Returns the exception, with all its members or none, as the flags require each other.
    pub(crate) fn exception(&self) -> Option<Exception> {
        let kind = self.exception.clone()?;
        Some(Exception {
            kind,
            approved_by: self.exception_approver.clone(),
            expires_at: time::format(self.exception_expires?),
            review_by: time::format(self.exception_review?),
        })
    }

    /// Returns the references.
    ///
    /// # Errors
    /// A reference has no digest (exit 2).
    pub(crate) fn references(&self) -> Result<Vec<Value<'static>>, Failure> {
        self.reference.iter().map(|text| reference(text)).collect()
    }

    /// Reads the policy decision.
    ///
    /// # Errors
    /// The file cannot be read (exit 1), or is not JSON (exit 8).
    pub(crate) fn decision(&self) -> Result<Option<Value<'static>>, Failure> {
        let Some(path) = &self.policy_decision else {
            return Ok(None);
        };
        let bytes = input::read(path, MAX_ENTRY)?;
        let value = json::parse(&bytes).map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            Failure::new(Exit::Malformed, error.code(), message)
        })?;
        Ok(Some(value.into_owned()))
    }
}

fn party(custodian: &str, location: Option<&String>) -> Party {
    Party {
        custodian: custodian.to_owned(),
        location: location.cloned(),
    }
}

/// Reads `[URI=]sha256:HEX`. A URI may hold the sign that ends it.
fn reference(text: &str) -> Result<Value<'static>, Failure> {
    let (uri, digest) = match text.rsplit_once('=') {
        Some((uri, digest)) => (Some(uri.to_owned()), digest),
        None => (None, text),
    };
    let hex = parse_digest(digest)
        .map_err(|failure| failure.hint("`--reference` takes `[URI=]sha256:HEX`"))?
        .to_hex();
    let digest = Value::object([("sha256", Value::from(hex))]);
    Ok(match uri {
        Some(uri) => Value::object([("uri", Value::from(uri)), ("digest", digest)]),
        None => Value::object([("digest", digest)]),
    })
}
