//! `audit --cosign`: vouches for an index that was found right.

use std::path::Path;

use glasslog_client::audit::Audited;
use glasslog_core::note::SignerKey;
use glasslog_log::Layout;
use glasslog_log::index::AuditedProof;

use crate::args::named_key;
use crate::audited_proof::{publish, refuse};
use crate::clock::signing_time;
use crate::failure::Failure;
use crate::output::{Console, Output};

/// The auditor's key, and the destination of the statement.
pub(super) struct Cosigner<'a> {
    key: SignerKey,
    log: &'a str,
    output: Option<Output>,
}

impl<'a> Cosigner<'a> {
    /// Reads the key. Without `output` the statement goes into the log directory `log`.
    ///
    /// # Errors
    /// The key cannot be read or is not an auditor's, `output` cannot be written, or `log` is not a log directory.
    pub(super) fn new(
        key: &Path,
        log: &'a str,
        output: Option<&Path>,
        console: &Console,
    ) -> Result<Self, Failure> {
        if output.is_none() && !Layout::new(log).config().is_file() {
            return Err(Failure::usage(format!(
                "`{log}` is not a log directory, so an audit statement cannot be added to it"
            ))
            .hint("`-o FILE` writes the proof for the log's operator, who adds it with `glasslog index LOG --audited FILE`"));
        }
        let key = named_key(key, "auditor")?;
        let output = output.map(|path| Output::open(path, console)).transpose()?;
        Ok(Self { key, log, output })
    }

    /// Vouches for the index that was audited, and writes or publishes the proof.
    ///
    /// # Errors
    /// The index was not audited whole, or the disk fails.
    pub(super) fn cosign(self, audited: &Audited, console: &Console) -> Result<(), Failure> {
        let name = self.key.verifier().name();
        let proof = AuditedProof::new(audited, &self.key, signing_time()?).map_err(refuse)?;
        if let Some(output) = self.output {
            let path = output.path().display().to_string();
            output.write(&proof.encode())?;
            console.note(format_args!(
                "the proof of the newest manifest, with the audit statement of `{name}`, was written to {path}"
            ));
            return Ok(());
        }
        publish(&proof, self.log, console)?;
        console.note(format_args!("`{name}` vouches for the index"));
        Ok(())
    }
}
